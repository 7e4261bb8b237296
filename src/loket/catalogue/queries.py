"""What the office offers: services and the papers they ask for, read once from `services.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from loket.core.errors import N_, Refusal


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `documents` are the kinds of paper asked for; `promise_days` are working days."""

    code: str
    product: str
    slot: str
    documents: tuple[str, ...]
    takes_back: str
    promise_days: int
    priority: int
    form: str
    names: dict[str, str]
    summaries: dict[str, str]
    version: int

    @property
    def is_card(self) -> bool:
        return self.slot == "card"

    def name(self, language: str = "id") -> str:
        return self.names[language]

    def summary(self, language: str = "id") -> str:
        return self.summaries[language]


@lru_cache(maxsize=1)
def _catalogue() -> tuple[dict[str, Service], dict[str, dict[str, str]]]:
    with (Path(__file__).parent / "services.toml").open("rb") as file:
        data = tomllib.load(file)
    services = {
        row["code"]: Service(
            code=row["code"],
            product=row["product"],
            slot=row["slot"],
            documents=tuple(row["documents"]),
            takes_back=row["takes_back"],
            promise_days=row["promise_days"],
            priority=row["priority"],
            form=row["form"],
            names={"id": row["id"], "en": row["en"]},
            summaries={"id": row["summary_id"], "en": row["summary_en"]},
            version=data["version"],
        )
        for row in data["service"]
    }
    documents = {row["kind"]: {"id": row["id"], "en": row["en"]} for row in data["document"]}
    return services, documents


def services() -> list[Service]:
    """Every service, in the order in which pages show them."""
    return list(_catalogue()[0].values())


def service(code: str) -> Service:
    """The service of that code; refuses an unknown one."""
    found = _catalogue()[0].get(code)
    if found is None:
        raise Refusal(
            "service_unknown",
            N_("Layanan {service} tidak ada. Pilih salah satu: {choices}."),
            field="service",
            service=code[:40],
            choices=", ".join(_catalogue()[0]),
        )
    return found


def document_name(kind: str, language: str = "id") -> str:
    """What a kind of paper is called on screen."""
    return _catalogue()[1][kind][language]


def paper_name(kind: str, language: str) -> str:
    """What the photo of this kind shows: its name without the word for photo."""
    return document_name(kind, language).removeprefix("Foto ").removeprefix("Photo of ")
