"""What every part of the emulator shares: settings, store, clock, ids and the knobs a test may turn."""

import json
import random
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from wa_emulator.clock import Clock
from wa_emulator.ids import Ids
from wa_emulator.store import Store


@dataclass(frozen=True)
class Settings:
    """What the command line said."""

    callback: str
    app_secret: str
    verify_token: str
    token: str
    phone_id: str
    port: int
    display_number: str = "622547800000"
    business_name: str = "Disdukcapil Kota Cilegon"
    account: str = "102290129340398"
    accept_any_template: bool = False


@dataclass
class Knobs:
    """How the provider misbehaves; the defaults are a good day."""

    paused: bool = False  # keep webhooks back, so that they pile up
    batch_size: int = 1  # updates in one POST, up to 1.000
    shuffle_window: int = 0  # updates taken at random from so many waiting ones
    dup_rate: float = 0.0  # share of POSTs that are sent again although they were accepted
    dup_delay_seconds: float = 30.0  # at most so long after the first
    delivered_after_seconds: float = 0.5
    timeout_seconds: float = 10.0  # for one POST to the product
    window_errors: str = "sync"  # or "async": accepted first, then failed with 131047
    plan: str = "normal"
    plans: dict[str, str] = field(default_factory=dict)  # by number
    refusals: list[int] = field(default_factory=list)  # error codes for the next sends, one each

    def turn(self, changes: dict[str, Any]) -> None:
        """Sets the named knobs; unknown names and values of another type are refused, and then nothing changes."""
        known = {knob.name: getattr(self, knob.name) for knob in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"{name}: unknown knob; there are {', '.join(known)}")
            wanted = (int, float) if isinstance(known[name], float) else type(known[name])
            if not isinstance(value, wanted):
                raise ValueError(f"{name}: needs {type(known[name]).__name__}")
        for name, value in changes.items():
            setattr(self, name, value)
        self.batch_size = min(max(self.batch_size, 1), 1000)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class World:
    """One emulated provider with one business number."""

    def __init__(self, settings: Settings, store: Store, *, now: float | None, seed: str | None) -> None:
        self.settings = settings
        self.store = store
        self.seed = self._seed(seed)
        self.clock = Clock(now if now is not None else store.recall("clock", time.time()))
        self.ids = Ids(self.seed, store)
        self.knobs = Knobs()
        self.knobs.turn(store.recall("knobs", {}))
        self.random = random.Random(self.seed)
        self.awake = threading.Event()
        self.stopping = threading.Event()
        self._waiting_since_before(self.clock.now())

    def _seed(self, given: str | None) -> str:
        """Without --seed one is drawn and kept: two stores never give out the same message id."""
        seed = given or self.store.recall("seed") or secrets.token_hex(8)
        self.store.remember("seed", seed)
        return str(seed)

    @property
    def metadata(self) -> dict[str, str]:
        return {"display_phone_number": self.settings.display_number, "phone_number_id": self.settings.phone_id}

    def person(self, number: str) -> dict[str, Any] | None:
        row = self.store.one("SELECT * FROM people WHERE number = ?", number)
        return dict(row) if row else None

    def meet(self, number: str, name: str | None = None, *, hides_number: bool | None = None) -> dict[str, Any]:
        """The person with this number, made if he is new; a given name replaces the old one."""
        self.store.run(
            "INSERT INTO people (number, name, user_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            number, name or f"+{number}", self.ids.user_id(number),
        )  # fmt: skip
        if name:
            self.store.run("UPDATE people SET name = ? WHERE number = ?", name, number)
        if hides_number is not None:
            self.store.run("UPDATE people SET hides_number = ? WHERE number = ?", int(hides_number), number)
        return self.person(number) or {}

    def move_clock(self, to: float) -> None:
        """Sets the clock. Moved back, whatever waits keeps its distance instead of waiting for the old day again."""
        with self.store.transaction():
            self.clock.move(to)
            self._waiting_since_before(to)
            self.store.remember("clock", to)
        self.awake.set()

    def _waiting_since_before(self, now: float) -> None:
        """Pulls what lies in the future of a clock that was set back to now."""
        self.store.run(
            "UPDATE updates SET ready_at = ? WHERE delivery IS NULL AND ready_at > ?", now, now + 60
        )
        self.store.run(
            "UPDATE deliveries SET due = due - born + ?, born = ? WHERE state = 'pending' AND born > ?", now, now, now + 60
        )

    def keep_time(self) -> None:
        self.store.remember("clock", self.clock.now())

    def announce(self, wamid: str, kind: str, values: Sequence[tuple[float, dict[str, Any]]]) -> None:
        """Puts updates (ready at, value) in the queue for the product."""
        for ready_at, value in values:
            self.store.run(
                "INSERT INTO updates (wamid, kind, value, ready_at) VALUES (?, ?, ?, ?)",
                wamid, kind, json.dumps(value), ready_at,
            )  # fmt: skip
        self.awake.set()


