"""Moves locked rows along the table of moves as sets, writes the trail, and queues what the resident hears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loket.applications import queries, rules
from loket.applications.models import Application
from loket.audit import actions as audit
from loket.catalogue import queries as catalogue
from loket.conversations import actions as conversations
from loket.core.actor import Actor, require
from loket.core.errors import N_, Refusal

# Plain text: one statement however many codes, so that it is planned once per connection.
_LOCK = "SELECT * FROM applications_application WHERE office_id = %s AND code = ANY(%s) ORDER BY id FOR UPDATE"


@dataclass(frozen=True, slots=True)
class Result:
    """How one item of a set came out; `problem` is set when it was refused."""

    code: str
    state: str | None = None
    problem: Refusal | None = None


def lock(codes_: Iterable[str], office: str) -> dict[str, Application]:
    """Hold the rows of these codes until the transaction ends, always in the same order; unknown codes are absent."""
    return {row.code: row for row in Application.objects.raw(_LOCK, [office, list(set(codes_))])}


def each(
    codes: Sequence[str], held: Mapping[str, Application], check: Callable[[Application], None], *, reached: str
) -> tuple[list[Application], list[Result]]:
    """Sort items into those that stand and those that are refused, in the order they came."""
    taken: dict[str, Application] = {}
    results: list[Result] = []
    for code in codes:
        try:
            if code not in held:
                raise queries.unknown(code)
            if code in taken:
                raise Refusal("twice", N_("Kode {code} tertulis dua kali dalam satu kiriman."), status=409, code=code)
            check(held[code])
            taken[code] = held[code]
            results.append(Result(code, reached))
        except Refusal as problem:
            results.append(Result(code, problem=problem))
    return list(taken.values()), results


def check_move(application: Application, name: str, by: Actor) -> None:
    """Refuse a move that the table does not know from this state, or not for this actor."""
    move = rules.MOVES[name]
    require(by, *move.roles)
    if application.state not in move.sources:
        raise Refusal(
            "state",
            N_("Permohonan {code} sedang berstatus {state}, jadi langkah ini tidak bisa dilakukan. Muat ulang halaman."),
            status=409,
            code=application.code,
            state=application.state,
        )


def move(
    applications: Sequence[Application],
    name: str,
    *,
    by: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    body: Mapping[UUID, dict[str, Any]] | None = None,
) -> None:
    """Make one move of locked rows as a set: one UPDATE, one INSERT of their entries in the trail.

    `changes` are further columns, the same for all; `body` adds to the entry of single cases.
    """
    if not applications:
        return
    for application in applications:
        check_move(application, name, by)
    target = rules.MOVES[name].target
    columns: dict[str, Any] = {"state": target, "state_at": at, **(changes or {})}
    if target in rules.FINAL:
        columns["finished_at"] = at
    Application.objects.filter(pk__in=[item.pk for item in applications]).update(**columns)
    facts = []
    for application in applications:
        own = (body or {}).get(application.pk, {})
        facts.append(
            audit.Fact(
                f"application.{name}", application.pk, application.resident_id,
                {"code": application.code, "state": [application.state, target], **own},
            )
        )  # fmt: skip
        for column, value in columns.items():
            setattr(application, column, value)
    audit.record(facts, by=by, at=at)


def tell(
    applications: Sequence[Application],
    notice: str,
    params: Mapping[UUID, dict[str, Any]] | None = None,
    private: Mapping[UUID, dict[str, str]] | None = None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Queue a notice to the residents of these applications, in the caller's transaction."""
    conversations.notify(
        [
            conversations.Notice(
                contact_id=item.contact_id,
                notice=notice,
                case_id=item.pk,
                params={
                    "code": item.code,
                    "promise_on": item.promise_on.isoformat(),
                    "service": catalogue.service(item.service).names,
                    **((params or {}).get(item.pk, {})),
                },
                private=(private or {}).get(item.pk, {}),
            )
            for item in applications
            if item.contact_id
        ],
        by=by,
        at=at,
    )
