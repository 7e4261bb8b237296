"""The only writer of applications. Other rooms see what stands here; the modules divide the work by who acts:
`intake` the resident, `decisions` the office, `reading` whoever looks, `photos` the worker, all by way of `moves`."""

from loket.applications.actions.decisions import (
    Verdict,
    advance_paper,
    cancel,
    change_phone,
    decide,
    set_delivery,
    slip_overdue,
    take_statuses,
)
from loket.applications.actions.intake import Receipt, correct, file
from loket.applications.actions.moves import Result, check_move, each, lock, move, tell
from loket.applications.actions.photos import delete_old_photos, files_in_use, judge_due
from loket.applications.actions.reading import open_case, photo, reveal_nik, search, search_nik

__all__ = [
    "Receipt", "Result", "Verdict", "advance_paper", "cancel", "change_phone", "check_move", "correct",
    "decide", "delete_old_photos", "each", "file", "files_in_use", "judge_due", "lock", "move", "open_case", "photo", "reveal_nik", "search", "search_nik", "set_delivery", "slip_overdue",
    "take_statuses", "tell",
]  # fmt: skip
