"""What is measured: lifecycles, imports, pages and memory here; the rest in files of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

from bench import enumeration, figures, lighthouse, plan, replay
from bench import register as registers
from bench.campaign import campaign
from bench.inboxes import inboxes
from bench.lifecycles import ROLES, Client, Run
from bench.photos import photos
from bench.stage import Browser, Stage, cpu_seconds, figure, p95, stage
from bench.webhook import webhook

Figures = list[dict[str, Any]]
KELURAHAN = "36.72.01.1001"
BLANKS = """
from uuid import uuid4
from loket.core import clock
from loket.core.actor import Actor, Role
from loket.stock import actions as stock
stock.receive(quantity=100000, letter=uuid4().hex, by=Actor("gudang1", "36.72", frozenset({Role.CUSTODIAN})), at=clock.now())
"""


def lifecycle(size: int | None) -> Figures:
    """Lifecycles per second over HTTP, beside a replay of the same statements by pgbench in the same run."""
    with stage(size or 0) as loket:
        loket.python(BLANKS)
        before = loket.broken()
        loket.start_web()
        client = Client(loket.port, loket.tokens(ROLES))
        run = Run(client, threads=8, kelurahan=KELURAHAN)
        _drain(run)
        run.wave(300)
        client.phases.seconds.clear()
        client.phases.calls.clear()
        begun, cpu = time.perf_counter(), cpu_seconds()
        count = 1200
        run.wave(count)
        seconds = time.perf_counter() - begun
        share = (cpu_seconds() - cpu) / seconds / (os.cpu_count() or 1)
        phases = dict(client.phases.seconds)
        limit = replay.limit(loket, run)
        loket.stop_web()
        after = loket.broken()
        rows = [
            figure("lifecycles", count / seconds, "1/s", limit=limit, goal=100),
            figure("lifecycles, share of the limit", count / seconds / limit, "", goal=1 / 3),
            figure("generator's share of the CPU", share, ""),
            figure("invariants broken before and after", len(before) + len(after), "", goal=0, more=False),
            figure("applications loaded before", size or 12_414, ""),
        ]
        rows += [figure(f"phase {name}", spent / count * 1000, "ms each") for name, spent in phases.items()]
        return rows


def _drain(run: Run) -> None:
    """Print what the seeded office had waiting, so that a wave finds only its own cards."""
    while True:
        try:
            batch = run.client.post("printer", "batches", b'{"size":200}')
        except RuntimeError:
            return
        items = [{"code": code, "result": "printed"} for code in batch["codes"]]
        run.client.items("printer", f"batches/{batch['batch']}/results", items)


def imports(size: int | None) -> Figures:
    """XLSX import of new rows, all personal fields encrypted and indexed, beside a bare COPY of as many rows."""
    rows: Figures = []
    with stage() as loket:
        for count, goal in ((4_921, 3.0), (size or 200_000, 60.0)):
            path = loket.home / f"suket-{count}.xlsx"
            _sheet(path, count, 0 if count == 4_921 else 10_000)
            begun = time.perf_counter()
            report = json.loads(loket.loket("suket", "import", str(path), "--json"))
            seconds = time.perf_counter() - begun
            assert report["new"] == count, report
            limit = _copy_limit(loket, count)
            rows.append(figure(f"import of {count} rows", seconds, "s", limit=limit, goal=goal, more=False))
        rows.append(figure("invariants broken", len(loket.broken()), "", goal=0, more=False))
    return rows


def _sheet(path: Path, count: int, offset: int) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["DAFTAR PEMEGANG SUKET"])
    sheet.write_row(2, 0, ["No", "NIK", "No KK", "Nama Lengkap", "Tgl Lahir", "Alamat", "Kelurahan", "No Suket",
                           "Tgl Suket", "Status", "No HP"])  # fmt: skip
    for index in range(count):
        number = index + offset
        born = date(1930, 1, 1) + timedelta(days=number % 25_000)
        sheet.write_row(3 + index, 0, [
            str(index + 1), f"367299{born:%d%m%y}{9001 + number // 25_000:04d}", f"3672990101120{number % 999:03d}",
            f"WARGA {_letters(number)} {_letters(number // 3)}", born.strftime("%d-%m-%Y"),
            f"Jalan Contoh {number % 200} RT 1 RW 2", ("Cibeber", "Kedaleman", "Kebon Dalem", "Citangkil")[number % 4],
            f"471.13/{number:06d}/SKT/2018", "12-05-2018", ("PRR", "SFE", "DUP")[number % 3], f"0812{number:08d}",
        ])  # fmt: skip
    book.close()


def _letters(number: int) -> str:
    return "".join("ABDEGHIKLMNRSTUY"[number // 16**place % 16] for place in range(5))


def _copy_limit(loket: Stage, count: int) -> float:
    """Seconds for a COPY of as many rows of the same width into the same table, rolled back."""
    code = f"""
import os, time
from django.db import connection, transaction
from loket.core import clock
from loket.core.ids import uuid7
blob, now = os.urandom(60), clock.now()
with transaction.atomic():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE limit_rows (LIKE residents_resident INCLUDING INDEXES)")
        begun = time.perf_counter()
        with cursor.copy("COPY limit_rows (id, office_id, data_key, nik, nik_index, name, name_tokens, birth_date, phone, address, kelurahan, met_at) FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "varchar", "bytea", "bytea", "bytea", "bytea", "int4[]", "bytea", "bytea", "bytea", "varchar", "timestamptz"])
            for index in range({count}):
                copy.write_row((uuid7(), "36.72", blob, blob, os.urandom(16), blob, [index % 16384], blob, blob, blob, "36.72.01.1001", now))
        print(time.perf_counter() - begun)
    transaction.set_rollback(True)
"""
    return float(loket.python(code))


def pages(size: int | None) -> Figures:
    """p95 of the office's daily pages, at the demo's size and at `size` applications.

    Both offices stand side by side and are asked in turn, so that a noisy machine slows both alike.
    """
    rows: Figures = []
    with ExitStack() as stack:
        offices = {"12 thousand": _visits(stack.enter_context(stage()))}
        if size:
            offices[str(size)] = _visits(stack.enter_context(stage(size)))
        for page in offices["12 thousand"]:
            spent: dict[str, list[float]] = {name: [] for name in offices}
            for number in range(110):
                for name, visits in offices.items():
                    begun = time.perf_counter()
                    visits[page](number)
                    if number >= 10:
                        spent[name].append((time.perf_counter() - begun) * 1000)
            at = {name: p95(values) for name, values in spent.items()}
            rows += [figure(f"{page}, {name} applications", value, "ms", goal=50, more=False) for name, value in at.items()]
            if size:
                growth = at[str(size)] / at["12 thousand"]
                rows.append(figure(f"{page}, growth", growth, "times", goal=1.5, more=False))
    return rows


def _visits(loket: Stage) -> dict[str, Callable[[int], None]]:
    """One visit of each page of an office that stands ready, by the page's name."""
    loket.python("from loket.insight import actions; actions.freeze_due('36.72')")
    found = json.loads(
        loket.python(
            "import json\nfrom loket.applications.models import Application\nfrom loket.applications import queries\n"
            "rows = list(Application.objects.filter(state='delivered').order_by('?')[:40])\n"
            "print(json.dumps([[row.code, (case := queries.case(row)).nik, case.name] for row in rows]))"
        )
    )
    logins = {row["username"]: row["password"] for row in json.loads((loket.home / "demo.json").read_text())["logins"]}
    loket.start_web()
    verifier, head, visitor = Browser(loket.port), Browser(loket.port), Browser(loket.port)
    verifier.sign_in("verifikator1", logins["verifikator1"])
    head.sign_in("kadis", logins["kadis"])
    return {
        "verifier's queue": lambda _n: _seen(verifier.get("/petugas/")),
        "search by code": lambda n: _seen(verifier.search(found[n % 40][0])),
        "search by NIK": lambda n: _seen(verifier.search(found[n % 40][1], "Telepon dari warga")),
        "search by name": lambda n: _seen(verifier.search(found[n % 40][2])),
        "head's page": lambda _n: _seen(head.get("/pimpinan/")),
        "public page": lambda _n: _seen(visitor.get("/statistik/")),
        "public series": lambda n: _seen(visitor.get(f"/statistik/{('suket', 'permohonan', 'waktu-tunggu')[n % 3]}/")),
    }


def _seen(page: str) -> None:
    assert "</html>" in page


def memory(size: int | None) -> Figures:
    """Proportional memory (PSS) of everything that `loket demo` runs, after some work."""
    home = Path(tempfile.mkdtemp(prefix="loket-bench-"))
    home.chmod(0o755)
    loket = Stage(home, 0)
    import socket
    import sys

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        loket.port = probe.getsockname()[1]
    demo = subprocess.Popen(
        [sys.executable, "-m", "loket.cli", "demo", "--port", str(loket.port)], env=loket.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and "pids" not in _demo(home):
            time.sleep(0.5)
        time.sleep(6)
        logins = {row["username"]: row["password"] for row in _demo(home)["logins"]}
        verifier = Browser(loket.port)
        verifier.sign_in("verifikator1", logins["verifikator1"])
        for _ in range(100):
            verifier.get("/petugas/")
            verifier.get("/statistik/")
        pids = _tree(demo.pid) + _postgres(home)
        rows = [figure("everything together", sum(_pss(pid) for pid in pids), "MB (PSS)", goal=400, more=False)]
        rows += [figure(name, sum(_pss(one) for one in _tree(pid)) if name != "supervisor" else _pss(pid), "MB (PSS)")
                 for name, pid in _demo(home)["pids"].items()]  # fmt: skip
        rows.append(figure("postgres", sum(_pss(pid) for pid in _postgres(home)), "MB (PSS)"))
        return rows
    finally:
        demo.terminate()
        demo.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _demo(home: Path) -> dict[str, Any]:
    file = home / "demo.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _tree(int(child))
    return found


def _postgres(home: Path) -> list[int]:
    data = next((path for path in (home / "pg" / "data",) if path.exists()), None)
    pid = int((data / "postmaster.pid").read_text().split()[0]) if data else 0
    return _tree(pid) if pid else []


def _pss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024  # type: ignore[index]


MEASURES = {
    "lifecycle": lifecycle,
    "import": imports,
    "pages": pages,
    "memory": memory,
    "weight": lighthouse.weight,
    "lighthouse": lighthouse.lighthouse,
    "enumeration": enumeration.enumeration,
    "photos": photos,
    "webhook": webhook,
    "inboxes": inboxes,
    "campaign": campaign,
    "plan": plan.plan,
    "register": registers.register,
    "figures": lambda size: figures.frozen(size, _visits),
}
