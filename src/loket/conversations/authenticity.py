"""Whether a number, a link or a text is the office's: told to everybody, and nothing about anybody.

A message of ours leaves a mark: a keyed hash of its words, without what only its reader may know. A text is ours when it
has such a mark, or when every line of it is a line of our texts and everything in it that could lead somebody astray (a
link, a number, an amount) is ours too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from loket.conversations import rules
from loket.conversations.texts import FOOTER, TEXTS
from loket.core import codes, crypto
from loket.core.errors import Refusal
from loket.offices.queries import OfficeView
from loket.residents import phones

# Shorter bodies are anybody's words, and could be guessed.
SHORTEST = 40
KEPT = timedelta(days=400)
MOST_LETTERS = 4000


class Kind(StrEnum):
    NUMBER = "number"
    LINK = "link"
    TEXT = "text"


class Verdict(StrEnum):
    OURS = "ours"
    NOT_OURS = "not_ours"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judged:
    """What was pasted, and whose it is."""

    kind: Kind
    verdict: Verdict


# --- marks: the only thing that is kept ---


def note(body: str, notice: str, at: datetime) -> None:
    """Leave the mark of a composed message; called once where messages are composed. `notice` is empty for free text."""
    if len(_words(body)) < SHORTEST:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_mark (mark, at) VALUES (%s, %s) "
            "ON CONFLICT (mark) DO UPDATE SET at = GREATEST(conversations_mark.at, EXCLUDED.at)",
            [_mark(rules.for_the_office(body, notice)), at],
        )


def forget_old(at: datetime) -> int:
    """Marks of messages that nobody asks about any more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM conversations_mark WHERE at < %s", [at - KEPT])
        return int(cursor.rowcount)


def _mark(body: str) -> bytes:
    return crypto.index("mark", _words(body), crypto.keyring())


def _is_marked(pasted: str) -> bool:
    """Whether exactly these words left the office. Pickup codes are no part of a mark: nobody can try them out here."""
    marks = [_mark(rules.for_the_office(pasted, notice)) for notice in ("", "ready_pickup")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM conversations_mark WHERE mark = ANY(%s))", [marks])
        return bool(cursor.fetchone()[0])


# --- judging ---


def judge(pasted: str, office: OfficeView) -> Judged:
    """Whose a pasted number, link or text is. The same work is done for each, so that the time tells nothing."""
    whole = pasted.replace("\0", "").strip()
    typed = _uncopied(whole[:MOST_LETTERS], office)
    # Of what is longer nobody has judged the end, and a fraud would stand there.
    is_whole = len(whole) <= MOST_LETTERS
    found = links(typed)
    is_marked = _is_marked(typed) and is_whole
    are_ours = _are_our_lines(typed, office) and is_whole and not _astray(typed, found, office)
    if number := _number(typed):
        return Judged(Kind.NUMBER, Verdict.OURS if number in _numbers(office) else Verdict.NOT_OURS)
    if len(found) == 1 and found[0] == typed:
        return Judged(Kind.LINK, Verdict.OURS if is_our_link(typed, office) else Verdict.NOT_OURS)
    if is_marked or are_ours:
        return Judged(Kind.TEXT, Verdict.OURS)
    is_astray = _astray(typed, found, office) or _ASKED.search(_words(typed))
    return Judged(Kind.TEXT, Verdict.NOT_OURS if is_astray else Verdict.UNKNOWN)


_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_EMPHASIS = re.compile(r"(?<!\w)[*_~]+|[*_~]+(?!\w)")
# How WhatsApp puts who and when before a copied message: [02/06/20 10.11] Disdukcapil Kota Cilegon: …
_COPIED = re.compile(r"^\[\d{1,2}[/.]\d{1,2}[\d/.,: APMapm]{0,24}\][ \t]*([^:\n]{1,60}):\s*", re.MULTILINE)
# What people save the office under, beside the words of its own name.
_CALLED = frozenset({
    "disdukcapil", "dukcapil", "capil", "dinas", "kependudukan", "pencatatan", "sipil", "dan", "kantor", "kota", "kab", "kabupaten",
    "wa", "whatsapp", "resmi", "ktp", "ktp-el",
})  # fmt: skip


def _lines(text: str) -> list[str]:
    """The lines of a text as they are compared: without emphasis, case, doubled blanks and our own footer."""
    plain = unicodedata.normalize("NFKC", _ZERO_WIDTH.sub("", text))
    lines = (" ".join(_EMPHASIS.sub("", line).casefold().split()) for line in plain.splitlines())
    return [line for line in lines if line and line not in _footers()]


def _uncopied(typed: str, office: OfficeView) -> str:
    """A copied message without who and when. Only a name or number of the office is taken off: in any other a forger could
    write what is then not looked at."""
    known = _CALLED | set(re.findall(r"[\w-]+", office.name.casefold()))

    def kept(match: re.Match[str]) -> str:
        said = re.findall(r"[\w-]+", match[1].casefold())
        is_office = (said and known >= set(said)) or _number(match[1].strip()) in _numbers(office)
        return "" if is_office else match[0]

    return _COPIED.sub(kept, typed)


def _words(text: str) -> str:
    return "\n".join(_lines(text))


@lru_cache(maxsize=1)
def _footers() -> frozenset[str]:
    return frozenset(line.casefold() for line in FOOTER.values())


# Places whose filling can only look like this. A line with any other place is ours by its mark alone: whoever fills it
# in could write what he likes.
_CODE = r"[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{3}"
_DAY = r"(?:[a-z]{4,9}, )?\d{1,2} [a-z]{3,9} \d{4}"
_SHAPES = {
    "code": _CODE, "shown": _CODE, "promise": _DAY, "until": _DAY, "place": r"[\d.,]{1,7}", "days": r"\d{1,2}",
    "promise_days": r"\d{1,2}", "count": r"\d{1,2}", "fee": r"rp[\d.,]{1,7}", "pickup_code": r"\d{6}",
    "hours": r"\d\d\.\d\d–\d\d\.\d\d [a-z]{3,4}",
}  # fmt: skip
_PLACE = re.compile(r"\\\{(\w+)\\\}")


@lru_cache(maxsize=8)
def _our_lines(office: str, place: str) -> tuple[re.Pattern[str], ...]:
    """Every line that our texts can have, both languages, as far as its places have a shape or are the office's."""
    shapes = _SHAPES | {"office": re.escape(office.casefold()), "pickup_place": re.escape(place.casefold())}
    found = []
    for text in TEXTS.values():
        titles = [f"{number}. {title}" for number, (_key, *both) in enumerate(text.buttons, 1) for title in both]
        for line in {*_lines(text.id), *_lines(text.en), *(one.casefold() for one in titles)}:
            places = re.findall(r"\{(\w+)\}", line)
            # A line that is all place would be anybody's.
            if shapes.keys() >= set(places) and any(map(str.isalpha, _PLACE.sub("", re.escape(line)))):
                found.append(re.compile(_PLACE.sub(lambda match: shapes[match[1]], re.escape(line))))
    return tuple(found)


def _are_our_lines(typed: str, office: OfficeView) -> bool:
    lines, ours = _lines(typed), _our_lines(office.name, f"{office.name}, {office.address}")
    return sum(map(len, lines)) >= SHORTEST and all(any(one.fullmatch(line) for one in ours) for line in lines)


# What we never ask for, next to the words that ask.
_ASKED = re.compile(
    r"\b(?:kirim\w*|berikan|sebutkan|masukkan|transfer\w*|bayar\w*|setor\w*|klik|install|instal|unduh|pasang|send|pay|enter)\b"
    r"[^\n.]{0,60}\b(?:otp|pin|sandi|password|kode verifikasi|apk|rekening|pulsa|dana|ovo|gopay|transfer|bank)\b"
    r"|\btransfer\b[^\n.]{0,40}\brp"
)
_AMOUNT = re.compile(r"\brp\s?\.?\s?([\d.,]+)(\s?(?:rb|ribu|jt|juta)\b)?|\b(\d+)\s?(?:rb|ribu|jt|juta)\b")
_DIGITS = re.compile(r"(?<![\w.])\+?\d(?:[ .\-()]{0,2}\d){6,18}(?![\w])")


def _astray(typed: str, found: list[str], office: OfficeView) -> bool:
    """Whether a text holds a link, a number or an amount that is not the office's."""
    words = _words(typed)
    return (
        any(not is_our_link(link, office) for link in found)
        or any(not _is_our_amount(match, office) for match in _AMOUNT.finditer(words))
        or any(not _is_harmless(run, office) for run in _DIGITS.findall(_without(typed, found)))
    )


def _without(typed: str, found: Iterable[str]) -> str:
    for link in found:
        typed = typed.replace(link, " ")
    return typed


def _is_our_amount(amount: re.Match[str], office: OfficeView) -> bool:
    """Rp0 and the fee of the post are the only amounts that a message of ours names."""
    rupiah, in_thousands, bare = amount.groups()
    if in_thousands or bare:
        return False
    digits = re.sub(r"\D", "", re.sub(r"[.,]\d\d?$", "", rupiah or ""))
    return int(digits or "0") in (0, office.settings.post_fee)


def _is_harmless(run: str, office: OfficeView) -> bool:
    """A date, or a number of the office; any other long number could be a phone or an account."""
    if re.fullmatch(r"\d{1,2}[.\-/ ]\d{1,2}[.\-/ ]\d{4}", run) or len(re.sub(r"\D", "", run)) < 8:
        return True
    return _number(run) in _numbers(office)


def _numbers(office: OfficeView) -> set[str]:
    return {_bare(one) for one in (office.wa_number, *office.settings.official_numbers)}


def _bare(number: str) -> str:
    """A number in digits with its country: landlines too, which nobody could write to."""
    digits = re.sub(r"\D", "", number)
    return f"62{digits[1:]}" if digits.startswith("0") and not digits.startswith("00") else digits


def _number(typed: str) -> str:
    """The digits of a pasted telephone number; empty when it is something else."""
    if not re.fullmatch(r"[+\d\s.\-()]{7,24}", typed):
        return ""
    try:
        return _bare(phones.parse_phone(typed))
    except Refusal:
        digits = _bare(typed)
        return digits if 7 <= len(digits) <= 15 and (typed.lstrip().startswith(("+", "0", "62", "(0"))) else ""


# --- links ---

_ENDINGS = (
    "id|com|net|org|info|biz|xyz|site|online|top|link|click|club|shop|store|app|dev|page|me|ly|gl|co|cc|io|tk|ml|ga|cf|gq|ru|cn|my|sg|"
    "us|uk|eu|in|to|gg|tv|ws|live|life|space|fun|icu|vip|work|pro|web|website|tech|asia|apk|zip|support|help|today|win|bid"
)
# Labels are as long as a host may have them, and fewer than it may have: a text of dots alone must not take seconds.
_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.\-]{1,12}:)?//[^\s<>\"'“”]+"
    rf"|(?<![\w@.])(?:[\w\-]{{1,63}}\.){{1,40}}(?:{_ENDINGS}|xn--[\w\-]+)\b(?::\d+)?(?:[/?#][^\s<>\"'“”]*)?"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/[^\s]*)?",
    re.IGNORECASE,
)


def links(typed: str) -> list[str]:
    """Everything in a text that a telephone would make a link of, as it stands there."""
    return [link for link in (match.group().rstrip(".,;:!?)*_~") for match in _LINK.finditer(typed)) if _is_no_code(link)]


def _is_no_code(link: str) -> bool:
    """A request code is no host, however it is written."""
    try:
        codes.parse(link)
    except Refusal:
        return True
    return False


def is_our_link(link: str, office: OfficeView) -> bool:
    """Whether a link leads to the office's own page, judged by its letters alone: nothing is opened.

    The host must be exactly ours. Letters of other scripts, a name before an @, a backslash, a hidden sign, another port
    or plain http where we have https are somebody else's, and so is every shortener.
    """
    if not link.isascii() or any(sign in link for sign in "\\@%") or _ZERO_WIDTH.search(link):
        return False
    ours = urlsplit(settings.BASE_URL)
    try:
        given = urlsplit(link if "//" in link else f"{ours.scheme}://{link}")
        port = given.port
    except ValueError:
        return False
    host = (given.hostname or "").lower()
    if host == "wa.me" and given.scheme in ("", "https"):
        return given.path.strip("/") in _numbers(office)
    if host in office.settings.official_hosts:
        return given.scheme == "https" and port is None
    return (given.scheme or ours.scheme, host, port) == (ours.scheme, (ours.hostname or "").lower(), ours.port)
