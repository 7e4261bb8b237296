"""Filters that write values in the language of the page, and tags that draw pills and steps."""

from __future__ import annotations

from datetime import date, datetime, time

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from loket.core import text

register = template.Library()

PILLS = ("info", "ok", "awas", "bahaya", "netral")


def _lang() -> str:
    return get_language() or "id"


def _day(value: date, zone: str | None) -> date:
    # A datetime is an instant; its date depends on where the office stands.
    return text.local(value, zone or settings.TIME_ZONE) if isinstance(value, datetime) else value


@register.filter
def rupiah(value: int | None) -> str:
    return "" if value is None else text.rupiah(value, _lang())


@register.filter
def angka(value: float | None, digits: int = 0) -> str:
    return "" if value is None else text.angka(value, digits, _lang())


@register.filter
def persen(value: float | None, digits: int = 0) -> str:
    """A share between 0 and 1 as a percentage."""
    return "" if value is None else text.persen(value, digits, _lang())


@register.filter
def tanggal(value: date | None, zone: str | None = None) -> str:
    return "" if value is None else text.tanggal(_day(value, zone), _lang())


@register.filter
def hari_tanggal(value: date | None, zone: str | None = None) -> str:
    return "" if value is None else text.hari_tanggal(_day(value, zone), _lang())


@register.filter
def jam(value: time | None) -> str:
    """A time of the office's own day, such as its opening hour."""
    return "" if value is None else text.jam(value, _lang())


@register.filter
def waktu(value: datetime | None, zone: str | None = None) -> str:
    return "" if value is None else text.waktu(value, zone or settings.TIME_ZONE, _lang())


@register.filter
def tanggal_waktu(value: datetime | None, zone: str | None = None) -> str:
    return "" if value is None else text.tanggal_waktu(value, zone or settings.TIME_ZONE, _lang())


@register.filter
def obrolan(number: str) -> SafeString:
    """The office's WhatsApp number as a link that opens the chat; in the demo, the phone of the demo."""
    href = settings.DEMO.get("emulator_url") or f"https://wa.me/{number.removeprefix('+')}"
    return format_html('<a class="govuk-link" href="{}">{}</a>', href, number)


@register.simple_tag
def pill(kind: str, words: str) -> SafeString:
    """A state as a word on a quiet colour; the word alone carries the meaning."""
    return format_html('<strong class="adm-pill adm-pill--{}">{}</strong>', kind if kind in PILLS else "netral", words)


@register.simple_tag
def step_word(state: str) -> str:
    """The word that says where a step of a timeline stands."""
    return {
        "selesai": gettext("Selesai"),
        "sekarang": gettext("Sedang berjalan"),
        "belum": gettext("Belum"),
        "henti": gettext("Berhenti di sini"),
    }[state]
