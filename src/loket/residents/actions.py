"""Meets residents and keeps what SIAK's lists say about them; one statement however many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection

from loket.core import crypto
from loket.core.actor import Actor
from loket.core.ids import uuid7

TABLE = "residents_resident"
_COLUMNS = (
    "id, office_id, data_key, nik, nik_index, kk_number, kk_index, name, name_tokens, birth_date, phone, phone_index, "
    "address, kelurahan, met_at"
)


@dataclass(frozen=True, slots=True)
class Person:
    """A resident as a form or a list states her; all text already checked by `residents.nik` and friends."""

    nik: str
    name: str
    kk_number: str | None = None
    birth_date: date | None = None
    phone: str | None = None
    address: str | None = None
    kelurahan: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A resident's row id, her data key, and whether this was the first time she was met."""

    id: UUID
    data_key: crypto.DataKey
    nik_index: bytes
    is_new: bool


def sealed_row(person: Person, office: str, at: datetime, keyring: crypto.Keyring) -> tuple[tuple[Any, ...], Known]:
    """A row of the table in the order of its columns, every personal field sealed under a new data key."""
    row = uuid7()
    secret = crypto.new_data_key()
    wrapped = crypto.wrap(secret, row, keyring)
    key = crypto.unwrap(wrapped, row, keyring)
    nik_index = crypto.index("nik", person.nik, keyring)

    def seal(column: str, value: str | None) -> bytes | None:
        return key.seal(TABLE, column, row, value) if value else None

    values = (
        row,
        office,
        wrapped,
        seal("nik", person.nik),
        nik_index,
        seal("kk_number", person.kk_number),
        crypto.index("kk_number", person.kk_number, keyring) if person.kk_number else None,
        seal("name", person.name) or b"",
        crypto.name_tokens(person.name, keyring),
        seal("birth_date", person.birth_date.isoformat() if person.birth_date else None),
        seal("phone", person.phone),
        crypto.index("phone", person.phone, keyring) if person.phone else None,
        seal("address", person.address),
        person.kelurahan,
        at,
    )
    return values, Known(row, key, nik_index, True)


def meet(person: Person, *, by: Actor, at: datetime) -> Known:
    """The resident with this NIK, made known now if the office has never met her.

    What was known before stays as it is: what a form states is kept with the request (see `Application.claims`).
    """
    keyring = crypto.keyring()
    # Most who file are new to the office, so the insert is tried first.
    values, known = sealed_row(person, by.office, at, keyring)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(values))}) "
            "ON CONFLICT (office_id, nik_index) DO NOTHING",
            values,
        )
        if cursor.rowcount == 1:
            return known
    return _find([known.nik_index], by.office, keyring)[known.nik_index]


def meet_all(people: Sequence[Person], *, by: Actor, at: datetime) -> list[Known]:
    """The same for a list, in its order: unknown residents are copied in as one set."""
    keyring = crypto.keyring()
    indexes = [crypto.index("nik", person.nik, keyring) for person in people]
    known = _find(indexes, by.office, keyring)
    fresh: dict[bytes, tuple[object, ...]] = {}
    for person, nik_index in zip(people, indexes, strict=True):
        if nik_index not in known:
            values, resident = sealed_row(person, by.office, at, keyring)
            fresh[nik_index] = values
            known[nik_index] = resident
    if fresh:
        _copy_in(list(fresh.values()))
        # Somebody else may have met one of them meanwhile; the row that stands is the one to use.
        stands = _find(list(fresh), by.office, keyring)
        for nik_index, resident in stands.items():
            if resident.id != known[nik_index].id:
                known[nik_index] = resident
    return [known[nik_index] for nik_index in indexes]


_RESTATE = f"""
UPDATE {TABLE} SET name = %s, name_tokens = %s, birth_date = COALESCE(%s, birth_date), kk_number = COALESCE(%s, kk_number),
    kk_index = COALESCE(%s, kk_index), phone = COALESCE(%s, phone), phone_index = COALESCE(%s, phone_index),
    address = COALESCE(%s, address), kelurahan = COALESCE(NULLIF(%s, ''), kelurahan) WHERE id = %s
"""


def restate(people: Sequence[tuple[Known, Person]]) -> None:
    """What a list of the office says anew about residents it already knew; what it leaves empty stays."""
    keyring = crypto.keyring()
    rows = []
    for known, person in people:
        seal = partial(known.data_key.seal, TABLE)
        born = person.birth_date.isoformat() if person.birth_date else None
        rows.append(
            (
                seal("name", known.id, person.name),
                crypto.name_tokens(person.name, keyring),
                seal("birth_date", known.id, born) if born else None,
                seal("kk_number", known.id, person.kk_number) if person.kk_number else None,
                crypto.index("kk_number", person.kk_number, keyring) if person.kk_number else None,
                seal("phone", known.id, person.phone) if person.phone else None,
                crypto.index("phone", person.phone, keyring) if person.phone else None,
                seal("address", known.id, person.address) if person.address else None,
                person.kelurahan,
                known.id,
            )
        )
    with connection.cursor() as cursor:
        cursor.executemany(_RESTATE, rows)


_STATED = ("kk_number", "kk_index", "name", "name_tokens", "birth_date", "phone", "phone_index", "address", "kelurahan")


def stated(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What lists and forms have said of residents, as it is sealed: bytes as hexadecimal, so that it can be kept as JSON
    and brought back by `bring_back`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {', '.join(_STATED)} FROM {TABLE} WHERE id = ANY(%s)", [list(ids)])
        return {
            row: {
                name: bytes(value).hex() if isinstance(value, (bytes, memoryview)) else value
                for name, value in zip(_STATED, values, strict=True)
            }
            for row, *values in cursor.fetchall()
        }


def bring_back(before: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write back what `stated` gave for these residents."""
    sealed = {"kk_number", "kk_index", "name", "birth_date", "phone", "phone_index", "address"}

    def value(name: str, kept: Any) -> Any:
        return bytes.fromhex(kept) if name in sealed and kept is not None else kept

    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {TABLE} SET {', '.join(f'{name} = %s' for name in _STATED)} WHERE id = %s",
            [(*(value(name, kept[name]) for name in _STATED), row) for row, kept in before.items()],
        )


def forget(ids: Sequence[UUID]) -> None:
    """Remove residents whom nothing names any more; the database refuses one who is still named."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE id = ANY(%s)", [list(ids)])


def note_statuses(
    rows: Sequence[tuple[bytes, str, date]], *, over: Sequence[str] | None = None, by: Actor, at: datetime
) -> dict[bytes, str]:
    """Keep enrolment statuses (NIK index, status, as of); older news than what is known changes nothing, and with
    `over` neither does news about a status that is not named there.

    Returns what was new or changed, by NIK index.
    """
    # The last row of a NIK wins inside one list, as it would read from top to bottom.
    last = {nik_index: (status, as_of) for nik_index, status, as_of in rows}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO residents_enrolment (office_id, nik_index, status, as_of, at) "
            "SELECT %s, t.nik_index, t.status, t.as_of, %s "
            "FROM unnest(%s::bytea[], %s::text[], %s::date[]) AS t(nik_index, status, as_of) ORDER BY t.nik_index "
            "ON CONFLICT (office_id, nik_index) DO UPDATE "
            "SET status = EXCLUDED.status, as_of = EXCLUDED.as_of, at = EXCLUDED.at "
            "WHERE residents_enrolment.as_of <= EXCLUDED.as_of AND residents_enrolment.status <> EXCLUDED.status "
            "AND (%s::text[] IS NULL OR residents_enrolment.status = ANY(%s::text[])) "
            "RETURNING nik_index, status",
            [
                by.office,
                at,
                list(last),
                [status for status, _ in last.values()],
                [as_of for _, as_of in last.values()],
                list(over) if over is not None else None,
                list(over) if over is not None else None,
            ],
        )
        return {bytes(nik_index): status for nik_index, status in cursor.fetchall()}


def _find(indexes: list[bytes], office: str, keyring: crypto.Keyring) -> dict[bytes, Known]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT nik_index, id, data_key FROM {TABLE} WHERE office_id = %s AND nik_index = ANY(%s::bytea[])",
            [office, indexes],
        )
        return {
            bytes(nik_index): Known(row, crypto.unwrap(bytes(wrapped), row, keyring), bytes(nik_index), False)
            for nik_index, row, wrapped in cursor.fetchall()
        }


def _copy_in(rows: list[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS residents_new (LIKE {TABLE}) ON COMMIT DELETE ROWS")
        cursor.execute("TRUNCATE residents_new")
        with cursor.copy(f"COPY residents_new ({_COLUMNS}) FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(
                [
                    "uuid", "varchar", "bytea", "bytea", "bytea", "bytea", "bytea", "bytea", "int4[]", "bytea",
                    "bytea", "bytea", "bytea", "varchar", "timestamptz",
                ]
            )  # fmt: skip
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"INSERT INTO {TABLE} ({_COLUMNS}) SELECT {_COLUMNS} FROM residents_new ORDER BY id "
            "ON CONFLICT (office_id, nik_index) DO NOTHING"
        )
