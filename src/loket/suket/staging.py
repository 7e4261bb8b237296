"""A list on its way into the register by the browser: uploaded, columns said, checked, then read by the worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, connections, transaction

from loket import home
from loket.core import clock, crypto, media, sheets
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.core.imports import Progress
from loket.suket import importing, sheet
from loket.suket.models import Staged, Step

KEPT = timedelta(days=1)
MOST_BYTES = 20 * 1024 * 1024
KINDS = (".xlsx", ".xls", ".csv")
SHOWN = 50
# Whoever reads a list says so at every step of it; a worker that is silent for this long is dead.
_SILENT = "interval '60 seconds'"
_NEXT = f"""
UPDATE suket_staged SET claimed_at = clock_timestamp() WHERE id = (
    SELECT id FROM suket_staged WHERE step IN ('checking', 'importing')
      AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - {_SILENT})
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


@transaction.atomic
def stage(name: str, content: bytes, *, by: Actor, at: datetime) -> Staged:
    """Take a file in; what is no list is refused before anything is kept."""
    require(by, Role.ADMIN)
    suffix = Path(name).suffix.lower()
    if suffix not in KINDS:
        raise Refusal(
            "file_kind", N_("Berkas ini bukan XLSX, XLS, atau CSV. Simpan dulu dari Excel, lalu pilih lagi."), field="berkas"
        )
    if len(content) > MOST_BYTES:
        raise Refusal("file_large", N_("Berkas ini terlalu besar. Pakai perintah loket di server."), field="berkas")
    with _unpacked(content, suffix) as path:
        sheets.outline(path, sheet.FIELDS)
    row = uuid7()
    media.store([(row, content)], crypto.system_key())
    return Staged.objects.create(office_id=by.office, actor=by.name, name=Path(name).name[:120], file=row, at=at)


def outline(staged: Staged) -> sheets.Outline:
    """The head of the file, with the columns as they were recognised or said."""
    with _opened(staged) as path:
        return sheets.outline(path, sheet.FIELDS)


@transaction.atomic
def say_columns(staged_id: UUID, columns: Mapping[str, int], *, by: Actor, at: datetime) -> None:
    """Which column is which; the worker then checks every row and keeps nothing."""
    staged = _locked(staged_id, by)
    missing = [field for field in sheet.FIELDS if field.required and field.name not in columns]
    if missing:
        raise Refusal(
            "column_missing", N_("Pilih kolom {heading}."), field=missing[0].name, heading=missing[0].heading
        )
    if len(set(columns.values())) != len(columns):
        raise Refusal("column_twice", N_("Satu kolom dipilih untuk dua hal. Pilih satu saja untuk tiap kolom."), field="file")
    if staged.step in (Step.IMPORTING, Step.DONE):
        raise Refusal("staged_done", N_("Daftar ini sudah dibaca. Unggah lagi kalau perlu."), status=409)
    staged.columns, staged.step, staged.problem, staged.report = dict(columns), Step.CHECKING, None, None
    staged.done, staged.total, staged.claimed_at = 0, 0, None
    staged.save()


@transaction.atomic
def confirm(staged_id: UUID, *, by: Actor, at: datetime) -> None:
    """Read the checked list into the register; a second press changes nothing."""
    staged = _locked(staged_id, by)
    if staged.step in (Step.IMPORTING, Step.DONE):
        return
    if staged.step != Step.CHECKED:
        raise Refusal("staged_unchecked", N_("Daftar ini belum diperiksa. Tunggu pemeriksaannya selesai."), status=409)
    staged.step, staged.done, staged.claimed_at = Step.IMPORTING, 0, None
    staged.save(update_fields=["step", "done", "claimed_at"])


def find(staged_id: UUID, office: str) -> Staged:
    """A list of this office on its way; refuses one that is not, or no longer."""
    staged = Staged.objects.filter(pk=staged_id, office_id=office).first()
    if staged is None:
        raise Refusal("staged_unknown", N_("Daftar ini sudah tidak disimpan. Unggah lagi berkasnya."), status=404)
    return staged


def refused_rows(staged: Staged) -> bytes:
    """The refused rows as XLSX, the reason beside each."""
    if staged.refused is None:
        raise Refusal("none_refused", N_("Tidak ada baris yang ditolak."), status=404)
    return media.read(staged.refused, crypto.system_key())


def work() -> int:
    """Check or read one list that waits for it; returns how many were done. Called by the worker."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NEXT)
        claimed = cursor.fetchone()
    if claimed is None:
        return 0
    staged = Staged.objects.get(pk=claimed[0])
    try:
        _read(staged)
    except Refusal as problem:
        told = {"message": problem.message, "shown": {key: str(value) for key, value in problem.shown.items()}}
        Staged.objects.filter(pk=staged.pk).update(step=Step.FAILED, problem=told)
    except Exception:
        # Trying again would fail again; the list stays for a day, so that somebody can look.
        told = {"message": N_("Daftar ini tidak bisa dibaca karena kesalahan sistem. Hubungi admin sistem."), "shown": {}}
        Staged.objects.filter(pk=staged.pk).update(step=Step.FAILED, problem=told)
        raise
    return 1


def files_in_use() -> set[UUID]:
    """Every file of the media store that a list on its way names."""
    named = Staged.objects.values_list("file", "refused")
    return {row for pair in named for row in pair if row}


def forget_old(at: datetime) -> int:
    """Files of lists are deleted after a day, read or not; returns how many."""
    old = list(Staged.objects.filter(at__lt=at - KEPT)[:100])
    media.delete(file for staged in old for file in (staged.file, staged.refused) if file)
    Staged.objects.filter(pk__in=[staged.pk for staged in old]).delete()
    return len(old)


def _read(staged: Staged) -> None:
    """The whole list in one transaction, its own row with it: it is read exactly when it says so."""
    by = Actor(staged.actor, staged.office_id, frozenset({Role.ADMIN}))
    is_check = staged.step == Step.CHECKING
    stray: list[UUID] = []
    with _opened(staged) as path, _progress(staged.pk) as progress:
        try:
            with transaction.atomic():
                report = importing.import_suket(
                    path, chosen=staged.columns, dry_run=is_check, by=by, at=clock.now(), progress=progress
                )
                changes: dict[str, Any] = {
                    "report": {**report.as_dict(), "errors": report.errors[:SHOWN], "report": None}, "refused": None
                }  # fmt: skip
                if report.report:
                    stray.append(uuid7())
                    media.store([(stray[0], Path(report.report).read_bytes())], crypto.system_key())
                    changes["refused"] = stray[0]
                if not is_check:
                    changes |= {"step": Step.DONE, "source_id": report.source}
                    Staged.objects.filter(pk=staged.pk).update(**changes)
            if is_check:
                # Columns that were said anew meanwhile are still to be checked: nobody confirms by a report on others.
                same = Staged.objects.filter(pk=staged.pk, step=Step.CHECKING, columns=staged.columns)
                if not same.update(step=Step.CHECKED, **changes):
                    media.delete(stray)
                    return
        except BaseException:
            media.delete(stray)
            raise
    if staged.refused:
        media.delete([staged.refused])


@contextmanager
def _progress(staged: UUID) -> Iterator[Progress]:
    """Tells how far the reading is, on a connection of its own: its transaction shows nothing before it ends."""
    beside = connections.create_connection("default")

    def told(done: int, total: int) -> None:
        with beside.cursor() as cursor:
            cursor.execute(
                "UPDATE suket_staged SET done = %s, total = %s, claimed_at = clock_timestamp() WHERE id = %s",
                [done, total, staged],
            )

    try:
        yield told
    finally:
        beside.close()


@contextmanager
def _opened(staged: Staged) -> Iterator[Path]:
    with _unpacked(media.read(staged.file, crypto.system_key()), Path(staged.name).suffix.lower()) as path:
        yield path


@contextmanager
def _unpacked(content: bytes, suffix: str) -> Iterator[Path]:
    # The list holds NIK: it lies in the clear only where this process can read it, and only while it is read.
    with tempfile.TemporaryDirectory(dir=home.path()) as folder:
        path = Path(folder) / f"daftar{suffix}"
        path.write_bytes(content)
        yield path


def _locked(staged_id: UUID, by: Actor) -> Staged:
    require(by, Role.ADMIN)
    find(staged_id, by.office)
    return Staged.objects.select_for_update().get(pk=staged_id)
