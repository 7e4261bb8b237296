"""Who acts: every action names its actor, and every entry of the trail keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loket.core.errors import N_, Refusal


class Role(StrEnum):
    """What somebody may do, see `docs/glossary.md`. One account may hold several; that one person does not file, verify
    and print the same case is checked per case."""

    RESIDENT = "resident"
    RECORDER = "recorder"
    COUNTER = "counter"
    VERIFIER = "verifier"
    PRINTER = "printer"
    CUSTODIAN = "custodian"
    DISPATCHER = "dispatcher"
    COURIER = "courier"
    HEAD = "head"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts in one office.

    `name` is what the trail shows: an account name, `warga` for a resident, or the name of a job.
    """

    name: str
    office: str
    roles: frozenset[Role] = frozenset()

    @property
    def is_system(self) -> bool:
        """Whether this is Loket itself, in one of its jobs; accounts and tokens cannot have such a name."""
        return self.name.startswith("loket:")

    def may(self, *roles: Role) -> bool:
        return self.is_system or not self.roles.isdisjoint(roles)


def require(by: Actor, *roles: Role) -> None:
    """Refuse (403) an actor who holds none of the roles."""
    if not by.may(*roles):
        raise Refusal(
            "role", N_("Peran Anda tidak boleh melakukan ini. Minta bantuan petugas yang berwenang."), status=403
        )


def resident(office: str) -> Actor:
    """A resident acting for herself, by link, form or chat."""
    return Actor("warga", office, frozenset({Role.RESIDENT}))


def system(office: str, job: str) -> Actor:
    """Loket itself, in the job of that name."""
    return Actor(f"loket:{job}", office)
