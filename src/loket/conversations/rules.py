"""Decisions about a conversation: how long free text may be answered, who goes first, what only the resident may read, how
an inbox works."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from loket.core.errors import N_, Refusal

# WhatsApp's customer service window, counted from the resident's own message.
WINDOW = timedelta(hours=24)


class Lane(IntEnum):
    """Who goes first: what answers a resident, then news, then invitations."""

    REPLY = 0
    NOTICE = 1
    CAMPAIGN = 2


# Sixteen digits, also with the letters that people type for some of them. Nothing here may look ahead without end: whoever
# writes thousands of these letters would keep busy everybody who opens the conversation.
_NIK = re.compile(r"(?<!\d)(?=(?:[ .\-]?[OolI]){0,4}(?:[ .\-OolI]{0,9}\d){12})[\dOolI](?:[ .\-]?[\dOolI]){15}(?!\d)")
_LINK = re.compile(r"(/l/)[^/\s]+/?")
_PICKUP_CODE = re.compile(r"\b\d{6}\b")
# News of a complaint: not for the colleagues who read a chat, since it may be about one of them. Its number opens the answers.
OF_COMPLAINTS = ("complaint_received", "complaint_answered")


def window_closes_at(last_inbound_at: datetime | None) -> datetime | None:
    """Until when free text may be sent; None when the resident has not written."""
    return last_inbound_at + WINDOW if last_inbound_at else None


def is_window_open(last_inbound_at: datetime | None, at: datetime) -> bool:
    closes_at = window_closes_at(last_inbound_at)
    return closes_at is not None and at < closes_at


def for_the_office(text: str, notice: str) -> str:
    """A message as people of the office may read it: links and pickup codes prove who the resident is, and a NIK that
    was pasted is looked at in the case, where the reason is asked."""
    text = _NIK.sub("36••••••••••••••", _LINK.sub(r"\1••••", text))
    return _PICKUP_CODE.sub("••••••", text) if notice == "ready_pickup" else text


def lane_of(author: str) -> Lane:
    """What the bot says and what a resident has just done herself is an answer to her; all else is news."""
    return Lane.REPLY if author.startswith("loket:bot") or author == "warga" else Lane.NOTICE


# --- the shared inbox ---

# What a ready-made answer may leave open, as it is typed between braces; filled from the case before an officer sends it.
PLACES = ("nama", "kode", "layanan", "status", "janji", "jam_buka", "biaya_pos", "kantor", "alamat")
_PLACE = re.compile(r"\{(\w+)\}")
MOST_LABELS = 8


def places(text: str) -> list[str]:
    """The places that a text leaves open, in their order."""
    return _PLACE.findall(text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """A ready-made answer with what is known filled in; what is not stays open, to be seen and filled by hand."""
    return _PLACE.sub(lambda found: values.get(found[1]) or found[0], text)


def labels(typed: Sequence[str]) -> list[str]:
    """Labels as they are kept: lower case, no doubles, sorted. Refuses what is long, or could be anybody's number."""
    found = sorted({" ".join(one.lower().split()) for one in typed} - {""})
    if len(found) > MOST_LABELS:
        raise Refusal("labels", N_("Paling banyak {most} label untuk satu percakapan."), field="label", most=MOST_LABELS)
    for one in found:
        if len(one) > 24 or sum(map(str.isdigit, one)) > 4:
            raise Refusal("labels", N_("Label berisi kata pendek, paling panjang 24 huruf, tanpa NIK atau nomor HP."), field="label")
    return found


def is_snoozed(until: datetime | None, at: datetime) -> bool:
    return until is not None and at < until
