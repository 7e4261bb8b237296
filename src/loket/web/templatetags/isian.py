"""Tags that draw one form field each, with its hint and what was wrong with it.

Every field takes `id`, which is also the name of the field in a refusal, so that the summary's link lands on it,
and `name`, the name it is sent by, when that differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.utils.translation import gettext

register = template.Library()


def _field(context: template.Context, id: str, label: str, **more: Any) -> dict[str, Any]:
    problems: Iterable[tuple[str, str]] = context.get("problems") or ()
    error = next((sentence for field, sentence in problems if field == id), "")
    return {"id": id, "label": label, "error": error} | more


@register.inclusion_tag("bagian/field.html", takes_context=True)
def field(
    context: template.Context, id: str, label: str, *, name: str = "", value: object = "", hint: str = "",
    type: str = "text", width: int = 0, lines: int = 0, inputmode: str = "", autocomplete: str = "off",
    maxlength: int = 0, prefix: str = "", heading: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """A text input; `width` in characters, `lines` makes it a textarea, `heading` makes the label the page's h1."""
    return _field(
        context, id, label, name=name or id, value="" if value is None else value, hint=hint, type=type, width=width,
        lines=lines, inputmode=inputmode, autocomplete=autocomplete, maxlength=maxlength, prefix=prefix, heading=heading,
    )  # fmt: skip


@register.inclusion_tag("bagian/date_boxes.html", takes_context=True)
def date_boxes(
    context: template.Context, id: str, label: str, *, typed: Mapping[str, str] | None = None, name: str = "",
    hint: str = "", heading: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """A date in three boxes, `<name>_hari`, `_bulan`, `_tahun`: nobody mistakes DD/MM for MM/DD. `typed` holds all three."""
    name, given = name or id, typed or {}
    day, month, year = (given.get(f"{name}_{part}", "") for part in ("hari", "bulan", "tahun"))
    return _field(context, id, label, name=name, hint=hint, heading=heading, day=day, month=month, year=year)


@register.inclusion_tag("bagian/choices.html", takes_context=True)
def choices(
    context: template.Context, id: str, label: str, options: Iterable[Sequence[Any]], *, name: str = "",
    chosen: object = "", hint: str = "", heading: bool = False, cards: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Radios; options are (value, label) or (value, label, note). `cards` for few and weighty ones, such as post or pickup."""
    rows = [
        (id if position == 0 else f"{id}-{position + 1}", value, words, note[0] if note else "")
        for position, (value, words, *note) in enumerate(options)
    ]
    return _field(
        context, id, label, options=rows, name=name or id, chosen=chosen, hint=hint, heading=heading, cards=cards
    )


@register.inclusion_tag("bagian/select.html", takes_context=True)
def select(
    context: template.Context, id: str, label: str, options: Iterable[tuple[Any, Any]], *, name: str = "",
    chosen: object = "", hint: str = "", empty: str = "", heading: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """A list to choose one from; `empty` is what the first, empty line says."""
    return _field(
        context, id, label, options=options, name=name or id, chosen=chosen, hint=hint, empty=empty, heading=heading
    )


@register.inclusion_tag("bagian/kelurahan.html", takes_context=True)
def kelurahan(context: template.Context, *, chosen: object = "") -> dict[str, Any]:
    """The office's kelurahan by kecamatan, both in the order of the alphabet; `kelurahan` in the context holds them."""
    return _field(context, "kelurahan", gettext("Kelurahan"), groups=context.get("kelurahan") or (), chosen=chosen)


@register.inclusion_tag("bagian/checkbox.html", takes_context=True)
def checkbox(
    context: template.Context, id: str, label: str, *, name: str = "", hint: str = "", checked: bool = False
) -> dict[str, Any]:
    """One box to tick; consent is never ticked beforehand."""
    return _field(context, id, label, name=name or id, hint=hint, checked=checked)


@register.inclusion_tag("bagian/photo.html", takes_context=True)
def photo(
    context: template.Context, id: str, label: str, *, name: str = "", hint: str = "", heading: bool = False,
    camera: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One photo to send; `camera` opens the camera at once. The form needs enctype="multipart/form-data"."""
    return _field(context, id, label, name=name or id, hint=hint, heading=heading, camera=camera)
