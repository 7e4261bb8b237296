"""Errors on order: the next sends, or the next ones to a person, are refused as a tester says."""

from dataclasses import dataclass
from typing import Any

from wa_emulator.graph import Refused
from wa_emulator.world import World

WHEN = ("sync", "async", "both")


class Broken(Exception):
    """No answer in the provider's words: a bare HTTP status, or a connection that ends."""

    def __init__(self, http_status: int) -> None:
        super().__init__(str(http_status))
        self.http_status = http_status


@dataclass(frozen=True)
class Fault:
    """How one send fails: at once, in a later status, or both ways."""

    refusal: Refused
    when: str


def checked(orders: list[Any]) -> None:
    """A tester's list of orders, or the reason why it is none."""
    for order in orders:
        if isinstance(order, int) and not isinstance(order, bool):
            continue
        if not isinstance(order, dict) or not ({"code", "http"} & set(order)) or order.get("when", "sync") not in WHEN:
            raise ValueError("a refusal is a code, or {code, details, subcode, title, retry_after, when, times} or {http, times}")


def next_for(world: World, person: dict[str, Any] | None) -> Fault | None:
    """Takes the next order for this person, else the next for anybody."""
    queues = [world.knobs.refusals]
    if person:
        for name in (person["number"], person["user_id"]):
            queues.insert(0, world.knobs.refusals_for.get(name, []))
    with world.store.lock:
        for queue in queues:
            if queue:
                return _fault(_take(queue))
    return None


def _take(queue: list[Any]) -> dict[str, Any]:
    """The first order; one with `times` stays until it was used so often."""
    order = queue[0] if isinstance(queue[0], dict) else {"code": queue[0]}
    left = int(order.get("times", 1)) - 1
    if left > 0:
        queue[0] = order | {"times": left}
    else:
        queue.pop(0)
    return order


def _fault(order: dict[str, Any]) -> Fault:
    if "http" in order:
        raise Broken(int(order["http"]))
    refusal = Refused(
        int(order["code"]), str(order.get("details") or "Refused because a knob says so"), subcode=order.get("subcode"),
        title=str(order.get("title") or ""), retry_after=order.get("retry_after"),
    )  # fmt: skip
    return Fault(refusal, str(order.get("when", "sync")))
