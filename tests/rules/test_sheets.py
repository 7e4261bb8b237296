"""Spreadsheets as they come, and refused rows as they go back."""

import zipfile

import pytest
import python_calamine
import xlsxwriter

from loket.core import sheets
from loket.core.errors import N_, Refusal
from loket.core.sheets import Field, Rejected

FIELDS = (Field("nik", "NIK", ("No KTP",), True), Field("name", "Nama Lengkap", ("Nama",), True), Field("rt", "RT"),
          Field("issued_on", "Tgl Suket", ("Tanggal Suket",)))  # fmt: skip


def workbook(path, *pages):
    book = xlsxwriter.Workbook(str(path))
    for rows in pages:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    book.close()
    return path


def refused(path, fields=FIELDS):
    with pytest.raises(Refusal) as found:
        sheets.open_sheet(path, fields)
    assert "{" not in found.value.text
    return found.value


def test_rows_keep_the_number_that_the_sheet_shows(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", [["DAFTAR SUKET"], [], ["Nama", "NO. KTP"], [], ["SITI", "1"], [], ["BUDI", "2"]]
    )
    sheet = sheets.open_sheet(path, FIELDS)
    assert [number for number, _ in sheet.rows()] == [5, 7]
    assert [number for number, _ in sheet.rows()] == [5, 7], "a sheet is read more than once"
    assert sheet.columns == {"name": 0, "nik": 1}
    assert sheet.heading("nik") == "NO. KTP"


def test_a_sheet_that_does_not_begin_in_its_first_cell_keeps_its_numbers(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet()
    page.write_row(3, 2, ["NIK", "Nama", "RT"])
    page.merge_range(4, 4, 5, 4, "007")
    page.write_row(4, 2, ["1", "SITI"])
    page.write_row(5, 2, ["2", "BUDI"])
    book.close()
    sheet = sheets.open_sheet(tmp_path / "a.xlsx", FIELDS)
    assert [(number, row[sheet.columns["rt"]]) for number, row in sheet.rows()] == [(5, "007"), (6, "007")]


def test_headings_of_two_rows_and_counted_columns_are_understood(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet()
    page.merge_range(0, 0, 0, 4, "DAFTAR PEMEGANG SUKET")
    page.merge_range(1, 0, 2, 0, "NIK")
    page.merge_range(1, 1, 2, 1, "Nama")
    page.merge_range(1, 2, 1, 3, "Suket")
    page.write_row(2, 2, ["Nomor", "Tgl"])
    page.write_row(3, 0, ["(1)", "(2)", "(3)", "(4)"])
    page.write_row(4, 0, ["1", "SITI", "471", "02-06-2018"])
    book.close()
    sheet = sheets.open_sheet(tmp_path / "a.xlsx", FIELDS)
    assert sheet.columns == {"nik": 0, "name": 1, "issued_on": 3}
    assert [number for number, _ in sheet.rows()] == [5]


def test_the_list_is_found_on_whatever_page_it_stands(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["Rekap"], [1, 2]], [["NIK", "Nama"], ["1", "SITI"]])
    assert len(list(sheets.open_sheet(path, FIELDS).rows())) == 1


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_of_every_usual_kind_is_read(tmp_path, mark, encoding):
    path = tmp_path / "a.csv"
    lines = [
        "Daftar; per, Juni",
        mark.join(("NIK", "Nama")),
        mark.join(("1", "ANDRÉ")),
        "",
        mark.join(("2", '"B, C; D"')),
    ]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    sheet = sheets.open_sheet(path, FIELDS)
    assert [(number, row[:2]) for number, row in sheet.rows()] == [(3, ["1", "ANDRÉ"]), (5, ["2", "B, C; D"])]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "sheet_empty"), (b"  \r\n", "sheet_empty"), (b"%PDF-1.4 \x00\x01\x02" * 9, "sheet_is_pdf"),
     (b"\xff\xd8\xff\xe0" + bytes(range(32)) * 4, "not_a_sheet"), (b"PK\x03\x04 broken", "not_a_sheet"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 broken", "not_a_sheet"), (b"<html><table><tr><td>NIK", "sheet_is_html"),
     (b"halo, ini surat biasa", "columns_missing")],
)  # fmt: skip
def test_what_is_no_list_is_refused_with_what_to_do(tmp_path, content, code):
    path = tmp_path / "a.xls"
    path.write_bytes(content)
    assert refused(path).code == code


def test_a_missing_column_is_named_with_the_headings_that_are_known(tmp_path):
    found = refused(workbook(tmp_path / "a.xlsx", [["NIK", "Alamat"], ["1", "Jalan"]]))
    assert found.code == "columns_missing"
    assert "Kolom Nama Lengkap tidak" in found.text
    assert "Nama" in found.text.split("dikenal:")[1]


def test_an_empty_workbook_is_said_to_be_empty(tmp_path):
    assert refused(workbook(tmp_path / "a.xlsx", [])).code == "sheet_empty"


@pytest.mark.parametrize(
    "cells",
    [
        [f"36720102068700{n}0" for n in range(10, 30)],
        [3672010206870000.0 + 10 * n for n in range(20)],
        ["3.67E+15"] * 5,
        ["3,67201E+15", "3,67201E+15", "3672010206870010"],
        [3672010206870010.0, 3672010206870020.0],
        [9.1e15 + n for n in range(5)],
        [f"367201020687{n:04d}" for n in (11, 23)] + [f"367201020687{n:03d}0" for n in range(30)],
    ],
)
def test_a_column_whose_last_digits_excel_has_eaten_refuses_the_file(cells):
    with pytest.raises(Refusal) as found:
        sheets.check_not_rounded(cells, "NIK")
    assert found.value.code == "excel_rounded"
    assert "NIK" in found.value.text


def test_healthy_columns_pass_and_numbers_among_texts_are_suspect_when_all_end_in_0():
    assert not sheets.check_not_rounded([f"367201020687{n:04d}" for n in range(1, 200)], "NIK")
    assert not sheets.check_not_rounded([3672010206870000.0 + n for n in range(1, 200)], "NIK")
    assert not sheets.check_not_rounded(["3672010206870010"], "NIK")
    assert not sheets.check_not_rounded([], "NIK")
    texts = [f"367201020687{n:04d}" for n in range(1, 50)]
    assert sheets.check_not_rounded([*texts, *(3672010206870010.0 + 10 * n for n in range(4))], "NIK")


def test_numbers_that_a_double_cannot_hold_are_refused_one_by_one():
    assert sheets.digits_of(3672010206870001.0, "nik") == "3672010206870001"
    with pytest.raises(Refusal) as found:
        sheets.digits_of(9.101010206870001e15, "nik")
    assert found.value.code == "nik_excel"


def test_refused_rows_go_back_with_the_reason_beside_and_numbers_as_text(tmp_path):
    problem = Refusal("nik_length", N_("NIK harus 16 angka. Anda menulis {count} angka."), field="nik", count=15)
    rows = [Rejected(7, "NIK", problem, (367201020687001.0, "=HYPERLINK(1)", "SITI"))]
    sheets.write_rejected(tmp_path / "b.xlsx", ("NIK", "Rumus", "Nama"), rows)
    page = python_calamine.load_workbook(tmp_path / "b.xlsx").get_sheet_by_index(0)
    assert page.to_python() == [
        ["NIK", "Rumus", "Nama", "Alasan"],
        ["367201020687001", "=HYPERLINK(1)", "SITI", "NIK harus 16 angka. Anda menulis 15 angka."],
    ]
    assert sheets.open_sheet(tmp_path / "b.xlsx", FIELDS).columns == {"nik": 0, "name": 2}


@pytest.mark.parametrize("how", ["two corners", "a row's own place", "no places at all"])
def test_a_small_file_that_would_fill_all_memory_is_refused(tmp_path, how):
    """Every cell between the first and the last takes room: two in far corners brought the whole process down."""
    path = tmp_path / "bom.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    page.write_row(0, 0, ["NIK", "Nama"])
    if how == "two corners":
        page.write(1_048_575, 16_383, "x")
    book.close()
    if how != "two corners":
        cell, wide = "<c><v>1</v></c>", "<c><v>1</v></c>" * 16_384
        last = f'<row r="1048576">{cell}</row>' if how == "a row's own place" else f"<row>{cell}</row>" * 4000
        with zipfile.ZipFile(path) as packed:
            parts = {item.filename: packed.read(item) for item in packed.infolist()}
        parts["xl/worksheets/sheet1.xml"] = (
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            f"<row>{wide}</row>{last}</sheetData></worksheet>"
        ).encode()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in parts.items():
                packed.writestr(name, content)
    assert path.stat().st_size < 50_000
    with pytest.raises(Refusal) as refused:
        sheets.outline(path, ())
    assert refused.value.code == "sheet_too_big"


def test_a_stray_cell_at_the_bottom_of_a_list_is_no_bomb(tmp_path):
    path = tmp_path / "daftar.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    page.write_row(0, 0, ["NIK", "Nama"])
    page.write(99_999, 0, "x")
    book.close()
    assert sheets.outline(path, ()).headings[:2] == ("NIK", "Nama")
