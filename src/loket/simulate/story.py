"""One application's way as rows: its resident, its moves with their entries in the trail, its card and its proof."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from loket.applications import rules
from loket.audit import actions as audit
from loket.catalogue import queries as catalogue
from loket.core import codes, crypto
from loket.core.ids import uuid7
from loket.offices.queries import OfficeView
from loket.simulate.city import Figure
from loket.simulate.tables import Rows

RESIDENT = "residents_resident"
FEE = 14_000


@dataclass(slots=True)
class Met:
    """A resident whose row exists."""

    id: UUID
    key: crypto.DataKey
    nik_index: bytes
    figure: Figure


@dataclass(slots=True)
class App:
    """An application on its way; what is set here becomes its row."""

    id: UUID
    code: str
    service: catalogue.Service
    channel: str
    met: Met
    contact: UUID | None
    submitted_at: datetime
    promise_on: date
    filed_by: str
    state_at: datetime
    state: str = "submitted"
    verifier: str = ""
    verified_at: datetime | None = None
    printed_at: datetime | None = None
    finished_at: datetime | None = None
    method: str = ""
    chosen_at: datetime | None = None
    fix_fields: list[str] = field(default_factory=list)
    reason: str = ""
    spoiled: int = 0


class Book:
    """Collects the rows of a history for one office."""

    def __init__(self, office: OfficeView):
        self.office, self.rows, self.ring = office, Rows(), crypto.keyring()
        self.entries: list[tuple[datetime, tuple[Any, ...]]] = []
        self.movements: list[tuple[datetime, dict[str, Any]]] = []
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            self.xid = cursor.fetchone()[0]

    def meet(self, figure: Figure, at: datetime, status: str = "", as_of: date | None = None) -> Met:
        """A resident's row, every personal field sealed, and what SIAK says about her."""
        row, ring = uuid7(int(at.timestamp() * 1000)), self.ring
        wrapped = crypto.wrap(crypto.new_data_key(), row, ring)
        key = crypto.unwrap(wrapped, row, ring)
        nik_index = crypto.index("nik", figure.nik, ring)
        self.rows.add(
            RESIDENT, id=row, office_id=self.office.code, data_key=wrapped,
            nik=key.seal(RESIDENT, "nik", row, figure.nik), nik_index=nik_index,
            kk_number=key.seal(RESIDENT, "kk_number", row, figure.kk_number),
            kk_index=crypto.index("kk_number", figure.kk_number, ring),
            name=key.seal(RESIDENT, "name", row, figure.name), name_tokens=crypto.name_tokens(figure.name, ring),
            birth_date=key.seal(RESIDENT, "birth_date", row, figure.birth_date.isoformat()),
            phone=key.seal(RESIDENT, "phone", row, figure.phone), phone_index=crypto.index("phone", figure.phone, ring),
            address=key.seal(RESIDENT, "address", row, self.address(figure)), kelurahan=figure.kelurahan, met_at=at,
        )  # fmt: skip
        if status:
            self.rows.add(
                "residents_enrolment", office_id=self.office.code, nik_index=nik_index, status=status, as_of=as_of, at=at
            )
        return Met(row, key, nik_index, figure)

    def contact(self, figure: Figure, at: datetime) -> UUID:
        """The WhatsApp contact with a resident's number."""
        row = uuid7(int(at.timestamp() * 1000))
        wrapped = crypto.wrap(crypto.new_data_key(), row, self.ring)
        key = crypto.unwrap(wrapped, row, self.ring)
        self.rows.add(
            "conversations_contact", id=row, office_id=self.office.code, data_key=wrapped,
            phone=key.seal("conversations_contact", "phone", row, figure.phone),
            phone_index=crypto.index("phone", figure.phone, self.ring),
            name=key.seal("conversations_contact", "name", row, figure.name), created_at=at,
        )  # fmt: skip
        return row

    def file(self, met: Met, service: catalogue.Service, channel: str, at: datetime, contact: UUID | None) -> App:
        """A request is filed."""
        local = self.office.working_days_from(at.date(), service.promise_days)
        app = App(
            uuid7(int(at.timestamp() * 1000)), codes.generate(), service, channel, met, contact, at, local,
            "warga" if channel == "online" else "loket1", at,
        )  # fmt: skip
        self.entry(
            at, app.filed_by, "application.file", app,
            {"channel": channel, "documents": list(service.documents), "kelurahan": met.figure.kelurahan,
             "promise_on": local.isoformat(), "service": service.code, "state": [None, "submitted"]},
        )  # fmt: skip
        return app

    def move(self, app: App, name: str, at: datetime, actor: str, **body: Any) -> None:
        """One move of the table, with its entry in the trail."""
        move = rules.MOVES[name]
        if app.state not in move.sources:
            raise ValueError(f"{name} does not leave {app.state}")
        self.entry(at, actor, f"application.{name}", app, {"state": [app.state, move.target], **body})
        app.state, app.state_at = move.target, at
        if move.target in rules.FINAL:
            app.finished_at = at

    def entry(
        self, at: datetime, actor: str, action: str, app: App | None, body: dict[str, Any], subject: UUID | None = None
    ) -> None:
        """An entry of the trail, with its salted leaf."""
        case, subject = (app.id, app.met.id) if app else (None, subject)
        fact = audit.Fact(action, case, subject, {"code": app.code, **body} if app else body)
        salt = os.urandom(16)
        leaf = audit.leaf(salt, office=self.office.code, actor=actor, at=at, fact=fact)
        self.entries.append(
            (at, (self.xid, self.office.code, actor, action, case, subject, audit.canonical(fact.body), salt, leaf, at, at))
        )

    def movement(self, at: datetime, source: str, target: str, quantity: int, key: str, **given: Any) -> None:
        """A movement of blanks."""
        values = {"document": "batch", "document_id": "", "case_id": None, "reason": "", "actor": "cetak1", **given}
        self.movements.append(
            (at, {"from_place": source, "to_place": target, "quantity": quantity, "key": key, "at": at, **values})
        )

    def keep(self, app: App, today: date) -> None:
        """The application's own row, as it stands now."""
        key, figure = app.met.key, app.met.figure
        if app.finished_at is None and app.promise_on <= today:
            # Whoever still waits has long been told a new date.
            app.promise_on = self.office.working_days_from(today, 2 + int(figure.nik[-2:]) % 9)
        claims = {
            "address": self.address(figure), "birth_date": figure.birth_date.isoformat(), "kelurahan": figure.kelurahan,
            "kk_number": figure.kk_number, "line": figure.line, "name": figure.name, "phone": figure.phone,
            "postal_code": "",
        }  # fmt: skip
        self.rows.add(
            "applications_application", id=app.id, office_id=self.office.code, code=app.code, service=app.service.code,
            service_version=app.service.version, product=app.service.product, slot=app.service.slot, channel=app.channel,
            state=app.state, state_at=app.state_at, resident_id=app.met.id, contact_id=app.contact,
            priority=app.service.priority, complete_at=app.submitted_at, submitted_at=app.submitted_at,
            promise_on=app.promise_on, filed_by=app.filed_by, verifier=app.verifier, verified_at=app.verified_at,
            printed_at=app.printed_at, finished_at=app.finished_at, fix_fields=app.fix_fields, method=app.method,
            chosen_at=app.chosen_at, fee=FEE if app.method == "post" else None,
            claims=key.seal("applications_application", "claims", app.id, json.dumps(claims)),
            reason=key.seal("applications_application", "reason", app.id, app.reason) if app.reason else None,
        )  # fmt: skip

    def hand_into(self, app: App, at: datetime, actor: str, handling: str) -> None:
        """The proof that the card is in the hand."""
        self.rows.add(
            "delivery_handover", application_id=app.id, method=app.method,
            receiver=app.met.key.seal("delivery_handover", "receiver", app.id, app.met.figure.name), relation="self",
            suket=handling, actor=actor, at=at,
        )  # fmt: skip

    def letter(self, met: Met, issued_on: date, at: datetime, number: int, **outcome: Any) -> None:
        """A Suket of the register; with an outcome it is settled."""
        row = uuid7(int(at.timestamp() * 1000))
        text = f"471.13/{number:05d}/SKT/{issued_on.year}"
        fingerprint = crypto.index("suket", f"{text}|{issued_on}|{met.figure.kelurahan}", self.ring)
        self.rows.add(
            "suket_letter", id=row, office_id=self.office.code, resident_id=met.id,
            number=met.key.seal("suket_letter", "number", row, text), fingerprint=fingerprint, issued_on=issued_on,
            kelurahan=met.figure.kelurahan, registered_at=at, **outcome,
        )  # fmt: skip
        if outcome:
            body = {"letter": str(row), "outcome": outcome["outcome"]}
            self.entry(outcome["settled_at"], outcome["settled_by"], "suket.settle", None, body, met.id)

    def address(self, figure: Figure) -> str:
        """The address on one line, as an envelope shows it."""
        office = self.office
        kecamatan = office.kecamatan.get(figure.kelurahan.rsplit(".", 1)[0], "")
        return (
            f"{figure.line}, Kel. {office.kelurahan[figure.kelurahan]}, Kec. {kecamatan}, {office.city} "
            f"{office.postal_codes.get(figure.kelurahan, '')}".strip()
        )

    def write(self) -> None:
        """Copy everything in: the trail and the ledger in the order in which things happened."""
        for _, values in sorted(self.movements, key=itemgetter(0)):
            self.rows.add("stock_movement", office_id=self.office.code, product="KTP_EL", **values)
        self.rows.kept["audit_entry"] += [values for _, values in sorted(self.entries, key=itemgetter(0))]
        self.entries, self.movements = [], []
        self.rows.write()
