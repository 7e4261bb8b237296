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
    auth: str = "Authorization: Bearer"  # header and prefix of the token; a solution provider's may differ


@dataclass
class Knobs:
    """How the provider misbehaves; the defaults are a good day."""

    # Deliveries
    paused: bool = False  # keep webhooks back, so that they pile up
    batch_size: int = 1  # updates in one POST, up to 1.000 and 3 MB
    shuffle_window: int = 0  # updates taken at random from so many waiting ones
    shuffle_rate: float = 1.0  # share of updates that are drawn so; the others keep their turn
    dup_rate: float = 0.0  # share of POSTs that are sent again although they were accepted
    dup_delay_seconds: float = 30.0  # at most so long after the first
    dup_mixed: bool = False  # half of these come again inside other POSTs instead of byte for byte
    late_dup_rate: float = 0.0  # share of POSTs that come again long after
    late_dup_seconds: float = 604800.0
    couriers: int = 1  # POSTs at once; more than one gives up the order on the wire
    timeout_seconds: float = 10.0  # for one POST to the product
    unknown_fields: bool = False  # fields that no documentation names, in every update
    # Statuses
    plan: str = "normal"
    plans: dict[str, str] = field(default_factory=dict)  # by number or user id
    plan_mix: dict[str, float] = field(default_factory=dict)  # shares by plan; what is missing to 1 is `plan`
    delivered_after_seconds: float = 0.5
    late_after_seconds: float = 2.0  # before a failure that comes late
    slow_reply_seconds: float = 20.0  # before the answer of the plan `reply_slow`
    # Sends
    window_errors: str = "sync"  # or "async": accepted first, then failed with 131047
    tier_errors: str = "sync"  # or "async": accepted first, then failed with 131048
    messages_per_second: int = 80
    refusals: list[Any] = field(default_factory=list)  # for the next sends, one each: a code, or an object
    refusals_for: dict[str, list[Any]] = field(default_factory=dict)  # the same by number or user id
    # Templates and tiers
    review_seconds: float = 60.0  # from a new template to its verdict
    auto_tier: bool = False  # a good number that uses half its limit gets the next one after six hours
    # Media
    media_fault: str = ""  # for every medium from now on

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
        self.couriers = min(max(self.couriers, 1), 32)
        self.messages_per_second = max(self.messages_per_second, 1)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Account:
    """How the provider sees the office: its messaging limit, its quality, and whether it may send at all."""

    tier: str = "TIER_250"
    quality: str = "GREEN"
    state: str = "OK"


class Bell:
    """Wakes everybody who waits for something to do; who counts its strokes misses none."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.count = 0

    def set(self) -> None:
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def wait_beyond(self, seen: int, timeout: float) -> None:
        with self._condition:
            if self.count == seen:
                self._condition.wait(timeout)


class World:
    """One emulated provider with one business number."""

    def __init__(
        self, settings: Settings, store: Store, *, now: float | None, seed: str | None, ticking: bool = True
    ) -> None:
        self.settings = settings
        self.store = store
        self.seed = self._seed(seed)
        self.clock = Clock(now if now is not None else store.recall("clock", time.time()), ticking=ticking)
        self.ids = Ids(self.seed, store)
        self.begin()
        self.awake = Bell()
        self.stopping = threading.Event()
        self._turn_back(store.recall("clock", 0.0) - self.clock.now())

    def begin(self) -> None:
        """Knobs and account as they were kept, or as on a good first day; chance begins anew from the seed."""
        self.knobs = Knobs()
        self.knobs.turn(self.store.recall("knobs", {}))
        self.account = Account(**self.store.recall("account", {}))
        # When the number may send again, for its limit per second.
        self.free_at = 0.0
        self.random = random.Random(self.seed)

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

    def person_of(self, name: str) -> dict[str, Any] | None:
        """By number or by business-scoped user id."""
        row = self.store.one("SELECT * FROM people WHERE number = ? OR user_id = ?", name.lstrip("+"), name)
        return dict(row) if row else None

    def meet(self, number: str, name: str | None = None, **traits: Any) -> dict[str, Any]:
        """The person with this number, made if he is new; a given name or trait (hides_number, username, opted_out,
        on_whatsapp) replaces the old one."""
        known = self.person(number)
        if known is None:
            self.store.run(
                "INSERT INTO people (number, name, user_id) VALUES (?, ?, ?)",
                number, name or ("Warga" if traits.get("hides_number") else f"+{number}"), self.ids.user_id(number),
            )  # fmt: skip
        given = {trait: value for trait, value in traits.items() if value is not None}
        if name:
            given["name"] = name
        for trait, value in given.items():
            if trait not in ("name", "hides_number", "username", "opted_out", "on_whatsapp"):
                raise ValueError(f"{trait}: unknown trait of a person")
            self.store.run(f"UPDATE people SET {trait} = ? WHERE number = ?", value, number)
        return known if known and not given else self.person(number) or {}

    def move_clock(self, to: float) -> None:
        """Sets the clock. Moved back, whatever waits keeps its distance instead of waiting for the old day again."""
        with self.store.transaction():
            self._turn_back(-self.clock.move(to))
            self.store.remember("clock", to)
        self.awake.set()

    def _turn_back(self, seconds: float) -> None:
        """The clock was set back by so much: whatever was to come moves with it."""
        if seconds <= 60:
            return
        now = self.clock.now()
        self.store.run("UPDATE updates SET ready_at = ready_at - ? WHERE delivery IS NULL", seconds)
        self.store.run("UPDATE deliveries SET due = due - ?, born = born - ? WHERE state = 'pending'", seconds, seconds)
        self.store.run("UPDATE chores SET due = due - ?", seconds)
        self.store.run("UPDATE people SET free_at = free_at - ?, typing_until = 0", seconds)
        self.store.run("UPDATE reached SET at = at - ? WHERE at > ?", seconds, now)
        self.free_at = 0.0

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

    def announce_account(self, field_name: str, value: dict[str, Any]) -> None:
        """Puts news about the account or a template in the queue: a field of its own, with the time it happened."""
        now = self.clock.now()
        news = {"field": field_name, "time": int(now), "value": value}
        self.announce("", "account", [(now, news)])

    def plan_chore(self, kind: str, value: dict[str, Any], due: float) -> None:
        """Something the provider does by itself at an instant of its clock."""
        self.store.run("INSERT INTO chores (kind, value, due) VALUES (?, ?, ?)", kind, json.dumps(value), due)
        self.awake.set()

    def keep_account(self) -> None:
        self.store.remember("account", asdict(self.account))
