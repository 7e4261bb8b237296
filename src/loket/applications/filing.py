"""What a resident states when she files, checked before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from loket.catalogue.queries import Service
from loket.core.errors import N_, Refusal, Refusals
from loket.offices.queries import OfficeView
from loket.residents import names, phones
from loket.residents import nik as niks
from loket.residents.actions import Person

MAX_LINE = 200
# What a resident states in words, and may be asked to state again, beside the papers of her service.
FIELDS = ("name", "birth_date", "kk_number", "phone", "address")
Checked = TypeVar("Checked")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a card would be sent: a line with street and RT/RW, a kelurahan code, a postal code."""

    line: str
    kelurahan: str
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """The photo of one paper: its kind and the image as it arrived."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Filing:
    """A request as stated; `birth_date` is a date, or None where it is missing, everything else text as typed."""

    service: Service
    nik: str
    kk_number: str
    name: str
    birth_date: date | None
    phone: str
    address: Address
    papers: Sequence[Paper]
    channel: str


def check(filing: Filing, office: OfficeView, today: date) -> Person:
    """The person in clean form; refuses with every problem at once, each naming its field."""
    problems: list[Refusal] = []
    nik = _attempt(problems, "nik", lambda: niks.parse_nik(filing.nik).digits)
    kk = _attempt(problems, "kk_number", lambda: niks.parse_kk(filing.kk_number).digits)
    if nik and kk:
        _attempt(problems, "kk_number", lambda: niks.check_pair(nik, kk, filing.birth_date))
    phone = _attempt(problems, "phone", lambda: phones.parse_phone(filing.phone))
    name = _attempt(problems, "name", lambda: names.clean_name(filing.name))
    _attempt(problems, "birth_date", lambda: check_birth_date(filing.birth_date, today))
    _attempt(problems, "address", lambda: check_line(filing.address))
    _attempt(problems, "kelurahan", lambda: check_kelurahan(filing.address, office))
    _attempt(problems, "documents", lambda: check_papers(filing))
    if problems:
        raise problems[0] if len(problems) == 1 else Refusals(problems)
    return Person(
        nik=nik or "",
        name=name or "",
        kk_number=kk,
        birth_date=filing.birth_date,
        phone=phone,
        address=address_text(filing.address, office),
        kelurahan=filing.address.kelurahan,
    )


def corrected(
    claims: dict[str, Any], values: Mapping[str, str], nik: str, office: OfficeView, today: date
) -> dict[str, Any]:
    """What a request states after its flagged fields were answered anew, by the same rules as when it was filed.

    `values` hold text as typed: `name`, `birth_date` (ISO), `kk_number`, `phone`, `address` (the line) and with it
    `kelurahan`. Refuses with every problem at once.
    """
    problems: list[Refusal] = []
    found = dict(claims)
    if "name" in values:
        found["name"] = _attempt(problems, "name", lambda: names.clean_name(values["name"]))
    if "kk_number" in values:
        found["kk_number"] = _attempt(problems, "kk_number", lambda: niks.parse_kk(values["kk_number"]).digits)
    if "phone" in values:
        found["phone"] = _attempt(problems, "phone", lambda: phones.parse_phone(values["phone"]))
    if "birth_date" in values:
        found["birth_date"] = _attempt(problems, "birth_date", lambda: _born(values["birth_date"], today))
    if "kk_number" in values and found["kk_number"]:
        _attempt(problems, "kk_number", lambda: niks.check_pair(nik, found["kk_number"], None))
    if "address" in values:
        address = Address(values["address"], values.get("kelurahan") or claims["kelurahan"], claims["postal_code"])
        if address.kelurahan != claims["kelurahan"]:
            address = replace(address, postal_code="")
        found |= _attempt(problems, "address", lambda: _moved(address, office)) or {}
    if problems:
        raise problems[0] if len(problems) == 1 else Refusals(problems)
    return found


def _moved(address: Address, office: OfficeView) -> dict[str, str]:
    check_address(address, office)
    return {
        "address": address_text(address, office), "kelurahan": address.kelurahan, "line": address.line,
        "postal_code": address.postal_code,
    }  # fmt: skip


def _born(text: str, today: date) -> str:
    try:
        born = date.fromisoformat(text)
    except ValueError as error:
        raise Refusal("date", N_("Tulis tanggal dengan angka: hari, bulan, dan tahun. Contoh: 27 3 1987.")) from error
    check_birth_date(born, today)
    return born.isoformat()


def check_birth_date(born: date | None, today: date) -> None:
    if born is None:
        raise Refusal(
            "date", N_("Tulis tanggal dengan angka: hari, bulan, dan tahun. Contoh: 27 3 1987."), field="birth_date"
        )
    if born > today:
        raise Refusal("birth_future", N_("Tanggal lahir tidak boleh setelah hari ini."), field="birth_date")
    if born.year < today.year - 120:
        raise Refusal("birth_past", N_("Tahun lahir terlalu lama. Tulis empat angka, contoh 1987."), field="birth_date")


def check_address(address: Address, office: OfficeView) -> None:
    check_line(address)
    check_kelurahan(address, office)


def check_line(address: Address) -> None:
    if len(" ".join(address.line.split())) < 5:
        raise Refusal(
            "address_missing", N_("Tulis alamat dengan nama jalan atau kampung, RT, dan RW."), field="address"
        )
    if len(address.line) > MAX_LINE:
        raise Refusal("address_long", N_("Alamat paling panjang {limit} huruf."), field="address", limit=MAX_LINE)


def check_kelurahan(address: Address, office: OfficeView) -> None:
    if address.kelurahan not in office.kelurahan:
        raise Refusal(
            "kelurahan_unknown", N_("Pilih kelurahan di {city} dari daftar."), field="kelurahan", city=office.city
        )


def check_papers(filing: Filing) -> None:
    kinds = [paper.kind for paper in filing.papers]
    missing = [kind for kind in filing.service.documents if kind not in kinds]
    if missing:
        raise Refusal(
            "document_missing", N_("Foto ini belum ada: {missing}. Tambahkan, lalu kirim lagi."), field=missing[0],
            missing=", ".join(missing),
        )  # fmt: skip
    unknown = [kind for kind in kinds if kind not in filing.service.documents]
    if unknown or len(set(kinds)) != len(kinds):
        raise Refusal(
            "document_unexpected", N_("Kirim satu foto untuk tiap berkas: {wanted}."), field="documents",
            wanted=", ".join(filing.service.documents),
        )  # fmt: skip


def address_text(address: Address, office: OfficeView) -> str:
    """The address on one line, as an envelope shows it."""
    kelurahan = office.kelurahan[address.kelurahan]
    kecamatan = office.kecamatan.get(address.kelurahan.rsplit(".", 1)[0], "")
    postal = address.postal_code or office.postal_codes.get(address.kelurahan, "")
    return f"{' '.join(address.line.split())}, Kel. {kelurahan}, Kec. {kecamatan}, {office.city} {postal}".strip()


def _attempt(problems: list[Refusal], field: str, work: Callable[[], Checked]) -> Checked | None:
    """Run one check; what it refuses joins the list, under the field it is about."""
    try:
        return work()
    except Refusal as problem:
        problem.field = problem.field or field
        problems.append(problem)
        return None
