"""Writes conversations: who is at the other end, what came in, the notices of other rooms, what the office answers."""

from loket.conversations.actions.desk import answer, claim, open_thread, release
from loket.conversations.actions.identity import (
    CONTACT,
    contact_by_phone,
    contact_by_user,
    contact_to_tell,
    data_key,
    opt_out,
    speak,
)
from loket.conversations.actions.incoming import MESSAGE, call_person, key_of, not_understood, receive, step_taken
from loket.conversations.actions.media import (
    Sent,
    bad_before,
    bursts_due,
    delete_old_photos,
    files_in_use,
    photo,
    take_burst,
)
from loket.conversations.actions.notices import Notice, notify

__all__ = [
    "CONTACT",
    "MESSAGE",
    "Notice",
    "Sent",
    "answer",
    "bad_before",
    "bursts_due",
    "call_person",
    "claim",
    "contact_by_phone",
    "contact_by_user",
    "contact_to_tell",
    "data_key",
    "delete_old_photos",
    "files_in_use",
    "key_of",
    "not_understood",
    "notify",
    "open_thread",
    "opt_out",
    "photo",
    "receive",
    "release",
    "speak",
    "step_taken",
    "take_burst",
]
