"""What the pages of the shared inbox show: the list of a filter, one conversation as bubbles, its cases, its composer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from loket.applications import queries as cases
from loket.applications import rules as lives
from loket.applications.models import Application
from loket.catalogue import queries as catalogue
from loket.conversations import actions as talks
from loket.conversations import failures, rules, templates
from loket.conversations import queries as threads
from loket.core import clock, codes, text
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices
from loket.staff import queries as staff
from loket.web import forms, words

VIEWS = {
    "untuk-saya": gettext_lazy("Untuk saya"),
    "menunggu": gettext_lazy("Menunggu"),
    "saya": gettext_lazy("Saya pegang"),
    "bebas": gettext_lazy("Belum dipegang"),
    "terbuka": gettext_lazy("Semua terbuka"),
    "ditunda": gettext_lazy("Ditunda"),
    "semua": gettext_lazy("Semua"),
}
SNOOZES = {
    "1-jam": gettext_lazy("1 jam lagi"),
    "sore": gettext_lazy("Sebelum kantor tutup"),
    "besok": gettext_lazy("Hari kerja berikutnya, saat buka"),
    "3-hari": gettext_lazy("3 hari kerja lagi, saat buka"),
}
_MARK = re.compile(r"\{\{(\w+)\}\}")
# Less than this and the countdown is emphasised.
SOON = timedelta(hours=4)
KEYS = (
    ("b", gettext_lazy("Ke kotak balasan")),
    ("#", gettext_lazy("Pilih balasan siap pakai")),
    ("c", gettext_lazy("Buka catatan")),
)


@dataclass(frozen=True, slots=True)
class State:
    """What is to be shown and what it looks like as one word; None when the conversation was not opened lately."""

    wanted: threads.Filter
    inbox: threads.Inbox
    version: str | None


def asked(request: HttpRequest) -> threads.Filter:
    """The filter in an address; what is not known is left out."""
    view = request.GET.get("tampil", "untuk-saya")
    labels = tuple(sorted({one[:24] for one in request.GET.getlist("label") if one}))
    return threads.Filter(view if view in VIEWS else "untuk-saya", labels[: rules.MOST_LABELS], "lewat" in request.GET)


def query(request: HttpRequest, **changed: Any) -> str:
    """The filter as the end of an address, with some of it changed; nothing else of the address is carried on."""
    wanted = asked(request)
    parts: dict[str, Any] = {
        "tampil": "" if wanted.view == "untuk-saya" else wanted.view,
        "label": list(wanted.labels),
        "lewat": "1" if wanted.overdue else "",
        **changed,
    }
    written = urlencode({name: value for name, value in parts.items() if value}, doseq=True)
    return f"?{written}" if written else ""


def state(request: HttpRequest, actor: Actor, contact: UUID | None) -> State:
    """Two statements that open nothing. What is shown as minutes changes with the minute, and so does the version."""
    wanted, now = asked(request), clock.now()
    found = threads.inbox(actor.office, wanted, actor.name, now)
    seen = threads.thread_version(contact, actor.name) if contact else "-"
    version = f"{found.version}.{seen[:12]}.{int(now.timestamp()) // 60 % 1000}" if seen else None
    return State(wanted, found, version)


def page(
    request: HttpRequest,
    actor: Actor,
    contact: UUID | None,
    known: State | None = None,
    *,
    found: list[threads.Line] | None = None,
    before: str = "",
) -> dict[str, Any]:
    """Everything the templates show; `found` are the lines of a search instead of those of the filter.

    `before` is the version that a page shows already: the list or the conversation, where it is the same, is left out.
    """
    at = clock.now()
    known = known or state(request, actor, contact)
    here = query(request)
    has_list, has_thread = _changed(before, known.version or "")
    context: dict[str, Any] = {"at": at, "here": here, "version": known.version or ""}
    if has_list:
        context |= _list(request, actor, contact, known, found, at)
    if contact and has_thread:
        context |= _thread(request, actor, contact, at)
    return context


def _changed(before: str, now: str) -> tuple[bool, bool]:
    """Whether the list and the conversation look different; with another minute both do."""
    was, is_ = before.split("."), now.split(".")
    if len(was) != 3 or len(is_) != 3 or was[2] != is_[2]:
        return True, True
    return was[0] != is_[0], was[1] != is_[1]


def _list(
    request: HttpRequest, actor: Actor, contact: UUID | None, known: State, found: list[threads.Line] | None, at: datetime
) -> dict[str, Any]:
    here = query(request)
    lines = known.inbox.lines() if found is None else found
    return {
        "lines": [_line(one, actor, at, contact, here) for one in lines],
        "is_search": found is not None,
        "views": [
            (name, label, known.inbox.counts.get(name), query(request, tampil="" if name == "untuk-saya" else name))
            for name, label in VIEWS.items()
        ],
        "view": known.wanted.view,
        "filters": _filters(request, known),
        "news": reverse("desk:kabar_percakapan", args=[contact]) if contact else reverse("desk:kabar"),
        "tombol_halaman": KEYS if contact else (),
    }


def filled(name: str, contact: UUID, request: HttpRequest, actor: Actor) -> str:
    """A ready-made answer in the resident's language, with what is known of the chosen case filled in."""
    row = next((one for one in threads.canned(actor.office) if one.name == name), None)
    if row is None:
        return ""
    language = threads.language(contact, actor.office)
    case = _chosen(cases.of_contact(contact), request)
    values = _values(threads.line(contact, actor.office), case, actor, language)
    return rules.fill(row.text_en if language == "en" else row.text_id, values)


@transaction.atomic
def send_template(request: HttpRequest, contact: UUID, typed: str, *, taking_from: str, by: Actor, at: datetime) -> None:
    """The chosen template, with what the officer wrote into its places, and the answer that waits behind it, if any."""
    name = forms.text(request, "templat", 80)
    choice = next((one for one in templates.for_picker(by.office, threads.language(contact, by.office)) if one.name == name), None)
    if choice is None:
        raise Refusal("template", N_("Pilih salah satu templat."), field="templat")
    if typed:
        talks.hold(contact, typed, taking_from=taking_from, by=by, at=at)
    else:
        talks.claim(contact, taking_from=taking_from, by=by, at=at)
    case = _chosen(cases.of_contact(contact), request)
    values = {place: forms.text(request, f"{choice.notice}_{place}", 300) for place in choice.places}
    if case:
        values |= {"code": case.code, "promise_on": case.promise_on.isoformat()}
    talks.send_template(contact, name, values, case_id=case.pk if case else None, by=by, at=at)


def until(choice: str, office: offices.OfficeView, now: datetime) -> datetime:
    """When a conversation that is put aside comes back."""
    zone = ZoneInfo(office.zone)
    today = now.astimezone(zone).date()
    if choice == "1-jam":
        return now + timedelta(hours=1)
    if choice == "sore":
        return datetime.combine(today, office.closes_at, zone) - timedelta(minutes=30)
    days = {"besok": 1, "3-hari": 3}.get(choice)
    if days is None:
        raise Refusal("snooze", N_("Pilih sampai kapan percakapan ditunda."), field="tunda")
    return datetime.combine(office.working_days_from(today, days), office.opens_at or time(8), zone)


# --- parts ---


def _filters(request: HttpRequest, known: State) -> list[dict[str, Any]]:
    """What may be added to the view or taken off again, each as a link that leaves everything else as it is."""
    wanted = known.wanted
    found = [
        {
            "label": _("Lewat batas"), "count": known.inbox.counts["lewat"], "on": wanted.overdue,
            "url": query(request, lewat="" if wanted.overdue else "1"),
        }
    ]  # fmt: skip
    for one in sorted({*known.inbox.labels, *wanted.labels}):
        others = [label for label in wanted.labels if label != one]
        is_on = one in wanted.labels
        found.append({"label": one, "count": None, "on": is_on, "url": query(request, label=others if is_on else [*others, one])})
    return found


def named(one: threads.Line) -> dict[str, Any]:
    """Who somebody is, as far as a list says: a name or the end of a number."""
    phone = text.mask_phone(one.phone) if one.phone else ""
    return {"id": one.id, "name": one.name or phone or _("Tanpa nama"), "phone": phone}


def _line(one: threads.Line, actor: Actor, at: datetime, current: UUID | None, here: str) -> dict[str, Any]:
    return {
        **named(one),
        "url": f"{reverse('desk:percakapan', args=[one.id])}{here}",
        "current": one.id == current,
        "unread": one.unread,
        "owner": _("Anda") if one.owner == actor.name else staff.full_name(one.owner, actor.office) if one.owner else "",
        "mine": one.owner == actor.name,
        "waiting": words.lasted(at - one.waiting_since) if one.waiting_since else "",
        "due": _due(one, at, actor),
        "when": _when(one, actor, at),
        "snoozed_until": one.snoozed_until if rules.is_snoozed(one.snoozed_until, at) else None,
        "labels": one.labels,
        "is_broken": one.is_broken,
        "has_held": one.has_held,
        "has_bot": not one.owner and not one.waiting_since,
    }


def _when(one: threads.Line, actor: Actor, at: datetime) -> str:
    """How long she waits; else when something was said last: the time of today, the date of before."""
    if one.waiting_since:
        return words.lasted(at - one.waiting_since)
    if one.last_at is None:
        return ""
    zone, language = offices.office(actor.office).zone, get_language() or "id"
    last, now = text.local(one.last_at, zone), text.local(at, zone)
    return text.jam(last, language) if last.date() == now.date() else text.tanggal(last.date(), language)


def _due(one: threads.Line, at: datetime, actor: Actor) -> dict[str, Any] | None:
    """The promise clock that ticks: the first answer while she waits, else when all is to be settled."""
    what, due = (_("Jawab"), one.reply_due) if one.reply_due else (_("Selesai"), one.settle_due)
    if due is None:
        return None
    late = at >= due
    if late:
        said = _("{what}: lewat {span}").format(what=what, span=words.lasted(max(at - due, timedelta(minutes=1))))
    elif due - at < timedelta(hours=12):
        said = _("{what}: {span} lagi").format(what=what, span=words.lasted(due - at))
    else:
        day = text.tanggal(text.local(due, offices.office(actor.office).zone).date(), get_language() or "id")
        said = _("{what} sampai {day}").format(what=what, day=day)
    return {"late": late, "words": said, "at": due, "kind": "bahaya" if late else "netral"}


def _thread(request: HttpRequest, actor: Actor, contact: UUID, at: datetime) -> dict[str, Any]:
    one = threads.line(contact, actor.office)
    own = cases.of_contact(contact)
    remarks = threads.remarks(contact, actor.office)
    linked = cases.by_ids([one.case_id for one in remarks if one.case_id], actor.office)
    known = list({item.pk: item for item in (*own, *linked)}.values())
    chosen = _chosen(known, request)
    language = threads.language(contact, actor.office)
    values = _values(one, chosen, actor, language)
    is_open = rules.is_window_open(one.last_inbound_at, at)
    closes_at = one.closes_at
    lookers = threads.lookers(contact, actor.name)
    return {
        "line": _line(one, actor, at, contact, ""),
        "contact": one,
        "owner": one.owner if one.owner != actor.name else "",
        "mine": one.owner == actor.name,
        "lookers": [(staff.full_name(who.officer, actor.office), who.is_typing) for who in lookers],
        "items": _items(threads.thread(contact, actor.office), remarks, linked, actor, at, is_open),
        "held": threads.held(contact, actor.office),
        "is_open": is_open,
        "closes_at": closes_at,
        "left": words.lasted(closes_at - at) if closes_at and is_open else "",
        "is_soon": bool(is_open and closes_at and closes_at - at < SOON),
        "templates": [] if is_open else _templates(actor, chosen, values, language, request.POST),
        "typed": threads.draft(contact, actor.name, actor.office),
        "begun": at.isoformat(),
        "ready": [
            (row.name, rules.fill(row.text_en if language == "en" else row.text_id, values))
            for row in threads.canned(actor.office)
        ],
        "cases": [_case(item, item == chosen) for item in known],
        "has_cases": len(known) > 1,
        "colleagues": [
            pair for pair in staff.colleagues(actor.office, (Role.VERIFIER, Role.COUNTER)).items() if pair[0] != actor.name
        ],
        "snoozes": SNOOZES.items(),
        "labels": ", ".join(one.labels),
        "may_file": actor.may(Role.COUNTER),
        "services": [(row.code, row.name(get_language() or "id")) for row in catalogue.services()],
    }


def _chosen(known: list[Application], request: HttpRequest) -> Application | None:
    """The case an answer is about: the one asked for, else the newest that is not finished."""
    wanted = request.GET.get("kode", "")
    return next((one for one in known if one.code == wanted), None) or next(
        (one for one in known if one.state not in lives.FINAL), known[0] if known else None
    )


def _values(one: threads.Line, case: Application | None, actor: Actor, language: str) -> dict[str, str]:
    """What fills the places of a ready-made answer, in the resident's language."""
    office = offices.office(actor.office)
    with translation.override(language):
        values = {
            "nama": one.name.title(),
            "jam_buka": f"{text.jam(office.opens_at, language)}–{text.jam(office.closes_at, language)} WIB",
            "biaya_pos": text.rupiah(office.settings.post_fee, language),
            "kantor": office.name,
            "alamat": office.address,
        }
        if case:
            values |= {
                "kode": codes.shown(case.code),
                "layanan": catalogue.service(case.service).name(language),
                "status": words.resident_state(case.state),
                "janji": text.tanggal(case.promise_on, language),
            }
    return values


def _case(item: Application, is_chosen: bool) -> dict[str, Any]:
    return {
        "item": item,
        "code": codes.shown(item.code),
        "service": catalogue.service(item.service).name(get_language() or "id"),
        "state": words.staff_state(item.state),
        "colour": words.colour(item.state),
        "who": words.who_acts(item.state),
        "is_open": item.state not in lives.FINAL,
        "is_chosen": is_chosen,
    }


_WORDS = {
    "go_on": gettext_lazy("Lanjutkan percakapan"),
    "choose_reminder": gettext_lazy("Ingatkan memilih cara terima"),
    "delayed": gettext_lazy("Janji bergeser"),
    "needs_fix": gettext_lazy("Perlu diperbaiki"),
    "status": gettext_lazy("Status dari SIAK"),
}
_PLACES = {
    "cause": gettext_lazy("Sebabnya"),
    "reason": gettext_lazy("Yang perlu diperbaiki"),
    "until": gettext_lazy("Paling lambat tanggal"),
    "meaning": gettext_lazy("Artinya"),
    "todo": gettext_lazy("Yang perlu dilakukan"),
}
# Which states a template speaks of; those that are not here speak of no case.
_ABOUT = {
    "choose_reminder": frozenset({"printed", "returned_home"}),
    "delayed": frozenset(lives.OURS),
    "needs_fix": frozenset({"needs_fix"}),
    "status": frozenset({"verified"}),
}


def _templates(actor: Actor, case: Application | None, values: dict[str, str], language: str, sent: Any) -> list[dict[str, Any]]:
    """The approved templates that fit the chosen case, as the resident will read them, with the places to fill."""
    office = offices.office(actor.office)
    known = {
        "office": office.name, "pickup_place": f"{office.name}, {office.address}", "fee": values["biaya_pos"],
        "hours": values["jam_buka"], "days": str(office.settings.choose_within_days),
        "code": values.get("kode", ""), "promise": values.get("janji", ""),
    }  # fmt: skip
    found = []
    for one in templates.for_picker(actor.office, language):
        if one.notice in _ABOUT and (case is None or case.state not in _ABOUT[one.notice]):
            continue
        body = _MARK.sub(lambda mark: known.get(mark[1]) or f"[{_PLACES.get(mark[1], mark[1])}]", one.body)
        places = [
            {"id": f"{one.notice}_{name}", "label": _PLACES.get(name, name), "is_day": name == "until",
             "value": sent.get(f"{one.notice}_{name}", "")}
            for name in one.places
        ]  # fmt: skip
        found.append({"name": one.name, "label": _WORDS.get(one.notice, one.notice), "body": body, "places": places,
                      "on": sent.get("templat", "") == one.name})  # fmt: skip
    if found and not any(one["on"] for one in found):
        found[0]["on"] = True
    return found


def _items(
    bubbles: list[threads.Bubble],
    remarks: Iterable[threads.Remark],
    linked: list[Application],
    actor: Actor,
    at: datetime,
    is_open: bool,
) -> list[dict[str, Any]]:
    """Messages and remarks in the order of time, as the template shows them."""
    code_of = {item.pk: codes.shown(item.code) for item in linked}
    items = [_bubble(one, actor, is_open) for one in bubbles]
    items += [_remark(one, actor, code_of) for one in remarks]
    items.sort(key=lambda item: item["at"])
    zone, day = offices.office(actor.office).zone, None
    for item in items:
        own = text.local(item["at"], zone).date()
        item["day"] = own if own != day else None
        day = own
    return items


def _bubble(one: threads.Bubble, actor: Actor, is_open: bool) -> dict[str, Any]:
    word, todo = words.MESSAGES.get(one.state, ("", ""))
    failure = failures.explain(one.error) if one.state in ("failed", "dead") else None
    return {
        "kind": "pesan", "id": one.id, "at": one.at, "out": one.outgoing, "text": one.text, "photo": one.photo,
        "by": _author(one, actor), "state": word, "todo": _(failure.todo) if failure else todo,
        "why": _(failure.why) if failure else "", "failed": failure is not None,
        "may_retry": bool(failure and failure.decision != failures.Decision.SUPPRESS and (one.notice or is_open)),
        "media": _media(one), "is_notice": bool(one.notice),
    }  # fmt: skip


def _author(one: threads.Bubble, actor: Actor) -> str:
    if not one.outgoing:
        return _("Warga")
    if one.author.startswith("loket:") or one.author == "warga":
        return _("Jawaban otomatis")
    return _("Anda") if one.author == actor.name else staff.full_name(one.author, actor.office)


_KINDS = {
    "image": gettext_lazy("Foto"), "document": gettext_lazy("Berkas"), "audio": gettext_lazy("Pesan suara"),
    "video": gettext_lazy("Video"), "sticker": gettext_lazy("Stiker"), "location": gettext_lazy("Lokasi"),
    "contacts": gettext_lazy("Kontak"),
}  # fmt: skip


def _media(one: threads.Bubble) -> str:
    """What a message without words is."""
    if one.outgoing or one.kind in ("text", "button", "interactive", ""):
        return ""
    return str(_KINDS.get(one.kind, _("Pesan yang belum bisa ditampilkan")))


def _remark(one: threads.Remark, actor: Actor, code_of: dict[UUID, str]) -> dict[str, Any]:
    who, other = (_("Anda") if name == actor.name else staff.full_name(name, actor.office) for name in (one.author, one.other))
    template = words.REMARKS.get(one.kind, "")
    code = code_of.get(one.case_id, "") if one.case_id else ""
    return {
        "kind": "catatan" if one.text else "peristiwa", "id": one.id, "at": one.at, "text": one.text, "by": who,
        "line": str(template).format(who=who, other=other, code=code) if template else "",
    }  # fmt: skip
