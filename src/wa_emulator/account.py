"""The office's account at the provider: messaging limit, quality, restrictions, and the news about them."""

from typing import Any

from wa_emulator.graph import Refused
from wa_emulator.limits import TIERS, used
from wa_emulator.world import World

Json = dict[str, Any]
QUALITIES = ("GREEN", "YELLOW", "RED", "UNKNOWN")
# What stops the office, and the code that every send then gets; a restriction stops only what the office begins.
STATES = {"OK": 0, "RESTRICTED": 368, "LOCKED": 131031, "UNPAID": 131042, "UNREGISTERED": 133010}


def describe_number(world: World, fields: str) -> Json:
    """GET /{phone}?fields=…"""
    account, settings = world.account, world.settings
    known: Json = {
        "id": settings.phone_id,
        "verified_name": settings.business_name,
        "display_phone_number": f"+{settings.display_number}",
        "quality_rating": account.quality,
        "whatsapp_business_manager_messaging_limit": account.tier,
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED" if account.state == "OK" else "RESTRICTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "account_mode": "LIVE",
        "webhook_configuration": {"application": settings.callback},
    }
    usual = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput"
    return _chosen(known, fields or usual)


def describe_account(world: World, fields: str) -> Json:
    """GET /{account}?fields=…"""
    account, settings = world.account, world.settings
    known: Json = {
        "id": settings.account,
        "name": settings.business_name,
        "currency": "IDR",
        "timezone_id": "68",
        "message_template_namespace": "00000000_0000_0000_0000_000000000000",
        "account_review_status": "APPROVED",
        "whatsapp_business_manager_messaging_limit": account.tier,
        "business_verification_status": "verified" if account.tier != "TIER_250" else "not_verified",
    }
    return _chosen(known, fields or "name,timezone_id,message_template_namespace")


def _chosen(known: Json, fields: str) -> Json:
    wanted = [name.partition("{")[0] for name in fields.split(",") if name]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise Refused(100, f"Tried accessing nonexisting field ({unknown[0]})")
    return {name: known[name] for name in wanted} | {"id": known["id"]}


def check_state(world: World, *, begins: bool) -> None:
    """Whether the account may send at all; `begins` says that the office writes first."""
    state = world.account.state
    if state == "OK" or (state == "RESTRICTED" and not begins):
        return
    raise Refused(STATES[state], f"The account is {state.lower()}.")


def change(world: World, call: Json) -> Json:
    """The tester's hand: {tier, quality, state}; each change is told to the office as the provider tells it."""
    wanted = {"tier": TIERS, "quality": QUALITIES, "state": STATES}
    for name, value in call.items():
        if name not in wanted or value not in wanted[name]:
            raise ValueError(f"{name}: {value} is unknown; there are {', '.join(wanted.get(name, wanted))}")
    with world.store.transaction():
        for name, value in call.items():
            before = getattr(world.account, name)
            if value != before:
                setattr(world.account, name, value)
                TELL[name](world, before, value)
        world.keep_account()
    return report(world)


def report(world: World) -> Json:
    now = world.clock.now()
    account = world.account
    return {
        "tier": account.tier, "quality": account.quality, "state": account.state,
        "limit": TIERS[account.tier], "used_in_24h": used(world, now),
    }  # fmt: skip


def _tell_tier(world: World, before: str, after: str) -> None:
    world.announce_account(
        "business_capability_update",
        {"max_daily_conversations_per_business": after, "max_phone_numbers_per_waba": 25},
    )
    world.announce_account(
        "phone_number_quality_update",
        {
            "display_phone_number": world.settings.display_number,
            "event": "UPGRADE" if list(TIERS).index(after) > list(TIERS).index(before) else "DOWNGRADE",
            "old_limit": before, "current_limit": after, "max_daily_conversations_per_business": after,
        },
    )  # fmt: skip


def _tell_quality(world: World, before: str, after: str) -> None:
    if "RED" not in (before, after):
        return
    world.announce_account(
        "phone_number_quality_update",
        {
            "display_phone_number": world.settings.display_number,
            "event": "FLAGGED" if after == "RED" else "UNFLAGGED",
            "current_limit": world.account.tier, "max_daily_conversations_per_business": world.account.tier,
        },
    )  # fmt: skip


def _tell_state(world: World, before: str, after: str) -> None:
    if after == "UNPAID":
        alert = {
            "alert_severity": "CRITICAL", "alert_status": "ACTIVE", "alert_type": "PAYMENT_ISSUE",
            "alert_description": "There is a problem with the payment method.",
        }  # fmt: skip
        value: Json = {"entity_type": "WABA", "entity_id": world.settings.account, "alert_info": alert}
        world.announce_account("account_alerts", value)
        return
    value = {"phone_number": world.settings.display_number}
    if after == "RESTRICTED":
        until = int(world.clock.now()) + 7 * 86400
        restriction = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": until}
        value |= {"event": "ACCOUNT_RESTRICTION", "restriction_info": [restriction]}
    elif after == "LOCKED":
        value |= {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "today"}}
    elif after == "OK":
        value |= {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}
    else:
        return
    world.announce_account("account_update", value)


TELL = {"tier": _tell_tier, "quality": _tell_quality, "state": _tell_state}
