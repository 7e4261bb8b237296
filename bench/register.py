"""The register under load: a list as clean as a form, a messy one as offices keep it, and a million rows."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

from bench.stage import Stage, figure, stage

Figures = list[dict[str, Any]]
MONTHS = ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember")
HEADS = ("NO.", "N I K", "NAMA_LGKP", "Tgl_Lahir", "Alamat Lengkap", "Kel / Desa", "Nomor Surat Keterangan", "Tgl Terbit", "Status Rekam", "No. WA")


def register(size: int | None) -> Figures:
    """New rows, all personal fields encrypted and indexed: 4.921 clean ones, 20.000 messy ones, and `size` (a million)
    clean ones. Seconds and peak memory of the whole command; every refused row has its reason."""
    rows: Figures = []
    with stage() as loket:
        path = loket.home / "rapi.xlsx"
        clean(path, 4_921, 0)
        seconds, memory, report = read(loket, path)
        assert report["new"] == 4_921, report
        rows += [
            figure("4.921 clean rows", seconds, "s", goal=3, more=False),
            figure("4.921 clean rows, memory", memory, "MB", goal=300, more=False),
        ]
        path = loket.home / "kotor.xlsx"
        spoiled = messy(path, 20_000, 10_000)
        seconds, memory, report = read(loket, path)
        assert report["new"] + report["rejected"] == 20_000, {key: report[key] for key in ("rows", "new", "updated", "rejected")}
        rows += [
            figure("20.000 messy rows", seconds, "s", goal=10, more=False),
            figure("20.000 messy rows, memory", memory, "MB", goal=300, more=False),
            figure("messy rows refused", report["rejected"], "rows"),
            figure("refused without a sentence", sum(not row["message"] for row in report["errors"]), "", goal=0, more=False),
            figure("rows spoiled on purpose and taken in all the same", spoiled - report["rejected"], "", goal=0, more=False),
        ]
        if size:
            path = loket.home / "besar.xlsx"
            per_row = []
            for count, offset in ((size // 10, 100_000), (size, 300_000)):
                clean(path, count, offset)
                seconds, memory, report = read(loket, path)
                assert report["new"] == count, {key: report[key] for key in ("rows", "new", "updated", "rejected")}
                per_row.append(seconds / count)
                rows += [figure(f"{count} rows", seconds, "s"), figure(f"{count} rows, memory", memory, "MB")]
            rows.append(figure("time of a row, ten times as many", per_row[1] / per_row[0], "times", goal=1.2, more=False))
        rows.append(figure("invariants broken", len(loket.broken()), "", goal=0, more=False))
    return rows


def read(loket: Stage, path: Path) -> tuple[float, float, dict[str, Any]]:
    """Import a list by the command; seconds, peak memory in MB, and what it reported."""
    code = (
        "import resource, subprocess, sys, time\nbegun = time.perf_counter()\n"
        f"done = subprocess.run([sys.executable, '-m', 'loket.cli', 'suket', 'import', {str(path)!r}, '--json'], capture_output=True, text=True)\n"
        "print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n"
        "print(done.stdout)\nsys.stderr.write(done.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=loket.environment, capture_output=True, text=True, check=True)
    first, _, rest = done.stdout.partition("\n")
    seconds, memory = (float(part) for part in first.split())
    if not rest.strip():
        raise RuntimeError(done.stderr[-2000:])
    return seconds, memory, json.loads(rest)


def clean(path: Path, count: int, offset: int) -> None:
    """A list whose rows are all new and all right."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["No", "NIK", "Nama Lengkap", "Tgl Lahir", "Alamat", "Kelurahan", "No Suket", "Tgl Suket", "Status", "No HP"])
    for index in range(count):
        sheet.write_row(1 + index, 0, _row(index + offset))
    book.close()


def messy(path: Path, count: int, offset: int) -> int:
    """A list as offices keep it: title rows, odd headings, apostrophes, blanks, three styles of dates, numbers stored as
    text and the reverse, kelurahan with and without blanks; and some rows that no reader can trust. Returns how many."""
    chance = random.Random(2020)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "PEMERINTAH KOTA CILEGON")
    sheet.write(1, 0, "DAFTAR NAMA PEMEGANG SURAT KETERANGAN PENGGANTI KTP-EL")
    sheet.write_row(3, 0, HEADS)
    spoiled = 0
    for index in range(count):
        number, nik, name, born, line, kelurahan, letter, issued, status, phone = _row(index + offset)
        day = date(int(born[6:]), int(born[3:5]), int(born[:2]))
        given: list[Any] = [
            int(number),
            chance.choice((nik, f"'{nik}", f" {nik}", f"{nik} ", f"{nik[:6]} {nik[6:12]} {nik[12:]}")),
            chance.choice((name, name.lower(), f"  {name}", name.replace(" ", "  "))),
            chance.choice((born, day.strftime("%d/%m/%Y"), f"{day.day} {MONTHS[day.month - 1]} {day.year}", (day - date(1899, 12, 30)).days)),
            line,
            chance.choice((kelurahan, kelurahan.upper(), kelurahan.replace(" ", ""), f" {kelurahan}")),
            letter,
            issued,
            chance.choice((status, status.lower(), f" {status}")),
            chance.choice((phone, int(phone), f"+62{phone[1:]}", "-")),
        ]
        if index % 50 == 7:
            given[1], spoiled = chance.choice((nik[:15], f"{nik}9", nik[:6] + "99" + nik[8:], "36720O1A")), spoiled + 1
        elif index % 50 == 19:
            given[5], spoiled = "Kelurahan Antah", spoiled + 1
        elif index % 50 == 31:
            given[8], spoiled = "ENTAH", spoiled + 1
        sheet.write_row(4 + index, 0, given)
    book.close()
    return spoiled


def _row(number: int) -> list[str]:
    born = date(1930, 1, 1) + timedelta(days=number % 25_000)
    return [
        str(number), f"367299{born:%d%m%y}{9001 + number // 25_000:04d}", f"WARGA {_letters(number)} {_letters(number // 3)}",
        born.strftime("%d-%m-%Y"), f"Jalan Contoh {number % 200} RT 1 RW 2",
        ("Cibeber", "Kedaleman", "Kebon Dalem", "Citangkil")[number % 4], f"471.13/{number}", "12/04/2018",
        ("PRR", "SFE", "DUP", "PRR")[number % 4], f"0812{10_000_000 + number}",
    ]  # fmt: skip


def _letters(number: int) -> str:
    text = ""
    while True:
        text += chr(65 + number % 26)
        number //= 26
        if not number:
            return text
