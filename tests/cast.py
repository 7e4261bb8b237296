"""The fixed cast, named by role: a resident, the office's people, and a verifier of another office."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from uuid import uuid4

from PIL import Image, ImageDraw, ImageFont

from loket.applications import actions as applications
from loket.applications.filing import Address, Filing, Paper
from loket.catalogue import queries as catalogue
from loket.core import clock, crypto
from loket.core.actor import Actor, Role
from loket.core.actor import resident as as_resident
from loket.delivery import actions as delivery
from loket.offices.models import Office, Region
from loket.printing import actions as printing
from loket.residents import nik as niks
from loket.staff import actions as staff
from loket.stock import actions as stock

CILEGON = "36.72"
ELSEWHERE = "36.04"
NOW = datetime(2020, 6, 2, 2, 0, tzinfo=UTC)
PASSWORD = "kata-sandi-uji-12"
_serials = itertools.count(1)


@dataclass
class Cast:
    """Actors by role; accounts exist for each, all with the same password."""

    resident: Actor
    recorder: Actor
    counter: Actor
    verifier: Actor
    verifier2: Actor
    printer: Actor
    custodian: Actor
    dispatcher: Actor
    courier: Actor
    head: Actor
    auditor: Actor
    admin: Actor
    stranger: Actor
    at: datetime = field(default_factory=clock.now)


def build(at: datetime = NOW) -> Cast:
    """Two offices and everybody in them; the clock stands at nine in the morning of 2 June 2020."""
    clock.move_to(at)
    for code, name, city in ((CILEGON, "Disdukcapil Kota Cilegon", "Kota Cilegon"), (ELSEWHERE, "Disdukcapil Contoh", "Kabupaten Contoh")):
        office = Office.objects.create(
            code=code, name=name, city=city, address="Jalan Contoh 1", wa_number="+62254000000",
            opens_at=time(8), closes_at=time(15),
        )  # fmt: skip
        parent = Region.objects.create(code=f"{code}.01", office=office, name="Cibeber")
        for number, kelurahan in enumerate(("Cibeber", "Kedaleman"), start=1):
            Region.objects.create(
                code=f"{code}.01.100{number}", office=office, name=kelurahan, parent=parent, postal_code=f"4242{number}"
            )
    people = {
        "recorder": Role.RECORDER, "counter": Role.COUNTER, "verifier": Role.VERIFIER, "verifier2": Role.VERIFIER,
        "printer": Role.PRINTER, "custodian": Role.CUSTODIAN, "dispatcher": Role.DISPATCHER, "courier": Role.COURIER,
        "head": Role.HEAD, "auditor": Role.AUDITOR, "admin": Role.ADMIN,
    }  # fmt: skip
    root = Actor("loket:test", CILEGON)
    actors = {name: _account(name, role, root, at) for name, role in people.items()}
    stranger = _account("stranger", Role.VERIFIER, Actor("loket:test", ELSEWHERE), at)
    return Cast(resident=as_resident(CILEGON), stranger=stranger, at=at, **actors)


def _account(name: str, role: Role, root: Actor, at: datetime) -> Actor:
    return staff.open_account(
        username=name, full_name=name.title(), password=PASSWORD, roles=[role], by=root, at=at
    ).actor()


@lru_cache
def photo(shade: int = 0) -> bytes:
    """A JPEG of 800×600 as a phone's page sends it after shrinking: a sheet that says it is an example."""
    picture = Image.new("RGB", (800, 600), (90 + shade % 100, 120, 110))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((70, 40, 730, 560), fill=(250, 248, 242))
    draw.text((400, 90), "CONTOH", font=ImageFont.load_default(44), fill=(60, 60, 60), anchor="mm")
    for row, width in enumerate((520, 460, 540, 380, 500, 430, 540, 300)):
        draw.rectangle((110, 150 + 48 * row, 240, 168 + 48 * row), fill=(205, 205, 200))
        draw.rectangle((260, 150 + 48 * row, 130 + width, 168 + 48 * row), fill=(150, 150, 148))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def filing(service: str = "KTP_NEW", **given: object) -> Filing:
    """A request with complete papers by a new synthetic resident, or by the one given with `nik`."""
    wanted = catalogue.service(service)
    born = given.pop("birth_date", date(1990, 5, 17))
    number = next(_serials)
    values: dict[str, object] = {
        "service": wanted,
        "nik": niks.synthetic_nik(number, born, is_woman=True),
        "kk_number": f"367299150312{number % 9999 + 1:04d}",
        "name": "Siti Aisyah",
        "birth_date": born,
        "phone": f"0812{10_000_000 + number}",
        "address": Address("Jalan Mawar 3 RT 01 RW 02", f"{CILEGON}.01.1001"),
        "papers": [Paper(kind, photo()) for kind in wanted.documents],
        "channel": "online",
    }
    return Filing(**{**values, **given})  # type: ignore[arg-type]


def file(cast: Cast, service: str = "KTP_NEW", **given: object) -> applications.Receipt:
    """File a request by the real road."""
    by = cast.counter if given.get("channel") == "counter" else cast.resident
    return applications.file(filing(service, **given), by=by, at=clock.now())


def print_ready(cast: Cast, *niks_: str) -> None:
    """SIAK says PRINT_READY_RECORD for these NIK."""
    rows = [(crypto.index("nik", nik, crypto.keyring()), "PRINT_READY_RECORD", clock.now().date()) for nik in niks_]
    applications.take_statuses(rows, by=cast.admin, at=clock.now())


def ready(cast: Cast, service: str = "KTP_NEW", **given: object) -> str:
    """A case that waits for the printer; returns its code."""
    wanted = filing(service, **given)
    receipt = applications.file(wanted, by=cast.resident, at=clock.now())
    print_ready(cast, wanted.nik)
    result = applications.decide([applications.Verdict(receipt.code, "approve")], by=cast.verifier, at=clock.now())[0]
    assert result.problem is None, result.problem
    return receipt.code


def blanks(cast: Cast, quantity: int) -> None:
    """Blanks come from the ministry."""
    stock.receive(quantity=quantity, letter=uuid4().hex, by=cast.custodian, at=clock.now())


def printed(cast: Cast, service: str = "KTP_NEW", **given: object) -> str:
    """A case whose card has just been printed; returns its code."""
    code = ready(cast, service, **given)
    blanks(cast, 1)
    batch, codes = printing.open_batch(1, by=cast.printer, at=clock.now())
    assert codes == [code]
    printing.settle(batch.pk, [printing.Outcome(code, "printed")], by=cast.printer, at=clock.now())
    return code


def in_transit(cast: Cast, service: str = "KTP_NEW", **given: object) -> str:
    """A case whose envelope the post has taken over; returns its code."""
    code = printed(cast, service, **given)
    delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
    delivery.hand_over(manifest.pk, [(code, "")], by=cast.courier, at=clock.now())
    return code
