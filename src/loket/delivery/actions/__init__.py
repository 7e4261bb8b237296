"""The only writer of deliveries: takes the resident's choice and brings the card into the hand. `choice` asks,
`post` and `counter` are the two ways, `hands` is where both end."""

from loket.delivery.actions.choice import choose, remind, resend_code
from loket.delivery.actions.counter import Pickup, collect
from loket.delivery.actions.post import (
    Scan,
    close_manifest,
    deliver,
    hand_over,
    open_manifest,
    take_out,
)

__all__ = [
    "Pickup", "Scan", "choose", "close_manifest", "collect", "deliver", "hand_over", "open_manifest", "remind",
    "resend_code", "take_out",
]  # fmt: skip
