"""What typed forms bring, as plain values: every page reads its fields here and nowhere else."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest

from loket.applications.filing import Address, Paper
from loket.catalogue import queries as catalogue
from loket.core import codes
from loket.core.errors import N_, Refusal


def text(request: HttpRequest, name: str, most: int = 600) -> str:
    """One field, trimmed and cut to what any rule accepts."""
    return request.POST.get(name, "").strip()[:most]


def day(request: HttpRequest, name: str) -> date:
    """A date from three fields `<name>_hari`, `_bulan`, `_tahun`."""
    parts = [text(request, f"{name}_{part}", 4) for part in ("tahun", "bulan", "hari")]
    try:
        year, month, day_ = (int(part) for part in parts)
        return date(year, month, day_)
    except ValueError as error:
        raise Refusal(
            "date", N_("Tulis tanggal dengan angka: hari, bulan, dan tahun. Contoh: 27 3 1987."), field=name
        ) from error


def address(request: HttpRequest) -> Address:
    """The address fields of a page."""
    return Address(text(request, "alamat", 200), text(request, "kelurahan", 13), text(request, "kode_pos", 5))


def papers(request: HttpRequest, kinds: tuple[str, ...]) -> list[Paper]:
    """The photos chosen for these kinds; a kind without a file is left out."""
    return [
        Paper(kind, request.FILES[kind].read())  # type: ignore[union-attr]  # single-file fields only
        for kind in kinds
        if kind in request.FILES
    ]


def code_list(request: HttpRequest, name: str = "kode") -> list[str]:
    """Codes ticked or scanned, one per line or field; refuses the first that cannot be a code."""
    typed = [line for value in request.POST.getlist(name) for line in value.split() if line]
    if not typed:
        raise Refusal("empty", N_("Pilih atau pindai setidaknya satu kode."), field=name)
    return list(dict.fromkeys(codes.parse(line) for line in typed))


def paper_names(kinds: tuple[str, ...], language: str) -> list[tuple[str, str]]:
    """Kinds of paper with what they are called on screen."""
    return [(kind, catalogue.document_name(kind, language)) for kind in kinds]
