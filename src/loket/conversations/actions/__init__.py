"""Writes conversations: who is at the other end, what came in, the notices of other rooms, what the office answers."""

from loket.conversations.actions.desk import answer, claim, open_thread, release
from loket.conversations.actions.identity import (
    contact_by_phone,
    contact_by_user,
    contact_to_tell,
    opt_out,
    renumber,
    speak,
)
from loket.conversations.actions.incoming import MESSAGE, call_person, key_of, not_understood, receive, step_taken
from loket.conversations.actions.merging import CONTACT, data_key, merge, names, root, unmerge
from loket.conversations.actions.notices import Notice, notify

__all__ = [
    "CONTACT",
    "MESSAGE",
    "Notice",
    "answer",
    "call_person",
    "claim",
    "contact_by_phone",
    "contact_by_user",
    "contact_to_tell",
    "data_key",
    "key_of",
    "merge",
    "names",
    "not_understood",
    "notify",
    "open_thread",
    "opt_out",
    "receive",
    "release",
    "renumber",
    "root",
    "speak",
    "step_taken",
    "unmerge",
]
