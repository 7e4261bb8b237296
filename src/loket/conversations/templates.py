"""Templates: the words of `texts` as versions that the provider approves, and which of them may go out today."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from loket.audit import actions as audit
from loket.conversations import gateways
from loket.conversations.composing import Composed, places, spoken
from loket.conversations.models import Approval, Message, Template
from loket.conversations.texts import FOOTER, TEXTS
from loket.core import clock
from loket.core.actor import Actor, Role, require, system
from loket.core.errors import N_, Refusal
from loket.offices import queries as offices

# What the office may have to say when nobody wrote for a day. Everything else only answers.
NOTICES = (
    "received", "corrected", "verified", "in_line", "status", "needs_fix", "rejected", "cancelled", "choose",
    "choose_reminder", "chosen_post", "ready_pickup", "posted", "attempt_failed", "returned_home", "handed_over", "sent",
    "delayed", "go_on", "suket_invite",
)  # fmt: skip
# What an officer may choose in a conversation whose window is shut; the case fills its places.
PICKED = ("go_on", "choose_reminder", "delayed", "needs_fix", "status")
BODY_MOST, FOOTER_MOST, BUTTON_MOST, BUTTONS_MOST = 1024, 60, 20, 3
LANGUAGES = ("id", "en")
_PLACE = re.compile(r"\{(\w+)\}")
_MARK = re.compile(r"\{\{(\w+)\}\}")
_FRESH_FOR = 3.0
_known: dict[str, tuple[float, dict[tuple[str, str], Version]]] = {}

# Values as the provider's reviewers see them; nobody's.
EXAMPLES = {
    "code": "7K4M-2QX9-T3A", "raw": "7K4M2QX9T3A", "service": "Tukar Suket", "place": "120", "promise": "12 Juni 2020",
    "until": "16 Juni 2020", "meaning": "Data rekaman sedang diproses pusat.", "todo": "Tidak perlu datang ke kantor.",
    "reason": "Foto Kartu Keluarga tidak terbaca.", "fee": "Rp14.000", "pickup_place": "Disdukcapil Kota Cilegon",
    "days": "7", "hours": "08.00–15.00 WIB", "pickup_code": "123456", "tracking": "P2006020001", "why": "rumah kosong",
    "relation": "keluarga", "cause": "blangko belum tiba", "office": "Disdukcapil Kota Cilegon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """One version that may go out: `body` with {{places}}, `buttons` as (key pattern, title), `link` the label of a page."""

    id: UUID
    name: str
    notice: str
    language: str
    body: str
    footer: str
    buttons: tuple[tuple[str, str], ...]
    link: str

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_MARK.findall(self.body)))


def content(notice: str, language: str) -> dict[str, Any]:
    """The words of a notice as a template: each value has a place of its own, by name."""
    given = TEXTS[notice]
    title = 2 if language == "en" else 1
    return {
        "body": _PLACE.sub(r"{{\1}}", given.en if language == "en" else given.id),
        "footer": FOOTER[language],
        "buttons": [[button[0], button[title]] for button in given.buttons],
        "link": given.link[title - 1] if given.link and not given.buttons else "",
    }


def ensure(office: str, *, by: Actor, at: datetime) -> int:
    """A new version of every notice whose words are not those of its newest version; returns how many."""
    newest: dict[tuple[str, str], Template] = {}
    for row in Template.objects.filter(office_id=office).order_by("version"):
        newest[row.notice, row.language] = row
    made = []
    for notice in NOTICES:
        for language in LANGUAGES:
            words, before = content(notice, language), newest.get((notice, language))
            if before is None or before.content != words:
                made.append(_version(office, notice, language, words, before.version + 1 if before else 1, by, at))
    with transaction.atomic():
        Template.objects.bulk_create(made, ignore_conflicts=True)
        if made:
            audit.record([audit.Fact("template.version", body={"names": [row.name for row in made]})], by=by, at=at)
    forget()
    return len(made)


def _version(
    office: str, notice: str, language: str, words: dict[str, Any], version: int, by: Actor, at: datetime
) -> Template:
    return Template(
        office_id=office, notice=notice, language=language, version=version, name=f"loket_{notice}_v{version}",
        content=words, by=by.name, at=at, state_at=at,
    )  # fmt: skip


def current(office: str, notice: str, language: str) -> Version | None:
    """The newest version that may go out: approved, or, where the provider does not tell us, not refused yet."""
    read_at, versions = _known.get(office, (float("-inf"), {}))
    if time.monotonic() - read_at > _FRESH_FOR:
        if not Template.objects.filter(office_id=office).exists():
            ensure(office, by=system(office, "templates"), at=clock.now())
        versions = _usable(office)
        _known[office] = (time.monotonic(), versions)
    return versions.get((notice, language))


def forget() -> None:
    """Read the versions anew at the next look."""
    _known.clear()


def _usable(office: str) -> dict[tuple[str, str], Version]:
    states = [Approval.APPROVED] if gateways.manages_templates() else [Approval.APPROVED, Approval.DRAFT]
    rows = Template.objects.filter(office_id=office, state__in=states, blocked_why="").order_by("version")
    return {(row.notice, row.language): version_of(row) for row in rows}


def version_of(row: Template) -> Version:
    words = row.content
    buttons = tuple((str(key), str(title)) for key, title in words["buttons"])
    return Version(row.pk, row.name, row.notice, row.language, words["body"], words["footer"], buttons, words["link"])


def filled(version: Version, composed: Composed) -> Composed:
    """A composed notice in the words of the approved version, which may be older than today's. A place that today's text
    no longer fills raises KeyError."""
    values = dict(composed.values)
    return replace(
        composed,
        body=_MARK.sub(lambda mark: gateways.on_one_line(values[mark[1]]), version.body),
        footer=version.footer,
        buttons=tuple((key.format_map(values), title) for key, title in version.buttons),
        link=(version.link, composed.link[1]) if version.link and composed.link else None,
        values=tuple((name, gateways.on_one_line(values[name])) for name in version.variables),
        template=version.name,
    )


# --- the provider's approval ---


def form(row: Template) -> dict[str, Any]:
    """What is sent to the provider to have a version approved."""
    version = version_of(row)
    examples = [{"param_name": name, "example": EXAMPLES.get(name, "contoh")} for name in version.variables]
    body: dict[str, Any] = {"type": "BODY", "text": version.body}
    if examples:
        body["example"] = {"body_text_named_params": examples}
    components: list[dict[str, Any]] = [body, {"type": "FOOTER", "text": version.footer}]
    buttons: list[dict[str, Any]] = [{"type": "QUICK_REPLY", "text": title} for _key, title in version.buttons]
    if version.link:
        page = f"{settings.BASE_URL}/l/"
        buttons = [{"type": "URL", "text": version.link, "url": page + "{{1}}", "example": [page + "contoh"]}]
    if buttons:
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {
        "name": version.name, "language": version.language, "category": "UTILITY", "parameter_format": "NAMED",
        "components": components,
    }  # fmt: skip


def sync(office: str, *, by: Actor, at: datetime) -> int:
    """Submit new versions and read what became of the others; returns how many changed. Without an account that Loket may
    manage it does nothing."""
    api = gateways.provider()
    if api is None or not gateways.manages_templates():
        return 0
    changed = 0
    for row in Template.objects.filter(office_id=office, state=Approval.DRAFT).order_by("at", "name"):
        changed += _submit(api, row, by=by, at=at)
    try:
        listed = api.templates()
    except (gateways.NotTaken, gateways.Unknown):
        return changed
    for one in listed:
        changed += approval(
            office, name=str(one.get("name")), language=str(one.get("language")), state=str(one.get("status")),
            reason=str(one.get("rejected_reason") or ""), by=by, at=at,
        )  # fmt: skip
    return changed


def waits(office: str) -> bool:
    """Whether a version still has to be submitted, by Loket itself."""
    return gateways.manages_templates() and Template.objects.filter(office_id=office, state=Approval.DRAFT).exists()


# Codes that judge this one form; all others are about the account or the moment, and the form is sent again later.
_FORM_IS_WRONG = frozenset({100, 131008, 131009, 132005, 132007, 132012})


def _submit(api: gateways.CloudApi, row: Template, *, by: Actor, at: datetime) -> int:
    try:
        answer = api.submit_template(form(row))
    except gateways.NotTaken as problem:
        if problem.code not in _FORM_IS_WRONG:
            return 0
        # A name that exists already was submitted before its answer was lost: the list tells its state.
        return _set(row, Approval.PENDING, f"{problem.code}", only_from=Approval.DRAFT, by=by, at=at)
    except gateways.Unknown:
        return 0
    row.provider_id = str(answer.get("id") or "")[:80]
    row.save(update_fields=["provider_id"])
    # The verdict may overtake this answer, which then comes too late to say `pending`.
    return _set(row, _state(str(answer.get("status"))) or Approval.PENDING, "", only_from=Approval.DRAFT, by=by, at=at)


def _state(word: str) -> str:
    word = word.upper()
    if word in ("APPROVED", "REINSTATED"):
        return Approval.APPROVED
    if word in ("PAUSED", "FLAGGED"):
        # A flagged template is about to be paused: nothing new goes out with it.
        return Approval.PAUSED
    if word in ("DISABLED", "DELETED", "PENDING_DELETION", "LIMIT_EXCEEDED"):
        return Approval.DISABLED
    return {"REJECTED": Approval.REJECTED, "PENDING": Approval.PENDING, "IN_APPEAL": Approval.PENDING}.get(word, "")


def approval(office: str, *, name: str, language: str, state: str, reason: str, by: Actor, at: datetime) -> int:
    """The provider's word on one template, from its list or its webhook; 1 when something changed. Names that are not
    ours are left alone."""
    word = _state(state)
    row = Template.objects.filter(office_id=office, name=name, language=language).first()
    if row is None or not word:
        return 0
    # A list that was read a moment ago must not take back the verdict that came meanwhile.
    only_from = Approval.DRAFT if word == Approval.PENDING else ""
    return _set(row, word, "" if reason == "NONE" else reason, only_from=only_from, by=by, at=at)


def _set(row: Template, state: str, reason: str, *, only_from: str = "", by: Actor, at: datetime) -> int:
    if (row.state, row.reason) == (state, reason[:200]):
        return 0
    with transaction.atomic():
        before = row.state
        values = {"state": state, "reason": reason[:200], "state_at": at}
        if state == Approval.APPROVED:
            values["blocked_why"] = ""
        rows = Template.objects.filter(pk=row.pk)
        if not (rows.filter(state=only_from) if only_from else rows).update(**values):
            return 0
        audit.record([audit.Fact("template.state", body={"name": row.name, "language": row.language, "state": [before, state]})], by=by, at=at)
        if state == Approval.APPROVED:
            # What waited for these words need not wait for its next turn.
            Message.objects.filter(
                outgoing=True, state="queued", error="no_template", notice=row.notice, contact__office_id=row.office_id
            ).update(due_at=at)
    row.state, row.reason = state, reason[:200]
    forget()
    return 1


def block(name: str, why: str) -> None:
    """Loket no longer uses a version that the provider refused in use; an older approved one takes its place."""
    Template.objects.filter(name=name, blocked_why="").update(blocked_why=why)
    forget()


@transaction.atomic
def unblock(template_id: UUID, *, by: Actor, at: datetime) -> None:
    """A person has looked at a blocked version and lets it go out again."""
    require(by, Role.ADMIN)
    row = Template.objects.select_for_update().filter(pk=template_id, office_id=by.office).exclude(blocked_why="").first()
    if row is None:
        raise Refusal("template_unknown", N_("Templat ini tidak sedang ditahan."), status=404)
    row.blocked_why = ""
    row.save(update_fields=["blocked_why"])
    audit.record([audit.Fact("template.unblock", body={"name": row.name, "language": row.language})], by=by, at=at)
    forget()


# --- what people see ---


def preview(notice: str, language: str, values: Mapping[str, Any], version: Version | None = None) -> Composed:
    """A notice as the resident would read it, with these values over the examples."""
    shown = {**EXAMPLES, **{key: str(value) for key, value in values.items() if value}}
    if version is None:
        words = content(notice, language)
        buttons = tuple((str(key), str(title)) for key, title in words["buttons"])
        version = Version(UUID(int=0), "", notice, language, words["body"], words["footer"], buttons, words["link"])
    raw = Composed("", "", (), (version.link, "") if version.link else None, notice, tuple(shown.items()), "", language)
    return filled(version, raw)


@dataclass(frozen=True, slots=True)
class Choice:
    """A template that an officer may choose: its name for `send_template`, and the places she must fill."""

    name: str
    notice: str
    body: str
    places: tuple[str, ...]


# What the office and the case fill by themselves; the rest an officer writes.
_BY_ITSELF = frozenset({"office", "code", "raw", "promise", "pickup_place", "fee", "days", "hours"})


def for_picker(office: str, language: str) -> list[Choice]:
    """The templates an officer may send now in this language, in a fixed order."""
    found = [(notice, current(office, notice, language)) for notice in PICKED]
    return [
        Choice(version.name, notice, version.body, tuple(name for name in version.variables if name not in _BY_ITSELF))
        for notice, version in found
        if version
    ]


# Made from other values of the case: a date in words, a code in groups.
_MADE_FROM = {"promise": "promise_on", "until": "until", "raw": "code"}
_OF_THE_OFFICE = frozenset({"office", "pickup_place", "fee", "days", "hours"})


def missing(version: Version, values: Mapping[str, str]) -> list[str]:
    """The places of a version that neither the office nor these values fill."""
    wanted = [*version.variables, *(name for key, _title in version.buttons for name in _PLACE.findall(key))]
    return [
        name
        for name in dict.fromkeys(wanted)
        if name not in _OF_THE_OFFICE and not values.get(_MADE_FROM.get(name, name)) and not values.get(name)
    ]


def problems(notice: str, language: str) -> list[str]:
    """What the provider would refuse in the words of a notice; empty when nothing."""
    words = content(notice, language)
    longest = preview(notice, language, dict.fromkeys(places(TEXTS[notice], language), "x" * 100))
    bare = _MARK.sub("\0", words["body"].strip())
    body, count = words["body"], bare.count("\0")
    wrong = [
        (len(body) > BODY_MOST or len(longest.body) > BODY_MOST, "body"),
        # A place stands between words: not first, not last, not beside another, and not too many of them.
        (bare.startswith("\0") or bare.rstrip(".!?,;:").endswith("\0"), "edges"),
        (bool(re.search(r"\0\s*\0", bare)), "neighbours"),
        (len(bare.replace("\0", " ").split()) < 2 * count + 1, "density"),
        (len(words["footer"]) > FOOTER_MOST, "footer"),
        (len(words["buttons"]) > BUTTONS_MOST, "buttons"),
        (any(len(title) > BUTTON_MOST for _key, title in words["buttons"]) or len(words["link"]) > BUTTON_MOST, "title"),
        (bool(set(_MARK.findall(body)) - set(EXAMPLES)), "examples"),
    ]
    return [what for is_wrong, what in wrong if is_wrong]




@dataclass(frozen=True, slots=True)
class Shown:
    """One version as people look at it: its words, and a real message in them, whose personal values stay examples."""

    row: Template
    version: Version
    preview: Composed

    @property
    def length(self) -> int:
        return len(self.version.body)


def all_of(office: str) -> list[Template]:
    """Every version of an office, the newest of each notice first."""
    order = {notice: place for place, notice in enumerate(NOTICES)}
    rows = list(Template.objects.filter(office_id=office))
    return sorted(rows, key=lambda row: (order.get(row.notice, len(order)), row.language != "id", -row.version))


def shown(office: str, template_id: UUID) -> Shown:
    """One version with the data of the newest message of its notice."""
    row = Template.objects.filter(pk=template_id, office_id=office).first()
    if row is None:
        raise Refusal("template_unknown", N_("Templat ini tidak ada di kantor Anda."), status=404)
    latest = Message.objects.filter(notice=row.notice, outgoing=True, contact__office_id=office).order_by("-seq").first()
    params = latest.params if latest else {}
    view = offices.office(office)
    values = {"office": view.name, "pickup_place": f"{view.name}, {view.address}", **spoken(params, row.language)}
    version = version_of(row)
    return Shown(row, version, preview(row.notice, row.language, values, version))
