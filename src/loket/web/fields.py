"""How a Django form field is drawn in this house, and the field that asks for a date in three boxes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.Textarea, "govuk-textarea"),
    (forms.Select, "govuk-select"),
    (forms.FileInput, "govuk-file-upload"),
    (forms.Input, "govuk-input"),
)


class DateBoxes(forms.MultiWidget):
    """Day, month and year in three boxes: nobody can mistake DD/MM for MM/DD."""

    def __init__(self, attrs: dict[str, Any] | None = None):
        box = {"inputmode": "numeric", "maxlength": "4"}
        super().__init__({name: forms.TextInput(box) for name in ("hari", "bulan", "tahun")}, attrs)

    def decompress(self, value: date | None) -> list[int | None]:
        return [value.day, value.month, value.year] if value else [None, None, None]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_hari" not in data


class DateField(forms.MultiValueField):
    """A date asked for in three boxes; cleans to a `date`."""

    widget = DateBoxes

    def __init__(self, **kwargs: Any):
        part = forms.CharField(required=False, max_length=4)
        kwargs.setdefault("error_messages", {"required": _("Isi hari, bulan, dan tahun, misalnya 27 3 1990.")})
        super().__init__([part, part, part], require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> date | None:
        if not any(data_list):
            return None
        try:
            day, month, year = (int(part) for part in data_list)
            return date(year, month, day)
        except ValueError:
            raise ValidationError(
                _("Periksa tanggalnya. Tulis hari 1–31, bulan 1–12, dan tahun empat angka, misalnya 27 3 1990."),
                code="date",
            ) from None


def kind(field: BoundField) -> str:
    """Which markup a field needs: hidden, radios, checkboxes, checkbox, date, file or input."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, forms.RadioSelect):
        # RadioSelect is the parent of CheckboxSelectMultiple's sibling, so the order of these tests matters.
        return "radios"
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checkboxes"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, DateBoxes):
        return "date"
    return "file" if isinstance(widget, forms.FileInput) else "input"


def described_by(field: BoundField) -> str:
    """Ids of the hint and the error of a field, for `aria-describedby`."""
    ids = [f"{field.auto_id}-hint"] if field.help_text else []
    if field.errors:
        ids.append(f"{field.auto_id}-error")
    return " ".join(ids)


def focus_id(field: BoundField) -> str:
    """The id of the first thing a person can fill in."""
    if kind(field) in ("radios", "checkboxes"):
        return f"{field.auto_id}_0"
    return f"{field.auto_id}_hari" if kind(field) == "date" else str(field.auto_id)


def control(field: BoundField, extra_class: str = "") -> SafeString:
    """The input of a field, with its class and what describes it."""
    widget = field.field.widget
    base = next((name for cls, name in _CLASSES if isinstance(widget, cls)), "")
    classes = [base, extra_class, str(widget.attrs.get("class", ""))]
    if field.errors and base:
        classes.append(f"{base}--error")
    attrs: dict[str, Any] = {"class": " ".join(name for name in classes if name)}
    if described := described_by(field):
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)
