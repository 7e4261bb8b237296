"""What becomes of a message to a person: the statuses that follow, and whether the caller ever hears the answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Statuses that come by themselves; `read` comes by itself only where it is named, otherwise when the phone opens."""

    statuses: tuple[str, ...]
    may_be_read: bool = True
    late: bool = False  # the last status comes long after the others
    before_the_reply: bool = False
    reply: str = ""  # "lost": the connection breaks; "slow": the answer comes when nobody waits for it


PLANS = {
    "normal": Plan(("sent", "delivered")),
    "read": Plan(("sent", "delivered", "read")),
    "silent": Plan(("sent",), may_be_read=False),
    "mute": Plan((), may_be_read=False),
    "read_without_delivered": Plan(("sent", "read")),
    "failed": Plan(("failed",), may_be_read=False),
    "failed_late": Plan(("sent", "failed"), may_be_read=False, late=True),
    "delivered_then_failed": Plan(("sent", "delivered", "failed"), may_be_read=False, late=True),
    "status_first": Plan(("sent", "delivered"), before_the_reply=True),
    "reply_lost": Plan(("sent", "delivered"), reply="lost"),
    "reply_slow": Plan(("sent", "delivered"), reply="slow"),
}
