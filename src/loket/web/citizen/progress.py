"""Where a request stands, in words: what happened, what is next, who must act and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from loket.applications import rules, statuses
from loket.applications.models import Application
from loket.audit import queries as trail
from loket.core import text
from loket.offices.queries import OfficeView
from loket.web import words


@dataclass(frozen=True, slots=True)
class Next:
    """The next step: whose it is (`you`, `office`, `centre`, `post`, nobody's when empty), what it is, and until when."""

    who: str
    what: str
    until: date | None

    @property
    def is_yours(self) -> bool:
        return self.who == "you"


def following(application: Application, office: OfficeView, enrolment: str | None) -> Next:
    """What happens next. `enrolment` is SIAK's status where this browser may know it, else None."""
    state, promise = application.state, application.promise_on
    moved = text.local(application.state_at, office.zone).date()
    if state == "needs_fix":
        return Next("you", _("Perbaiki bagian yang ditandai petugas."), moved + timedelta(days=office.settings.fix_within_days))
    if state == "returned_home" or (state == "printed" and not application.method):
        choose_by = moved + timedelta(days=office.settings.choose_within_days)
        return Next("you", _("Pilih cara menerima kartu: dikirim Pos atau diambil di kantor."), choose_by)
    if state == "on_shelf":
        return Next("you", _("Ambil kartu di kantor pada jam kerja."), None)
    if state == "in_transit":
        return Next("post", _("Petugas Pos mengantar kartu ke alamat Anda. Siapkan ongkos kirimnya."), None)
    if state == "verified" and application.slot == "card":
        known = statuses.explain(enrolment) if enrolment is not None else None
        if known and known.who_acts == "resident":
            return Next("you", _(known.todo), None)
        return Next("centre", _("Kami menunggu status siap cetak dari pusat, lalu kartu masuk antrean cetak."), promise)
    office_steps = {
        "submitted": _("Petugas memeriksa data dan foto Anda."),
        "verified": _("Dokumen ditandatangani."),
        "ready": _("Kartu dicetak menurut urutan."),
        "printing": _("Kartu sedang dicetak. Setelah itu kami tanya cara menerimanya."),
        "printed": _("Kartu dimasukkan amplop, lalu diserahkan ke Kantor Pos."),
        "enveloped": _("Amplop diserahkan ke Kantor Pos."),
        "manifested": _("Amplop diambil Kantor Pos, lalu diantar ke alamat Anda."),
        "signed": _("Dokumen dikirim kepada Anda."),
    }
    return Next("office", office_steps[state], promise) if state in office_steps else Next("", "", None)


def slipped(story: list[trail.Line]) -> dict[str, Any] | None:
    """The last time the promise moved: the date of before and the cause; None when it never did."""
    lines = [line for line in story if line.action == "application.slip"]
    if not lines:
        return None
    return {"before": date.fromisoformat(lines[-1].body["promise_on"][0]), "cause": _(lines[-1].body["cause"])}


def timeline(application: Application, story: list[trail.Line]) -> list[dict[str, Any]]:
    """The way of this request: what is done with its moment, where it stands, what still comes."""
    reached = {line.body["state"][1]: line.at for line in story if "state" in line.body}
    way: tuple[str, ...] = rules.CARD_WAY_POST
    if application.slot != "card":
        way = rules.PAPER_WAY
    elif application.method == "pickup" or application.state in ("on_shelf", "collected"):
        way = rules.CARD_WAY_PICKUP
    open_end = application.slot == "card" and not application.method and application.finished_at is None
    if open_end:
        # Post or pickup is not chosen yet: both end in the hand.
        way = way[: way.index("printed") + 1]
    if application.state in way:
        here = way.index(application.state)
        last = {"title": _("Dikirim lewat Pos atau diambil di kantor"), "state": "belum", "at": None}
        return [
            {
                "title": words.resident_state(state),
                "state": "selesai" if number < here or (state in rules.FINAL and number == here) else "sekarang" if number == here else "belum",
                "at": reached.get(state) if number <= here else None,
            }
            for number, state in enumerate(way)
        ] + [last] * open_end  # fmt: skip
    past = [{"title": words.resident_state(state), "state": "selesai", "at": at} for state, at in reached.items()]
    end = "selesai" if application.state in rules.FINAL else "sekarang"
    return [*past[:-1], {**past[-1], "state": end}] if past else []
