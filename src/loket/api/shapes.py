"""The bodies that calls take. Unknown members are refused, so that a typing error never passes in silence."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=600)]
Code = Annotated[str, Field(max_length=20)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AddressIn(Body):
    line: Annotated[str, Field(max_length=200)]
    kelurahan: Annotated[str, Field(max_length=13, description="Kemendagri code, such as 36.72.01.1001")]
    postal_code: Annotated[str, Field(max_length=5)] = ""


class DocumentIn(Body):
    kind: Annotated[str, Field(max_length=20)]
    content_base64: Annotated[str, Field(max_length=14_000_000)]


class ApplicationIn(Body):
    service: Annotated[str, Field(max_length=20)]
    nik: Annotated[str, Field(max_length=40)]
    kk_number: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=200)]
    birth_date: date
    phone: Annotated[str, Field(max_length=30)]
    address: AddressIn
    documents: Annotated[list[DocumentIn], Field(max_length=6)]
    channel: Literal["online", "counter"] = "online"


class StatusItem(Body):
    nik: Annotated[str, Field(max_length=40)]
    status: Annotated[str, Field(max_length=40)]
    as_of: date


class VerdictItem(Body):
    code: Code
    verdict: Annotated[str, Field(max_length=10)]
    reason: Text = ""
    fields: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=12)] = []


class BatchIn(Body):
    size: int


class PrintItem(Body):
    code: Code
    result: Annotated[str, Field(max_length=20)]


class ChoiceIn(Body):
    method: Annotated[str, Field(max_length=10)]
    address: AddressIn | None = None


class CodeItem(Body):
    code: Code


class CountIn(Body):
    count: int


class HandoverItem(Body):
    code: Code
    tracking_number: Annotated[str, Field(max_length=40)] = ""


class DeliveryItem(Body):
    code: Code
    scan_id: Annotated[str, Field(max_length=64)]
    outcome: Annotated[str, Field(max_length=10)]
    receiver: Annotated[str, Field(max_length=120)] = ""
    relation: Annotated[str, Field(max_length=20)] = "self"
    suket: Annotated[str, Field(max_length=16)] = "none"
    reason: Annotated[str, Field(max_length=40)] = ""


class PickupItem(Body):
    code: Code
    pickup_code: Annotated[str, Field(max_length=12)]
    receiver: Annotated[str, Field(max_length=120)]
    relation: Annotated[str, Field(max_length=20)]
    suket: Annotated[str, Field(max_length=16)]


class Statuses(Body):
    items: Annotated[list[StatusItem], Field(min_length=1, max_length=200)]


class Verdicts(Body):
    items: Annotated[list[VerdictItem], Field(min_length=1, max_length=200)]


class Prints(Body):
    items: Annotated[list[PrintItem], Field(min_length=1, max_length=200)]


class Codes(Body):
    items: Annotated[list[CodeItem], Field(min_length=1, max_length=200)]


class Handovers(Body):
    items: Annotated[list[HandoverItem], Field(min_length=1, max_length=200)]


class Deliveries(Body):
    items: Annotated[list[DeliveryItem], Field(min_length=1, max_length=200)]


class Pickups(Body):
    items: Annotated[list[PickupItem], Field(min_length=1, max_length=200)]


class Problem(Schema):
    type: str
    title: str
    status: int
    detail: str
    code: str


class Result(Schema):
    code: str
    ok: bool
    state: str | None = None
    problem: Problem | None = None


class Results(Schema):
    results: list[Result]


class ReceiptOut(Schema):
    code: str
    state: str
    place: int | None
    promise_on: date


class BatchOut(Schema):
    batch: UUID
    codes: list[str]


class ManifestOut(Schema):
    manifest: UUID | None
    results: list[Result]
