"""Reads of applications: queues, one case, searches. Only the actor's own office is ever seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from loket.applications import rules
from loket.applications.models import Application, Document
from loket.catalogue import queries as catalogue
from loket.conversations import queries as threads
from loket.core import crypto
from loket.core.errors import N_, Refusal

RESIDENT = "residents_resident"
APPLICATION = "applications_application"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a queue or of a search."""

    id: UUID
    code: str
    service: str
    channel: str
    state: str
    name: str
    complete_at: datetime
    submitted_at: datetime
    promise_on: date
    kelurahan: str
    enrolment: str


@dataclass(frozen=True, slots=True)
class Case:
    """One application with the resident's data opened; reading it is recorded by `actions.open_case`."""

    application: Application
    name: str
    nik: str
    kk_number: str
    birth_date: str
    phone: str
    address: str
    claims: dict[str, Any]
    reason: str
    enrolment: str
    enrolment_as_of: date | None
    documents: list[Document]

    @property
    def birth_on(self) -> date | None:
        """The birth date as stated when filing."""
        stated = self.claims.get("birth_date") or self.birth_date
        return date.fromisoformat(stated) if stated else None

    @property
    def destination(self) -> str:
        """Where the post would bring the card: the address chosen, else the one stated, else the one known."""
        return self.address if self.application.address else self.claims.get("address") or self.address


_ROWS = """
SELECT a.id, a.code, a.service, a.channel, a.state, a.complete_at, a.submitted_at, a.promise_on,
       r.id, r.data_key, r.name, r.kelurahan, COALESCE(e.status, '')
FROM applications_application a
JOIN residents_resident r ON r.id = a.resident_id
LEFT JOIN residents_enrolment e ON e.office_id = r.office_id AND e.nik_index = r.nik_index
WHERE a.office_id = %s AND """


def written(states: Iterable[str]) -> str:
    """States as they stand in a statement: written out, so that the planner sees which partial index fits."""
    return ", ".join(f"'{state}'" for state in sorted(states))


def by_code(code: str, office: str) -> Application:
    """The application of that code in that office; refuses an unknown one."""
    found = Application.objects.filter(code=code, office_id=office).first()
    if found is None:
        raise unknown(code)
    return found


def unknown(code: str) -> Refusal:
    return Refusal(
        "code_unknown", N_("Kode {code} tidak kami temukan. Periksa lagi huruf dan angkanya."), status=404, code=code
    )


def place(application: Application) -> int | None:
    """How many stand before her in the order of service, plus one; None when she is no longer in line."""
    if application.state not in rules.IN_LINE:
        return None
    return places([application])[application.pk]


def places(applications: list[Application]) -> dict[UUID, int]:
    """The places of several applications that are in line."""
    found: dict[UUID, int] = {}
    with connection.cursor() as cursor:
        for item in applications:
            cursor.execute(
                "SELECT count(*) FROM applications_application WHERE office_id = %s "
                f"AND state IN ({written(rules.IN_LINE)}) AND (priority, complete_at, queue_seq) < (%s, %s, %s)",
                [item.office_id, item.priority, item.complete_at, item.queue_seq],
            )
            found[item.pk] = cursor.fetchone()[0] + 1
    return found


def queue(office: str, *, state: str = "submitted", after: str = "", limit: int = 25) -> tuple[list[Row], str]:
    """The cases in one state in order of service, and the cursor of the next page (empty at the end)."""
    where, params = "a.state = %s", list[Any]([office, state])
    if after:
        priority, complete_at, seq = _cursor(after)
        where += " AND (a.priority, a.complete_at, a.queue_seq) > (%s, %s, %s)"
        params += [priority, complete_at, seq]
    rows = _rows(f"{where} ORDER BY a.priority, a.complete_at, a.queue_seq LIMIT %s", [*params, limit + 1])
    if len(rows) <= limit:
        return rows, ""
    last = Application.objects.only("priority", "complete_at", "queue_seq").get(pk=rows[limit - 1].id)
    return rows[:limit], f"{last.priority}~{last.complete_at:%Y-%m-%dT%H:%M:%S.%fZ}~{last.queue_seq}"


def counts(office: str) -> dict[str, int]:
    """How many open applications stand in each state."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, count(*) FROM applications_application "
            f"WHERE office_id = %s AND state NOT IN ({written(rules.FINAL)}) GROUP BY state",
            [office],
        )
        return dict(cursor.fetchall())


def overdue(office: str, today: date, limit: int = 500) -> list[Application]:
    """Open requests whose promised day has passed and whose next step is the office's, oldest promise first."""
    return list(
        Application.objects.filter(office_id=office, state__in=rules.OURS, promise_on__lt=today).order_by("promise_on")[:limit]
    )


def of_contact(contact: UUID) -> list[Application]:
    """The applications that a contact filed or gets notices of, newest first."""
    return list(Application.objects.filter(contact_id__in=threads.names(contact)).order_by("-submitted_at")[:20])


def by_ids(ids: Sequence[UUID], office: str) -> list[Application]:
    """These applications, as far as they are the office's."""
    return list(Application.objects.filter(pk__in=ids, office_id=office)) if ids else []


def contacts_of(ids: Sequence[UUID]) -> list[UUID]:
    """The contacts that get the news of these applications."""
    return list(Application.objects.filter(pk__in=ids, contact_id__isnull=False).values_list("contact_id", flat=True))


def by_name(text: str, office: str, *, limit: int = 20) -> list[Row]:
    """Applications of residents whose name holds every word of `text` (a word may be cut short after four letters)."""
    keyring, words = crypto.keyring(), text.upper().split()
    found: list[Row] = []
    # First by every word, which is narrow; when nobody has them all, without the short ones, which may be the
    # beginnings of longer words.
    narrow, wide = crypto.name_tokens(text, keyring), crypto.search_tokens(text, keyring)
    for tokens, most in ((narrow, limit + 5), (wide, 200)):
        if not tokens:
            break
        rows = _rows(
            "r.id IN (SELECT id FROM residents_resident WHERE office_id = %s AND name_tokens @> %s::int[] LIMIT %s) "
            "ORDER BY a.submitted_at DESC LIMIT 200",
            [office, office, tokens, most],
        )
        # Tokens are truncated on purpose, so that they hide equality; the opened name decides.
        found = [row for row in rows if crypto.name_matches(row.name, words)]
        is_all = len(rows) < most
        if len(found) >= limit or (is_all and (found or tokens == wide)):
            break
    return found[:limit]


def by_codes(codes: list[str], office: str) -> list[Row]:
    """The lines of these codes."""
    return _rows("a.code = ANY(%s)", [office, codes])


def by_nik(nik_index: bytes, office: str) -> list[Row]:
    """Applications of the resident with this NIK index; doors go through `actions.search_nik`, which records it."""
    return _rows(
        "r.office_id = %s AND r.nik_index = %s ORDER BY a.submitted_at DESC LIMIT 50", [office, office, nik_index]
    )


def case(application: Application) -> Case:
    """The resident's data of one application, opened."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id, r.data_key, r.nik, r.kk_number, r.name, r.birth_date, r.phone, r.address, e.status, e.as_of "
            "FROM residents_resident r LEFT JOIN residents_enrolment e "
            "ON e.office_id = r.office_id AND e.nik_index = r.nik_index WHERE r.id = %s",
            [application.resident_id],
        )
        row, wrapped, nik, kk, name, born, phone, address, status, as_of = cursor.fetchone()
    key = crypto.unwrap(bytes(wrapped), row, crypto.keyring())

    def text(column: str, blob: bytes | None) -> str:
        return key.open_text(RESIDENT, column, row, bytes(blob)) if blob else ""

    own = application.pk
    return Case(
        application=application,
        name=text("name", name),
        nik=text("nik", nik),
        kk_number=text("kk_number", kk),
        birth_date=text("birth_date", born),
        phone=text("phone", phone),
        address=key.open_text(APPLICATION, "address", own, bytes(application.address))
        if application.address
        else text("address", address),
        claims=json.loads(key.open_text(APPLICATION, "claims", own, bytes(application.claims))),
        reason=key.open_text(APPLICATION, "reason", own, bytes(application.reason)) if application.reason else "",
        enrolment=status or "",
        enrolment_as_of=as_of,
        documents=sorted(
            Document.objects.filter(application=application, replaced_at=None, deleted_at=None).select_related("twin"),
            key=lambda paper: catalogue.service(application.service).documents.index(paper.kind),
        ),
    )


def is_birth_date(code: str, born: date, office: str) -> bool:
    """Whether a request of this code states this birth date. The nearest request is opened and only then asked whether
    it is the one: a code of nobody costs the same work as one that exists, so the time tells nothing."""
    nearest = Application.objects.filter(office_id=office, code__gte=code).order_by("code").first()
    return nearest is not None and case(nearest).birth_on == born and nearest.code == code


def resident_key(application: Application) -> crypto.DataKey:
    """The data key of the resident an application is for."""
    return resident_keys([application])[application.pk]


def resident_keys(applications: Sequence[Application]) -> dict[UUID, crypto.DataKey]:
    """The data keys of the residents, by the id of each application."""
    keyring = crypto.keyring()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, data_key FROM residents_resident WHERE id = ANY(%s)", [[item.resident_id for item in applications]]
        )
        keys = {row: crypto.unwrap(bytes(wrapped), row, keyring) for row, wrapped in cursor.fetchall()}
    return {item.pk: keys[item.resident_id] for item in applications}


def _rows(where: str, params: list[Any]) -> list[Row]:
    keyring = crypto.keyring()
    with connection.cursor() as cursor:
        cursor.execute(_ROWS + where, params)
        found = cursor.fetchall()
    return [
        Row(
            id=row[0],
            code=row[1],
            service=row[2],
            channel=row[3],
            state=row[4],
            name=crypto.unwrap(bytes(row[9]), row[8], keyring).open_text(RESIDENT, "name", row[8], bytes(row[10])),
            complete_at=row[5],
            submitted_at=row[6],
            promise_on=row[7],
            kelurahan=row[11],
            enrolment=row[12],
        )
        for row in found
    ]


def _cursor(text: str) -> tuple[int, datetime, int]:
    try:
        priority, complete_at, seq = text.split("~")
        return int(priority), datetime.fromisoformat(complete_at), int(seq)
    except ValueError as error:
        raise Refusal("cursor", N_("Penanda halaman ini tidak dikenal. Mulai lagi dari halaman pertama.")) from error
