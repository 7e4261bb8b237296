"""Texts with their values filled in: what a message says in the resident's language, for her chat and for her window."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from string import Formatter
from typing import Any

from django.conf import settings
from django.utils import translation

from loket.conversations.keys import MESSAGE
from loket.conversations.models import Contact, Message
from loket.conversations.texts import FOOTER, PHOTOS, REASONS, RELATIONS, STATES, TEXTS, Text
from loket.core import codes, crypto, images, links, text
from loket.offices import queries as offices

LINK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready to be sent. `buttons` are (id, title), `link` is (label, address) of a button that opens a page,
    `rows` are (id, title, description) of a list that opens under `list_label`: at most three buttons or ten rows.

    `notice` and `values`, the filled places by name, are what an approved `template` in `language` is made from when the
    reply window is shut.
    """

    body: str
    footer: str
    buttons: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None
    notice: str = ""
    values: tuple[tuple[str, str], ...] = ()
    template: str = ""
    language: str = "id"
    rows: tuple[tuple[str, str, str], ...] = ()
    list_label: str = ""


def compose(
    name: str, values: Mapping[str, Any], *, language: str, link: str = "", private: Mapping[str, str] | None = None
) -> Composed:
    """A text with its values filled in: codes, dates and money as people write them.

    `values` may hold `code`, `rows` of (id, title, description), ISO dates `promise_on` and `until`, `fee` in rupiah and plain words; `private` what a
    person wrote. A missing value raises KeyError: such a message is not sent.
    """
    given, english = TEXTS[name], language == "en"
    filled = {**spoken(values, language), **(private or {})}
    rows = tuple((key, title, more) for key, title, more in values.get("rows", ()))
    choices = options(name, values, language)
    body = _numbered((given.en if english else given.id).format_map(filled), choices)
    opening = given.link[english] if given.link else ""
    page = (opening, link) if opening and link else None
    label = given.list_label[english] if given.list_label and rows else ""
    # Every value, not only today's places: the approved words of a template may be older than these.
    filling = tuple((place, str(value)) for place, value in filled.items() if isinstance(value, str | int))
    return Composed(
        body, FOOTER[language], () if rows else choices, page, name, filling, "", language, rows=rows, list_label=label
    )


def options(name: str, values: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    """What can be chosen in a text, as (id, title) in the order of the numbers that stand for them."""
    if values.get("rows"):
        return tuple((key, title) for key, title, _more in values["rows"])
    filled = {"raw": values.get("code", "")}
    return tuple(
        (key.format_map(filled), english if language == "en" else indonesian)
        for key, indonesian, english in TEXTS[name].buttons
    )


def _numbered(body: str, choices: Sequence[tuple[str, str]]) -> str:
    """Whoever cannot press a button writes a number: a text that offers a choice says which, where it does not already."""
    if len(choices) < 2 or "\n1. " in body:
        return body
    return f"{body}\n" + "\n".join(f"{number}. {title}" for number, (_key, title) in enumerate(choices, 1))


def places(given: Text, language: str) -> tuple[str, ...]:
    """The names of the places of a text and of its buttons, in the order in which they come."""
    whole = "".join([given.en if language == "en" else given.id, *(button[0] for button in given.buttons)])
    return tuple(dict.fromkeys(name for _text, name, _format, _change in Formatter().parse(whole) if name))


# Sentences of other rooms that travel as their Indonesian original and are translated here.
_TRANSLATED = ("meaning", "todo", "cause", "sentence")


def spoken(values: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Values as people read them in a language: dates, money, codes in groups."""
    words = {key: value[language] if isinstance(value, dict) else value for key, value in values.items()}
    with translation.override(language):
        words |= {key: translation.gettext(words[key]) for key in _TRANSLATED if words.get(key)}
    if isinstance(values.get("place"), int):
        words["place"] = text.angka(values["place"], lang=language)
    if "code" in values:
        words["raw"], words["code"] = values["code"], codes.shown(values["code"])
    if values.get("promise_on"):
        words["promise"] = text.tanggal(date.fromisoformat(values["promise_on"]), language)
    if values.get("until"):
        words["until"] = text.tanggal(date.fromisoformat(values["until"]), language)
    if isinstance(values.get("fee"), int):
        words["fee"] = text.rupiah(values["fee"], language)
    if "reason" in values:
        words["why"] = REASONS[language].get(values["reason"], REASONS[language]["other"])
    if "relation" in values:
        words["relation"] = RELATIONS[language].get(values["relation"], values["relation"])
    if "tracking" in values:
        words["tracking"] = values["tracking"] or ("menyusul" if language == "id" else "follows")
    return words


@dataclass(frozen=True, slots=True)
class Photos:
    """What came of the files sent at once: how many photos are held, how many of those are the same one again, how many
    must be sent again, and why others were not taken."""

    held: int
    same: int
    again: int
    unfit: tuple[str, ...]


def photo_lines(photos: Photos, bad: Sequence[tuple[int, str]], language: str) -> str:
    """What became of the files that came at once; `bad` are the places and faults of photos that cannot be read, of which
    each fault is told once."""
    words = PHOTOS[language]
    lines = []
    if photos.held:
        lines.append(words["one" if photos.held == 1 else "many"].format(count=photos.held))
    if photos.same:
        lines.append(words["same"].format(count=photos.same))
    with translation.override(language):
        for fault in dict.fromkeys(fault for _place, fault in bad):
            places = [str(place) for place, found in bad if found == fault]
            which = "" if photos.held == 1 else words["which"].format(places=", ".join(places))
            lines.append(which + translation.gettext(images.TIPS[fault]).format(paper=words["paper"]))
    lines += dict.fromkeys(words.get(reason, words["unknown"]) for reason in photos.unfit)
    if photos.again:
        lines.append(words["again"].format(count=photos.again))
    return "\n".join(lines)


def status_line(code: str, state: str, place: int | None, promise_on: date | None, language: str) -> str:
    """Where one request stands, in a sentence or two; `promise_on` while it is open."""
    english = language == "en"
    line = f"*{code}*: {STATES[language][state]}."
    if place:
        line += f" Place {place}." if english else f" Urutan {place}."
    if promise_on:
        day = text.tanggal(promise_on, language)
        line += f" Expected by {day}." if english else f" Perkiraan selesai {day}."
    return line


# --- a stored message ---


def of_message(message: Message, contact: Contact, key: crypto.DataKey, at: datetime) -> Composed:
    """What a message of ours says: composed now, or as it was at an earlier try."""
    stored = key.open_text(MESSAGE, "body", message.pk, bytes(message.body)) if message.body else ""
    if not message.notice:
        return Composed(stored, "")
    private: dict[str, str] = json.loads(stored) if stored else {}
    if "footer" in private:
        return _as_composed(private)
    office = offices.office(contact.office_id)
    hours = f"{office.opens_at:%H.%M}–{office.closes_at:%H.%M} WIB"
    values: dict[str, Any] = {
        "fee": office.settings.post_fee, "days": office.settings.choose_within_days, "hours": hours,
        "office": office.name, "pickup_place": f"{office.name}, {office.address}", "page": f"{settings.BASE_URL}/cek/",
        **message.params,
    }  # fmt: skip
    link = private.pop("link", "") or _case_link(message.params.get("code", ""), at)
    return compose(message.notice, values, language=contact.language, link=link, private=private)


def _as_composed(stored: dict[str, Any]) -> Composed:
    """A message composed at an earlier try: the same words go out again."""
    stored["buttons"] = tuple(tuple(button) for button in stored["buttons"])
    stored["link"] = tuple(stored["link"]) if stored["link"] else None
    stored["values"] = tuple(tuple(value) for value in stored["values"])
    stored["rows"] = tuple(tuple(row) for row in stored.get("rows", ()))
    return Composed(**stored)


def _case_link(code: str, at: datetime) -> str:
    """The address that opens one case for whoever holds this chat, for a week."""
    if not code:
        return ""
    return f"{settings.BASE_URL}/l/{links.sign('case', code, at + timedelta(days=LINK_DAYS))}/"


def words_of(stored: str, message: Message) -> str:
    """A composed message as one text to copy: its words, the address of its page, the fixed line."""
    if not message.notice:
        return stored
    composed = _as_composed(json.loads(stored))
    return "\n\n".join(part for part in (composed.body, composed.link[1] if composed.link else "", composed.footer) if part)
