"""What typed forms bring, as plain values: every page reads its fields here and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from loket.applications.filing import Address, Paper
from loket.catalogue import queries as catalogue
from loket.core import codes, images
from loket.core.errors import N_, Refusal, Refusals
from loket.offices.queries import OfficeView


def text(request: HttpRequest, name: str, most: int = 600) -> str:
    """One field, trimmed and cut to what any rule accepts; PostgreSQL keeps no NUL."""
    return request.POST.get(name, "").replace("\0", "").strip()[:most]


def identity(written: str) -> UUID | None:
    """The id of a row as an address or a hidden field carries it; None for what is none."""
    try:
        return UUID(written)
    except ValueError:
        return None


def day_if_given(request: HttpRequest, name: str) -> date | None:
    """The same, or None when all three are empty: whoever must have a date says so together with what else is missing."""
    return day(request, name) if any(text(request, f"{name}_{part}", 4) for part in ("tahun", "bulan", "hari")) else None


def content(request: HttpRequest) -> bytes:
    """What a form brought, fields and files, as one value: the same form sent twice gives the same."""
    fields = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    files = []
    for name, file in sorted(request.FILES.items()):
        files.append((name, hashlib.sha256(file.read()).hexdigest()))  # type: ignore[union-attr]  # single-file fields
        file.seek(0)  # type: ignore[union-attr]
    return repr((fields, files)).encode()


def day(request: HttpRequest, name: str) -> date:
    """A date from three fields `<name>_hari`, `_bulan`, `_tahun`."""
    parts = [text(request, f"{name}_{part}", 4) for part in ("tahun", "bulan", "hari")]
    if not all(part.isascii() and part.isdecimal() for part in parts) or len(parts[0]) != 4:
        raise Refusal(
            "date", N_("Tulis tanggal dengan angka: hari, bulan, dan tahun. Contoh: 27 3 1987."), field=name
        )
    try:
        return date(*(int(part) for part in parts))
    except ValueError as error:
        raise Refusal(
            "no_such_day", N_("Tanggal {day}-{month}-{year} tidak ada di kalender. Periksa hari dan bulannya."), field=name,
            day=parts[2], month=parts[1], year=parts[0],
        ) from error  # fmt: skip


def address(request: HttpRequest) -> Address:
    """The address fields of a page."""
    return Address(text(request, "alamat", 200), text(request, "kelurahan", 13), text(request, "kode_pos", 5))


def papers(request: HttpRequest, kinds: tuple[str, ...]) -> list[Paper]:
    """The photos chosen for these kinds; a kind without a file is left out."""
    return [
        # One byte more than allowed is enough for `images` to refuse it.
        Paper(kind, request.FILES[kind].read(images.MAX_BYTES + 1))  # type: ignore[union-attr]  # single-file fields
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


def kelurahan(office: OfficeView) -> list[tuple[str, list[tuple[str, str]]]]:
    """What may be chosen: by kecamatan, each (code, name), all in the order of the alphabet."""
    return [
        (name, sorted(((code, own) for code, own in office.kelurahan.items() if code.startswith(f"{parent}.")), key=itemgetter(1)))
        for parent, name in sorted(office.kecamatan.items(), key=itemgetter(1))
    ]


def together(**work: Callable[[], Any]) -> dict[str, Any]:
    """Read several fields of one page, each under the name of its field; what is wrong in each is told at once."""
    found, problems = {}, []
    for name, one in work.items():
        try:
            found[name] = one()
        except Refusal as problem:
            problem.field = problem.field or name
            problems.append(problem)
    if problems:
        raise problems[0] if len(problems) == 1 else Refusals(problems)
    return found
