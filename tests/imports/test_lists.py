"""Lists as offices have them, read from real XLSX files with real dirt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import load_workbook

from loket.applications.importing import import_statuses
from loket.applications.models import Application
from loket.audit.models import Entry
from loket.core import clock
from loket.core.errors import Refusal
from loket.residents.models import Enrolment, Resident
from loket.suket import queries as suket
from loket.suket.importing import import_suket
from loket.suket.models import Import, Letter
from tests import cast as play
from tests.cast import CILEGON, Cast

HEAD = ["No", "NIK", "Nama Lengkap", "Tgl Lahir", "Kelurahan", "No Suket", "Tgl Suket", "Status"]
GOOD: list[list[Any]] = [
    [1, "3672995705900011", "siti aisyah", "17-05-1990", "Cibeber", "471.13/1", "12/04/2018", "PRR"],
    [2, " 3672991203850022", "Ahmad Fauzi", "12/03/1985", "CIBEBER", "471.13/2", 43202, "sfe"],
    [3, "'3672990108790033", "Budi Santoso", "1 Agustus 1979", "kedaleman", "471.13/3", "", "DUP"],
]


def _xlsx(path: Path, rows: list[list[Any]], title: bool = True) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    if title:
        sheet.merge_range(0, 0, 0, 7, "DAFTAR PEMEGANG SUKET KOTA CILEGON")
    for number, row in enumerate([HEAD, *rows], start=3 if title else 0):
        sheet.write_row(number, 0, row)
    book.close()
    return path


def rows_of(path: Path) -> list[list[Any]]:
    return load_workbook(str(path)).get_sheet_by_index(0).to_python()


def test_a_list_with_title_rows_and_three_date_styles_is_read(cast: Cast, tmp_path: Path) -> None:
    report = import_suket(_xlsx(tmp_path / "suket.xlsx", GOOD), by=cast.admin, at=clock.now())
    assert (report.rows, report.new, report.rejected) == (3, 3, 0)
    assert suket.outstanding(CILEGON) == 3
    assert set(Enrolment.objects.values_list("status", flat=True)) == {
        "PRINT_READY_RECORD", "SENT_FOR_ENROLLMENT", "DUPLICATE_RECORD",
    }  # fmt: skip


def test_the_same_list_again_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    path = _xlsx(tmp_path / "suket.xlsx", GOOD)
    import_suket(path, by=cast.admin, at=clock.now())
    before = list(Letter.objects.order_by("id").values())
    report = import_suket(path, by=cast.admin, at=clock.now())
    assert (report.new, report.updated, report.unchanged) == (0, 0, 3)
    assert list(Letter.objects.order_by("id").values()) == before


def test_a_changed_row_is_updated(cast: Cast, tmp_path: Path) -> None:
    import_suket(_xlsx(tmp_path / "suket.xlsx", GOOD), by=cast.admin, at=clock.now())
    changed = [[*GOOD[0][:4], "Kedaleman", *GOOD[0][5:]], *GOOD[1:]]
    report = import_suket(_xlsx(tmp_path / "suket2.xlsx", changed), by=cast.admin, at=clock.now())
    assert (report.new, report.updated, report.unchanged) == (0, 1, 2)


def test_refused_rows_come_back_as_a_file_with_the_reason_beside_each(cast: Cast, tmp_path: Path) -> None:
    bad = [
        [4, "367299570590", "Terlalu Pendek", "17-05-1990", "Cibeber", "", "", ""],
        [5, "3672998105900044", "Hari 81", "", "Cibeber", "", "", ""],
        [6, "3672995705900011", "Sama Lagi", "17-05-1990", "Cibeber", "", "", ""],
        [7, "3672995705900055", "Tempat Lain", "17-05-1990", "Atlantis", "", "", ""],
    ]
    report = import_suket(_xlsx(tmp_path / "suket.xlsx", [*GOOD, *bad]), by=cast.admin, at=clock.now())
    assert (report.new, report.rejected) == (3, 4)
    assert [error["row"] for error in report.errors] == [8, 9, 10, 11]
    returned = rows_of(Path(report.report or ""))
    assert len(returned) == 5
    assert all(str(row[-1]).strip() for row in returned)
    assert not any("367299" in error["message"] for error in report.errors)


def test_a_file_whose_nik_excel_has_eaten_is_refused_whole(cast: Cast, tmp_path: Path) -> None:
    eaten = [[n, float(f"36729957059{n:03d}0"[:15] + "0"), f"Warga {n}", "", "Cibeber", "", "", ""] for n in range(1, 30)]
    for row in eaten:
        row[1] = float(int(row[1]) // 10 * 10)
        row[2] = "WARGA CONTOH"
    with pytest.raises(Refusal) as refused:
        import_suket(_xlsx(tmp_path / "suket.xlsx", eaten), by=cast.admin, at=clock.now())
    assert "Excel" in refused.value.text
    assert not Letter.objects.exists()
    assert not Resident.objects.exists()
    assert not Import.objects.exists()


def test_a_dry_run_counts_and_leaves_no_trace(cast: Cast, tmp_path: Path) -> None:
    report = import_suket(_xlsx(tmp_path / "suket.xlsx", GOOD), dry_run=True, by=cast.admin, at=clock.now())
    assert report.new == 3
    assert not Letter.objects.exists()
    assert not Entry.objects.filter(action="suket.import").exists()


def test_an_import_that_breaks_off_leaves_nothing(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from loket.suket import importing

    def broken(*_arguments: object, **_given: object) -> None:
        raise RuntimeError("the plug was pulled")

    monkeypatch.setattr(importing.imports, "refused", broken)
    with pytest.raises(RuntimeError):
        import_suket(_xlsx(tmp_path / "suket.xlsx", GOOD), by=cast.admin, at=clock.now())
    assert not Letter.objects.exists()


def test_a_settled_letter_is_not_opened_again_by_an_old_list(cast: Cast, tmp_path: Path) -> None:
    from loket.suket import actions

    path = _xlsx(tmp_path / "suket.xlsx", GOOD)
    import_suket(path, by=cast.admin, at=clock.now())
    letter = Letter.objects.first()
    assert letter
    actions.exchange({letter.resident_id: "serah terima"}, cast.at.date(), by=cast.counter, at=clock.now())
    report = import_suket(path, by=cast.admin, at=clock.now())
    assert (report.new, report.unchanged) == (0, 3)
    assert suket.outstanding(CILEGON) == 2


def test_a_list_of_statuses_releases_what_waited(cast: Cast, tmp_path: Path) -> None:
    from loket.applications import actions as applications

    wanted = play.filing()
    receipt = applications.file(wanted, by=cast.resident, at=clock.now())
    applications.decide([applications.Verdict(receipt.code, "approve")], by=cast.verifier, at=clock.now())
    path = tmp_path / "status.csv"
    path.write_text(f"NIK;Status;Tanggal\n{wanted.nik};Print_Ready_Record;01-06-2020\n3672990101700099;EFAC;01-06-2020\n")
    report = import_statuses(path, by=cast.admin, at=clock.now())
    assert (report.rows, report.new) == (2, 2)
    assert Application.objects.get(code=receipt.code).state == "ready"
    assert import_statuses(path, by=cast.admin, at=clock.now()).unchanged == 2


def test_a_pdf_is_called_what_it_is_and_reasons_are_in_the_language_that_is_active(cast: Cast, tmp_path: Path) -> None:
    from django.utils import translation

    path = tmp_path / "suket.xlsx"
    path.write_bytes(b"%PDF-1.7\n")
    with pytest.raises(Refusal) as refused:
        import_suket(path, by=cast.admin, at=clock.now())
    assert refused.value.code == "sheet_is_pdf"
    listed = tmp_path / "status.csv"
    listed.write_text("NIK;Status;Tanggal\n36720157059;PRR;01-06-2020\n3672990101700099;EFAC;01-06-2020\n")
    messages = []
    for language in ("id", "en"):
        with translation.override(language):
            messages.append(import_statuses(listed, dry_run=True, by=cast.admin, at=clock.now()).errors[0]["message"])
    assert messages[0] != messages[1]
    assert "16" in messages[1]


def test_a_corrected_name_is_taken_over_and_counted(cast: Cast, tmp_path: Path) -> None:
    from loket.core import crypto
    from loket.residents.models import Resident

    def name_of(nik: str) -> str:
        row = Resident.objects.get(nik_index=crypto.index("nik", nik, crypto.keyring()))
        key = crypto.unwrap(bytes(row.data_key), row.pk, crypto.keyring())
        return key.open_text("residents_resident", "name", row.pk, bytes(row.name))

    path = tmp_path / "suket.csv"
    reports = []
    for name in ("Budi Santoso", "Budi Santosa", "Budi Santosa"):
        path.write_text(f"NIK;Nama;Tgl Lahir;No Suket\n3672011205890001;{name};12-05-1989;471.13/1/SKT/2019\n")
        report = import_suket(path, by=cast.admin, at=clock.now())
        reports.append((report.new, report.updated, report.unchanged))
    assert reports == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert name_of("3672011205890001") == "BUDI SANTOSA"
