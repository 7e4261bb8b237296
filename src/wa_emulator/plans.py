"""What becomes of a message to a person: the statuses that follow, and whether the caller ever hears the answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Statuses that come by themselves; `read` comes by itself only where it is named, otherwise when the phone opens."""

    statuses: tuple[str, ...]
    may_be_read: bool = True
    before_the_reply: bool = False
    reply_lost: bool = False


PLANS = {
    "normal": Plan(("sent", "delivered")),
    "silent": Plan(("sent",), may_be_read=False),
    "read_without_delivered": Plan(("sent", "read")),
    "failed": Plan(("failed",), may_be_read=False),
    "failed_late": Plan(("sent", "failed"), may_be_read=False),
    "delivered_then_failed": Plan(("sent", "delivered", "failed"), may_be_read=False),
    "status_first": Plan(("sent", "delivered"), before_the_reply=True),
    "reply_lost": Plan(("sent", "delivered"), reply_lost=True),
}
