"""Spreadsheets as offices really have them: finds the header, reads rows with their own numbers, returns what was refused."""

from __future__ import annotations

import csv
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import cast

import python_calamine
import xlsxwriter
from django.utils.translation import gettext

from loket.core.errors import N_, Refusal

Cell = object  # text, number, date, or an empty text, as the file has it
Row = list[Cell]

HEADER_WITHIN = 40
MAX_UNPACKED = 2 << 30
# Every cell between the first and the last takes room, filled or not: two cells in far corners of a file of 5 kB would
# take more memory than any server has. This is the sheet's full depth with twenty-four columns.
MAX_CELLS = 24 << 20
REASON = "Alasan"

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DELIMITERS = ";,\t|"
_FOLD = re.compile(r"[^a-z0-9]+")
_COUNTING = re.compile(r"\(?(\d{1,2})\)?\.?")
# The place that a cell (`r="B7"`) or a row (`r="7"`) names.
_AT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})(\d{1,7})["']""")
# One behind column Z or behind row 99.999.
_FAR = re.compile(rb"""r\s*=\s*["'](?:[A-Za-z]{2,3}\d|[A-Za-z]?\d{6})""")
_MAX_TEXT = 32_767
# A whole number up to here is exact in the double that Excel stores.
_EXACT = 1 << 53


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a reader wants: its name, the heading it is best written with, and other headings lists use."""

    name: str
    heading: str
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was refused: its number in the sheet, the heading it is about, why, and its cells as they were."""

    row: int
    column: str
    problem: Refusal
    cells: tuple[Cell, ...]

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def message(self) -> str:
        """In the language that is active: the page's, or the terminal's."""
        template = gettext(self.problem.message)
        return template.format(**self.problem.shown) if self.problem.params else template


@dataclass(frozen=True, slots=True)
class Outline:
    """The head of a list: its headings, which fields were recognised in which column, and its first rows as text."""

    headings: tuple[str, ...]
    columns: dict[str, int]
    sample: tuple[tuple[str, ...], ...]


class Sheet:
    """One sheet whose columns are known. `columns` maps field names to positions; `headings` are as written."""

    def __init__(self, source: _Source, first: int, headings: Sequence[str], columns: Mapping[str, int]) -> None:
        self._source = source
        self._first = first
        self.headings = tuple(headings)
        self.columns = dict(columns)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Every row below the header that is not empty, with the number the sheet itself shows."""
        merged = self._source.merged_below(self._first)
        width = len(self.headings)
        for number, row in enumerate(self._source.rows(), start=1):
            if number < self._first:
                continue
            for position, value in merged.get(number, ()):
                row[position] = value
            if row.count("") != len(row):
                yield number, row if len(row) >= width else row + [""] * (width - len(row))

    def heading(self, field: str) -> str:
        """The heading that the sheet itself gives a field, or the field's name where it has none."""
        position = self.columns.get(field)
        return self.headings[position] if position is not None else field


def open_sheet(path: Path | str, fields: Sequence[Field], chosen: Mapping[str, int] | None = None) -> Sheet:
    """The sheet of a file (XLSX, XLS, ODS, CSV) that has the wanted columns; refuses the file as a whole otherwise.

    `chosen` says by hand in which column (from 0) each field stands; what it does not name is not read.
    """
    sources = _open(Path(path))
    if chosen is not None:
        return _by_hand(sources, fields, chosen)
    best: _Found | None = None
    for source in sources:
        found = _find_header(source, fields)
        if found and (best is None or len(found.columns) > len(best.columns)):
            best = found
    if best is None and all(source.is_empty() for source in sources):
        raise Refusal("sheet_empty", N_("Berkas ini kosong. Pilih berkas yang berisi daftar."), field="file")
    missing = [field for field in fields if field.required and (best is None or field.name not in best.columns)]
    if best is None or missing:
        raise _lacks(missing or [field for field in fields if field.required])
    return Sheet(best.source, best.first_row, best.headings, best.columns)


def outline(path: Path | str, fields: Sequence[Field], most: int = 8) -> Outline:
    """What a person needs to see to say which column is which; only an empty file is refused."""
    sources = _open(Path(path))
    found = [(found, source) for source in sources if (found := _find_header(source, fields))]
    if found:
        best, source = max(found, key=lambda pair: len(pair[0].columns))
        headings, columns, first = best.headings, best.columns, best.first_row
    else:
        source = next((source for source in sources if not source.is_empty()), None) or _refuse_empty()
        headings, columns, first = _first_full_row(source)
    rows = (row for number, row in enumerate(source.rows(), start=1) if number >= first and row.count("") != len(row))
    sample = [[text_of(cell) for cell in row] for row in itertools.islice(rows, most)]
    return Outline(tuple(headings), columns, tuple(map(tuple, sample)))


def _by_hand(sources: Sequence[_Source], fields: Sequence[Field], chosen: Mapping[str, int]) -> Sheet:
    missing = [field for field in fields if field.required and field.name not in chosen]
    if missing:
        raise _lacks(missing)
    found = [(found, source) for source in sources if (found := _find_header(source, fields))]
    if found:
        best, source = max(found, key=lambda pair: len(pair[0].columns))
        headings, first = best.headings, best.first_row
    else:
        source = next((source for source in sources if not source.is_empty()), None) or _refuse_empty()
        headings, _, first = _first_full_row(source)
    if any(not 0 <= position < len(headings) for position in chosen.values()):
        raise Refusal("column_absent", N_("Kolom yang dipilih tidak ada di berkas ini. Pilih lagi kolomnya."), field="file")
    return Sheet(source, first, headings, chosen)


def _first_full_row(source: _Source) -> tuple[list[str], dict[str, int], int]:
    """The widest of the top rows as headings, for a list whose headings nobody knows."""
    top = [_labels(list(row)) for row in itertools.islice(source.rows(), HEADER_WITHIN)]
    line = max(range(len(top)), key=lambda number: sum(bool(label) for label in top[number]))
    return top[line], {}, line + 2


def _refuse_empty() -> _Source:
    raise Refusal("sheet_empty", N_("Berkas ini kosong. Pilih berkas yang berisi daftar."), field="file")


def text_of(cell: Cell) -> str:
    """What a cell says, as text: whole numbers without a point, no apostrophe in front, single blanks."""
    if type(cell) is str:
        text = cell.strip()
        if text[:1] in ("'", "’", "‘", "`"):
            text = text[1:].strip()
        return " ".join(text.split()) if "  " in text or "\n" in text or "\xa0" in text else text
    if isinstance(cell, bool) or cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell)
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        return cell.date().isoformat()
    return str(cell)


def digits_of(cell: Cell, name: str, *, suspect: bool = False) -> str:
    """The text of a long number; refuses one that a spreadsheet has stored inexactly, or (`suspect`) seems to have."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        text = text_of(cell)
        if abs(cell) > _EXACT or (suspect and text.endswith("0")):
            raise Refusal(
                f"{name}_excel",
                N_(
                    "Angka ini tersimpan sebagai bilangan, jadi digit terakhirnya tidak pasti. "
                    "Ubah kolomnya menjadi Teks, lalu salin lagi dari sumbernya."
                ),
                field=name,
            )
        return text
    return text_of(cell)


def check_not_rounded(cells: Iterable[Cell], heading: str) -> bool:
    """Refuse the whole file when (nearly) all its long numbers have lost their last digit to Excel.

    Signs of it: 3.67E+15 written as text, numbers past what a double holds, and a 0 at the end of nearly every number
    where one in ten is due. True when the file passes but each of its cells stored as a number ends in 0, among texts
    that do not: then those cells are suspect.
    """
    count = eaten = numbers = zeros = 0
    for cell in cells:
        if type(cell) is str:
            text = cell.strip()
            if len(text) < 7:
                continue
            count += 1
            eaten += text[-1] == "0" or (text[0].isdigit() and "E+" in text.upper())
        elif isinstance(cell, (int, float)) and not isinstance(cell, bool) and cell > 1e6:
            count += 1
            numbers += 1
            is_zero = text_of(cell)[-1] == "0"
            zeros += is_zero
            eaten += is_zero or cell > _EXACT
    least = 2 if numbers else 3
    if (count >= least and eaten == count) or (count >= 5 and eaten >= 0.8 * count):
        raise Refusal(
            "excel_rounded",
            N_(
                "Excel sudah menghapus digit terakhir di kolom {heading}, jadi berkas ini tidak bisa dipakai. "
                "Buka lagi sumbernya, ubah kolom itu menjadi Teks sebelum menempel isinya, simpan, lalu impor lagi."
            ),
            field="file",
            heading=heading,
        )
    return numbers >= 3 and zeros == numbers


def write_rejected(path: Path | str, headings: Sequence[str], rejected: Iterable[Rejected]) -> None:
    """Write refused rows as XLSX, the reason beside each; long numbers stay text, so the file can be mended and read."""
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    page = book.add_worksheet(N_("Ditolak"))
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    reason = len(headings)
    page.set_column(0, max(reason - 1, 0), 18, text)
    page.set_column(reason, reason, 80)
    page.freeze_panes(1, 0)
    for position, heading in enumerate((*headings, REASON)):
        page.write_string(0, position, heading, bold)
    for line, row in enumerate(rejected, start=1):
        for position, cell in enumerate(row.cells[:reason]):
            page.write_string(line, position, _written(cell), text)
        page.write_string(line, reason, row.message)
    book.close()


# --- finding the header ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    source: _Source
    first_row: int
    headings: list[str]
    columns: dict[str, int]


def fold(heading: str) -> str:
    """A heading without case, blanks, dots and underscores."""
    return _FOLD.sub("", heading.lower())


def _find_header(source: _Source, fields: Sequence[Field]) -> _Found | None:
    names = {fold(alias): field.name for field in fields for alias in (field.name, field.heading, *field.aliases)}
    top = [list(row) for row in itertools.islice(source.rows(), HEADER_WITHIN)]
    scores = [len(_columns(_labels(row), names)) for row in top]
    if not scores or not max(scores):
        return None
    line = scores.index(max(scores))
    merged = source.merged_across(line + 1)
    labels = _labels(top[line])
    first = line + 2
    if line + 1 < len(top) and (second := _two_storeys(labels, _labels(top[line + 1]), merged, names)):
        labels, first = second, first + 1
    while first <= len(top) and _is_counting(top[first - 1]):
        first += 1
    return _Found(source, first, labels, _columns(labels, names))


def _columns(labels: Sequence[str], names: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, label in enumerate(labels):
        name = names.get(fold(label))
        if name and name not in found:
            found[name] = position
    return found


def _labels(row: Row) -> list[str]:
    return [text_of(cell) for cell in row]


def _two_storeys(
    upper: Sequence[str], lower: Sequence[str], merged: Mapping[int, str], names: Mapping[str, str]
) -> list[str] | None:
    """Headings of two rows read as one ("Suket" above "Nomor" and "Tanggal"), when the lower row has any."""
    joined, gained = [], False
    for position, below in enumerate(lower):
        above = upper[position] or merged.get(position, "")
        if not below:
            joined.append(above)
            continue
        if any(char.isdigit() for char in below):
            return None
        candidates = (f"{below} {above}", f"{above} {below}", below)
        known = next((text for text in candidates if fold(text) in names), None)
        gained = gained or known is not None
        joined.append(known or (above if upper[position] else f"{above} {below}".strip()))
    return joined if gained else None


def _is_counting(row: Row) -> bool:
    """The row (1) (2) (3) under the headings of many official lists."""
    counted = [_COUNTING.fullmatch(text) for text in _labels(row) if text]
    values = [int(match[1]) for match in counted if match]
    return len(values) == len(counted) > 1 and values == list(range(values[0], values[0] + len(values)))


def _lacks(missing: Sequence[Field]) -> Refusal:
    return Refusal(
        "columns_missing",
        N_("Kolom {missing} tidak ditemukan. Beri judul kolom itu di atas daftarnya. Judul yang dikenal: {known}."),
        field="file",
        missing=", ".join(field.heading for field in missing),
        known="; ".join(", ".join((field.heading, *field.aliases[:5])) for field in missing),
    )


# --- files ----------------------------------------------------------------------------------------------------------


class _Source:
    """Rows of one sheet, counted from its first row, readable more than once."""

    def rows(self) -> Iterator[Row]:
        raise NotImplementedError

    def is_empty(self) -> bool:
        return not any(cell != "" for row in self.rows() for cell in row)

    def merged_across(self, number: int) -> dict[int, str]:
        """Text of cells merged sideways in a row, by position."""
        return {}

    def merged_below(self, first: int) -> dict[int, list[tuple[int, Cell]]]:
        """Values that merged cells hand down to rows, by row number."""
        return {}


class _ExcelSource(_Source):
    def __init__(self, sheet: python_calamine.CalamineSheet) -> None:
        self._sheet = sheet
        self._left = sheet.start[1] if sheet.start else 0

    def rows(self) -> Iterator[Row]:
        return cast(Iterator[Row], self._sheet.iter_rows())

    def is_empty(self) -> bool:
        return self._sheet.start is None or super().is_empty()

    def merged_across(self, number: int) -> dict[int, str]:
        row = next(itertools.islice(self.rows(), number - 1, None), [])
        return {
            column - self._left: text_of(row[left - self._left])
            for (top, left), (_, right) in self._sheet.merged_cell_ranges or ()
            if top == number - 1 and left >= self._left
            for column in range(left, min(right, self._left + len(row) - 1) + 1)
        }

    def merged_below(self, first: int) -> dict[int, list[tuple[int, Cell]]]:
        ranges = [
            (top + 1, bottom + 1, left - self._left, right - self._left)
            for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or ()
            if bottom > top >= first - 1 and left >= self._left
        ]
        if not ranges:
            return {}
        tops = {top for top, _, _, _ in ranges}
        kept = {number: row for number, row in enumerate(self.rows(), start=1) if number in tops}
        found: dict[int, list[tuple[int, Cell]]] = {}
        for top, bottom, left, right in ranges:
            for number in range(top + 1, bottom + 1):
                for position in range(left, min(right, len(kept[top]) - 1) + 1):
                    found.setdefault(number, []).append((position, kept[top][left]))
        return found


class _CsvSource(_Source):
    def __init__(self, path: Path, encoding: str, delimiter: str) -> None:
        self._path = path
        self._encoding = encoding
        self._delimiter = delimiter

    def rows(self) -> Iterator[Row]:
        with self._path.open(encoding=self._encoding, newline="", errors="replace") as file:
            try:
                yield from csv.reader(file, delimiter=self._delimiter)
            except csv.Error as error:
                raise _not_a_sheet() from error


def _open(path: Path) -> list[_Source]:
    with path.open("rb") as file:
        head = file.read(65_536)
    if not head.strip():
        raise Refusal("sheet_empty", N_("Berkas ini kosong. Pilih berkas yang berisi daftar."), field="file")
    if head.startswith((_ZIP, _OLE)):
        return _open_excel(path)
    if head.startswith(b"%PDF"):
        raise Refusal(
            "sheet_is_pdf", N_("Berkas ini PDF, apa pun namanya. Minta daftarnya sebagai Excel atau CSV."), field="file"
        )
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise Refusal(
            "sheet_is_html",
            N_("Berkas ini halaman web yang diberi nama Excel. Buka di Excel, simpan sebagai .xlsx, lalu impor lagi."),
            field="file",
        )
    encoding = _encoding(path, head)
    text = head.decode(encoding, errors="replace")
    if encoding != "utf-16" and (b"\0" in head or sum(not c.isprintable() and c not in "\r\n\t" for c in text) > 8):
        raise _not_a_sheet()
    # The right delimiter is the one under which the headings are found.
    marks = [mark for mark in _DELIMITERS if mark in text] or [","]
    return [_CsvSource(path, encoding, mark) for mark in marks]


def _open_excel(path: Path) -> list[_Source]:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED or _area(packed) > MAX_CELLS:
                    raise Refusal(
                        "sheet_too_big", N_("Berkas ini terlalu besar. Bagi daftarnya menjadi beberapa berkas."),
                        field="file", status=413,
                    )  # fmt: skip
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == python_calamine.SheetVisibleEnum.Visible
            and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
        return [_ExcelSource(book.get_sheet_by_name(name)) for name in visible or book.sheet_names]
    except python_calamine.PasswordError as error:
        raise Refusal(
            "sheet_password", N_("Berkas ini memakai kata sandi. Buka di Excel, hapus kata sandinya, lalu impor lagi."),
            field="file",
        ) from error  # fmt: skip
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError) as error:
        raise _not_a_sheet() from error


def _area(packed: zipfile.ZipFile) -> int:
    """How many cells the largest sheet spans: by the places that its cells and rows name, and by counting where none is named."""
    names = [item.filename for item in packed.infolist() if item.filename.lower().lstrip("/").startswith("xl/worksheets/")]
    return max((_span(packed, name) for name in names), default=0)


def _span(packed: zipfile.ZipFile, name: str) -> int:
    if _is_near(packed, name):
        return 0
    columns = rows = counted = 0
    for window, chunk in _windows(packed, name):
        places = _AT.findall(window)
        counted += chunk.count(b"row") // 2
        rows = max(rows, counted, *(int(number) for _letters, number in places), 0)
        columns = max(columns, _widest(chunk), *map(_column, {letters for letters, _number in places}))
    return columns * rows


def _is_near(packed: zipfile.ZipFile, name: str) -> bool:
    """Whether a sheet has at most a hundred columns and a hundred thousand rows, as most have: told without reading places."""
    counted = 0
    for window, chunk in _windows(packed, name):
        counted += chunk.count(b"row") // 2
        if counted > 100_000 or _FAR.search(window) or _widest(chunk) > 100:
            return False
    return True


def _windows(packed: zipfile.ZipFile, name: str) -> Iterator[tuple[bytes, bytes]]:
    """A part in pieces, each also with the end of the one before: a place that is cut in two is found there."""
    before = b""
    with packed.open(name) as part:
        while chunk := part.read(1 << 20):
            yield before + chunk, chunk
            before = chunk[-48:]


def _widest(chunk: bytes) -> int:
    """The cells of the longest row, by its tags: a cell that holds anything has four."""
    return max(row.count(b"<") for row in chunk.split(b"row")) // 4


def _column(letters: bytes) -> int:
    """A is 1, XFD is 16384; a row's own place has no letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _not_a_sheet() -> Refusal:
    return Refusal(
        "not_a_sheet", N_("Berkas ini bukan daftar Excel atau CSV yang utuh. Simpan ulang sebagai .xlsx, lalu coba lagi."),
        field="file",
    )  # fmt: skip


def _written(cell: Cell) -> str:
    if isinstance(cell, date):
        return cell.strftime("%d-%m-%Y")
    return text_of(cell)[:_MAX_TEXT]
