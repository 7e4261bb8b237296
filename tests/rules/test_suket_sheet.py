"""A messy list of Suket becomes clean rows, and every other row is explained."""

import itertools
from datetime import date, datetime

import pytest
import xlsxwriter

from loket.core import sheets
from loket.core.errors import Refusal
from loket.offices import regions
from loket.suket import sheet

TODAY = date(2020, 6, 2)
HEADINGS = [
    "NO",
    "N I K",
    "NO. KK",
    "NAMA LENGKAP",
    "Tgl. Lahir",
    "No Suket",
    "Tgl Suket",
    "Kel/Desa",
    "STATUS",
    "No. HP",
]
BORN = date(1987, 6, 2)
SERIAL = itertools.count(1)


def nik(born=BORN, woman=True):
    return f"367201{born.day + 40 * woman:02d}{born:%m%y}{next(SERIAL):04d}"


def line(**given):
    born = given.pop("born", BORN)
    row = {"NO": 1, "N I K": nik(born), "NO. KK": "3672011503120007", "NAMA LENGKAP": "Siti Aminah",
           "Tgl. Lahir": f"{born:%d-%m-%Y}", "No Suket": "471.13/1/SKT/2018", "Tgl Suket": "25-06-2018",
           "Kel/Desa": "Kebon Dalem", "STATUS": "PRR", "No. HP": "0812 3456 7890"}  # fmt: skip
    return list((row | given).values())


def parse(tmp_path, rows, headings=HEADINGS):
    book = xlsxwriter.Workbook(str(tmp_path / "suket.xlsx"))
    page = book.add_worksheet()
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    page.merge_range(0, 0, 0, 9, "DAFTAR PEMEGANG SUKET KOTA CILEGON")
    page.write(1, 0, "Per 2 Juni 2020")
    page.write_row(3, 0, headings)
    for number, row in enumerate(rows, start=4):
        for position, cell in enumerate(row):
            if isinstance(cell, datetime):
                page.write_datetime(number, position, cell, day)
            else:
                page.write(number, position, cell)
    book.close()
    return sheet.read(tmp_path / "suket.xlsx", regions.matcher(), today=TODAY)


def one(tmp_path, **given):
    parsed = parse(tmp_path, [line(), line(**given)])
    return (parsed.rows[1], None) if len(parsed.rows) == 2 else (None, parsed.rejected[0])


def test_a_clean_row_carries_everything_and_its_own_number(tmp_path):
    number = nik()
    row, _ = one(tmp_path, **{"N I K": number})
    assert row == sheet.SuketRow(
        6, number, "3672011503120007", "SITI AMINAH", BORN, "471.13/1/SKT/2018", date(2018, 6, 25), "36.72.07.1003",
        "PRINT_READY_RECORD", "+6281234567890", None,
    )  # fmt: skip


@pytest.mark.parametrize("spelled", ["'{}", " {} ", "{}.0", "{0:.4}.{0:.0}{1}"])
def test_apostrophes_and_blanks_around_a_nik_do_not_matter(tmp_path, spelled):
    number = nik()
    row, _ = one(tmp_path, **{"N I K": spelled.format(number, number[4:])})
    assert row.nik == number


def test_a_nik_stored_as_a_number_is_read_to_its_last_digit(tmp_path):
    number = "3672014206870777"
    row, _ = one(tmp_path, **{"N I K": int(number)})
    assert row.nik == number


@pytest.mark.parametrize("written", ["02-06-1987", "2 Juni 1987", 31930, datetime(1987, 6, 2), "CILEGON, 02/06/1987", "02-06-87",
                                     "06/02/1987", datetime(1987, 2, 6)])  # fmt: skip
def test_birth_dates_of_every_style_share_a_column_and_the_nik_tells_day_from_month(tmp_path, written):
    row, _ = one(tmp_path, **{"Tgl. Lahir": written})
    assert row.birth_date == BORN


@pytest.mark.parametrize(
    ("given", "code", "column"),
    [
        ({"N I K": "367201420687001"}, "nik_length", "N I K"),
        ({"N I K": "3672018106870001"}, "nik_day", "N I K"),
        ({"N I K": "3672014213870001"}, "nik_month", "N I K"),
        ({"N I K": "3.67E+15"}, "nik_excel", "N I K"),
        ({"N I K": ""}, "nik_missing", "N I K"),
        ({"N I K": "3672011503120007"}, "nik_is_kk", "NO. KK"),
        ({"N I K": "3672011503120007", "NO. KK": "3672014206870003"}, "swapped", "N I K"),
        ({"N I K": "3672011503120007", "NO. KK": "3672010206870003"}, "swapped", "N I K"),
        ({"NO. KK": "367201150312"}, "kk_number_length", "NO. KK"),
        ({"NO. KK": "3672015503900007"}, "kk_is_nik", "NO. KK"),
        ({"NAMA LENGKAP": ""}, "name_missing", "NAMA LENGKAP"),
        ({"Tgl. Lahir": "31-02-1987"}, "date_day", "Tgl. Lahir"),
        ({"Tgl. Lahir": "02-06-2021"}, "birth_future", "Tgl. Lahir"),
        ({"Tgl Suket": "03-06-2020"}, "date_future", "Tgl Suket"),
        ({"Kel/Desa": "Menteng"}, "kelurahan_unknown", "Kel/Desa"),
        ({"STATUS": "XYZ"}, "status_unknown", "STATUS"),
    ],
)
def test_each_refused_row_says_why_and_in_which_column(tmp_path, given, code, column):
    _, rejected = one(tmp_path, **given)
    assert rejected is not None
    assert (rejected.row, rejected.code, rejected.column) == (6, code, column)
    assert "{" not in rejected.message


def test_what_is_only_odd_is_taken_and_noted(tmp_path):
    parsed = parse(tmp_path, [
        line(**{"N I K": "3672013102870001", "Tgl. Lahir": ""}),
        line(**{"Tgl. Lahir": "03-06-1987"}),
        line(**{"No. HP": "0254 391234"}),
    ])  # fmt: skip
    assert parsed.rejected == []
    assert parsed.warnings == [(5, "date_impossible"), (6, "birth_differs"), (7, "phone_ignored")]
    assert set(sheet.WARNINGS) >= {key for _, key in parsed.warnings}


def test_the_later_of_two_rows_with_one_nik_is_refused_naming_the_first(tmp_path):
    first = line()
    parsed = parse(tmp_path, [first, line(), first])
    assert len(parsed.rows) == 2
    assert parsed.rejected[0].row == 7
    assert "baris 5" in parsed.rejected[0].message


def test_month_first_columns_are_noticed_and_mixed_ones_refused_row_by_row(tmp_path):
    turned = parse(tmp_path, [line(**{"Tgl Suket": text}) for text in ("06/25/2018", "02/03/2018")])
    assert [row.issued_on for row in turned.rows] == [date(2018, 6, 25), date(2018, 2, 3)]
    mixed = parse(tmp_path, [line(**{"Tgl Suket": text}) for text in ("06/25/2018", "25/06/2018", "02/03/2018")])
    assert [row.row for row in mixed.rows] == [5, 6]
    assert [(row.row, row.code) for row in mixed.rejected] == [(7, "date_order")]


def test_a_file_whose_nik_all_end_in_0_is_refused_as_a_whole(tmp_path):
    with pytest.raises(Refusal) as refused:
        parse(tmp_path, [line(**{"N I K": f"367201420687{n:03d}0"}) for n in range(1, 8)])
    assert refused.value.code == "excel_rounded"


def test_totals_signatures_and_repeated_headings_are_no_rows(tmp_path):
    footer = [["Jumlah", "", "", 2], ["", "", "", "", "", "", "", "Cilegon, 2 Juni 2020"], HEADINGS, line()]
    parsed = parse(tmp_path, [line(), *footer])
    assert [row.row for row in parsed.rows] == [5, 9]
    assert parsed.rejected == []


def test_status_words_come_in_any_case_also_from_the_remarks(tmp_path):
    assert one(tmp_path, STATUS="Efac")[0].status == "ENROLL_FAILURE_AT_CENTRAL"
    assert one(tmp_path, STATUS="")[0].status is None
    headings = [*HEADINGS[:8], "Ket", "No. HP"]
    parsed = parse(tmp_path, [line(STATUS="sfe"), line(STATUS="pindah rumah")], headings)
    assert [row.status for row in parsed.rows] == ["SENT_FOR_ENROLLMENT", None]


def test_a_rejected_file_that_was_mended_is_read_again(tmp_path):
    parsed = parse(tmp_path, [line(), line(**{"N I K": "367201420687001"})])
    sheets.write_rejected(tmp_path / "ditolak.xlsx", parsed.headings, parsed.rejected)
    again = sheet.read(tmp_path / "ditolak.xlsx", regions.matcher(), today=TODAY)
    assert [row.code for row in again.rejected] == ["nik_length"]


def test_headings_without_rows_are_said_to_be_empty(tmp_path):
    with pytest.raises(Refusal) as refused:
        parse(tmp_path, [])
    assert refused.value.code == "sheet_empty"


def test_a_csv_from_siak_with_small_numbers_for_regions_is_read(tmp_path):
    path = tmp_path / "siak.csv"
    path.write_text(
        "NIK;NO_KK;NAMA_LGKP;JENIS_KLMIN;TGL_LHR;ALAMAT;NO_RT;NO_RW;NO_KEC;NO_KEL;CURRENT_STATUS_CODE\n"
        "3672014206870001;3672011503120007;SITI AMINAH;P;1987-06-02;KP. BARU;1;2;1;1005;PRINT_READY_RECORD\n"
        "3672014206870002;;SITI AMINAH;L;1987-06-02;KP. BARU;1;2;1;1005;PRINT READY RECORD\n"
    )
    parsed = sheet.read(path, regions.matcher(), today=TODAY)
    assert parsed.rows[0].address == "KP. BARU RT 1 RW 2"
    assert parsed.rows[0].kelurahan_code == "36.72.01.1005"
    assert parsed.warnings == [(3, "sex_differs")]
