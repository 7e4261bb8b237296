"""How much may be sent: to one person, from one number, and to how many people outside a window in a day."""

from wa_emulator.graph import Refused
from wa_emulator.world import World

TIERS = {"TIER_250": 250, "TIER_2K": 2000, "TIER_10K": 10_000, "TIER_100K": 100_000, "TIER_UNLIMITED": None}
PAIR_SECONDS, PAIR_BURST = 6.0, 45
DAY, WEEK = 86400.0, 7 * 86400.0
UPGRADE_AFTER_SECONDS = 6 * 3600.0


def pair(earliest: float | None, now: float) -> float:
    """One message in six seconds to a person, up to 45 at once borrowed from later; the new earliest free instant."""
    free = max(earliest or 0.0, now)
    if free - now > PAIR_SECONDS * (PAIR_BURST - 1):
        raise Refused(
            131056,
            "Message failed to send because there were too many messages sent from this phone number to the same"
            " phone number in a short period of time.",
        )
    return free + PAIR_SECONDS


def number(earliest: float, now: float, per_second: int) -> float:
    """So many messages a second from the number, with one second's worth at once; the new earliest free instant."""
    free = max(earliest, now)
    if free - now > 1.0 - 1.0 / per_second + 1e-6:
        raise Refused(130429, "Cloud API message throughput has been reached.", retry_after=1)
    return free + 1.0 / per_second


def used(world: World, now: float, *, seconds: float = DAY) -> int:
    """How many different people were delivered to outside a window; whoever is being delivered to counts as well."""
    row = world.store.one("SELECT count(DISTINCT number) AS n FROM reached WHERE at > ?", now - seconds)
    return int(row["n"]) if row else 0


def check_tier(world: World, person: str, now: float) -> Refused | None:
    """What the provider says to one person too many; somebody reached in the last day costs nothing again."""
    most = TIERS[world.account.tier]
    if most is None or world.store.one("SELECT 1 FROM reached WHERE number = ? AND at > ? LIMIT 1", person, now - DAY):
        return None
    if used(world, now) < most:
        return None
    return Refused(
        131048,
        "Message failed to send because there are restrictions on how many messages can be sent from this phone number."
        f" The messaging limit of {most} people in 24 hours has been reached.",
    )


def reach(world: World, person: str, at: float) -> None:
    """Counts a person who will be delivered to at this instant; a good number that uses half its limit gets a higher one."""
    world.store.run("INSERT INTO reached (number, at) VALUES (?, ?)", person, at)
    most, account = TIERS[world.account.tier], world.account
    if not world.knobs.auto_tier or most is None or account.quality != "GREEN" or account.state != "OK":
        return
    due = world.store.one("SELECT 1 FROM chores WHERE kind = 'tier'")
    if due is None and used(world, at, seconds=WEEK) * 2 >= most:
        names = list(TIERS)
        world.plan_chore("tier", {"tier": names[names.index(account.tier) + 1]}, at + UPGRADE_AFTER_SECONDS)
