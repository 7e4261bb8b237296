"""What a message means: chat spellings, Javanese and Sundanese folded into plain Indonesian, then the words that decide
for an intent, and where none does the weight that each word has in messages written by hand."""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

# Words that work anywhere, also with a slip of the finger, alone or among a few others.
COMMANDS = {
    "menu": "menu", "status": "status", "petugas": "person", "batal": "cancel", "berhenti": "stop", "stop": "stop",
    "english": "english", "indonesia": "indonesian",
}  # fmt: skip
_FEW = 3
# A strong word decides, two weak ones do not: a bot that guesses wrongly is worse than one that shows its menu. Further
# strong words count less, since many of them overlap.
STRONG, MORE, WEAK, AGAINST, WHOLE, ENOUGH = 2.0, 0.5, 0.6, 1.3, 5.0, 1.5
# How sure the weights of single words must be, and how much an unseen word counts.
SURE, UNSEEN = 0.8, 0.2
# How alike a whole message must be to one that was written down, from 0 to 100.
_ALIKE = 92
_WORD = re.compile(r"[a-z]+|\d+")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_BEGINNING = re.compile(r"^(?:meny|meng|men|mem|me|peny|peng|pen|pem|per|pe|ber|be|ter|di|ke|se|ng|n)(?=.{3,})")
_ENDING = re.compile(r"(?<=.{3})(?:kan|lah|kah|nya|an|i|ne|na|e)$")
_FILLERS = frozenset(["pak", "bu", "kak", "min", "ya", "dong", "deh", "nih", "sih", "kok", "si", "bang", "mas", "lah", "tuh"])
_YES = [{word} for word in ("ya", "iya", "y", "yes", "yoi", "oke", "ok", "betul", "benar", "bener", "setuju", "nggih", "muhun", "inggih")]
_BETWEEN = frozenset(["saya", "ini", "itu", "yang", "di", "ke"])


@dataclass(frozen=True, slots=True)
class _Intent:
    name: str
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    against: tuple[str, ...]
    whole: tuple[str, ...]

    def score(self, padded: str, plain: str) -> float:
        """`padded` holds the words twice, with and without those between: `KTP saya hilang` is `KTP hilang` too."""
        sure = sum(f" {word} " in padded for word in self.strong)
        found = STRONG + MORE * (sure - 1) if sure else 0.0
        found += WEAK * sum(f" {word} " in padded for word in self.weak)
        found -= AGAINST * sum(f" {word} " in padded for word in self.against)
        if self.whole and process.extractOne(plain, self.whole, scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE):
            found += WHOLE
        return found


def intent(text: str) -> str:
    """The intent of a message, by its name in `intents.toml`; an empty text when nothing is clear enough."""
    words = plain_words(text)
    if not words:
        return ""
    if len(words) <= _FEW and (said := _command(words)):
        return said
    plain = " ".join(words)
    padded = f" {plain} | {' '.join(word for word in words if word not in _BETWEEN)} "
    best, score = "", 0.0
    for one in _intents():
        if (this := one.score(padded, plain)) > score:
            best, score = one.name, this
    return best if score >= ENOUGH else _likeliest(words)


def is_yes(text: str) -> bool:
    """Whether a message only agrees."""
    return set(_WORD.findall(text.casefold())) in _YES


def command(text: str) -> str:
    """The intent of a message that is nothing but one of the words that work anywhere; an empty text otherwise."""
    words = plain_words(text)
    return _command(words) if len(words) == 1 else ""


def plain_words(text: str) -> list[str]:
    """The words of a message as plain Indonesian, for comparing only."""
    folded = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode().replace("'", "")
    found: list[str] = []
    for word in _WORD.findall(_STRETCHED.sub(r"\1", folded)):
        # Numbers are nobody's spelling: they stay as they are.
        found += [word] if word.isdigit() else _plain(word).split()
    return [word for word in found if word not in _FILLERS]


def _command(words: list[str]) -> str:
    """Exactly, wherever it stands among a few words; with a slip of the finger when it stands alone."""
    for word in words:
        if word in COMMANDS and (len(words) == 1 or word in ("menu", "english")):
            return COMMANDS[word]
    if len(words) > 1:
        return ""
    slip = process.extractOne(words[0], list(COMMANDS), scorer=OSA.distance, score_cutoff=2 if len(words[0]) > 6 else 1)
    return COMMANDS[slip[0]] if slip and len(words[0]) >= 4 else ""


@lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    """One word as it would be written in a letter; a word nobody knows becomes the known one that is a slip away."""
    spellings, known = _spellings(), _known()
    if word in spellings:
        return spellings[word]
    if word in known:
        return word
    for ending in ("nya", "ny"):
        if word.endswith(ending) and (stem := word.removesuffix(ending)) in known | spellings.keys():
            return spellings.get(stem, stem)
    if len(word) < 5:
        return word
    near = process.extractOne(word, known, scorer=OSA.distance, score_cutoff=2 if len(word) > 8 else 1)
    return str(near[0]) if near else word


def _likeliest(words: list[str]) -> str:
    """The intent whose examples use these words most (naive Bayes over stems); nothing when it is not clearly ahead."""
    counts, sizes, lines, known = _weights()
    told = {_stem(word) for word in words} & known
    if not told:
        return ""
    scores = {
        name: math.log(lines[name]) / 2
        + sum(math.log((counts[name][word] + UNSEEN) / (sizes[name] + UNSEEN * len(known))) for word in told)
        for name in counts
    }
    best = max(scores, key=lambda name: scores[name])
    share = 1 / sum(math.exp(score - scores[best]) for score in scores.values())
    return best if share >= SURE else ""


def examples(path: Path) -> Iterator[tuple[str, str, str]]:
    """(intent, language, message) of a file of messages; the intent is empty for what nobody should guess at."""
    name = language = ""
    for line in path.read_text().partition("\n\n")[2].splitlines():
        if line.startswith("== "):
            _mark, name, language = line.split()
        elif line:
            yield name.strip("-"), language, line


@lru_cache(maxsize=1)
def _weights() -> tuple[dict[str, Counter[str]], dict[str, int], Counter[str], frozenset[str]]:
    """How often each intent's examples use each stem, how many stems and lines it has, and all stems there are."""
    counts: dict[str, Counter[str]] = {}
    lines: Counter[str] = Counter()
    for name, _language, message in examples(Path(__file__).parent / "examples.txt"):
        counts.setdefault(name, Counter()).update({_stem(word) for word in plain_words(message)})
        lines[name] += 1
    sizes = {name: found.total() for name, found in counts.items()}
    return counts, sizes, lines, frozenset(word for found in counts.values() for word in found)


def _stem(word: str) -> str:
    """A word without the usual beginnings and endings, near enough for counting: `penggantiannya` is `ganti`."""
    if len(word) < 5:
        return word
    word = _ENDING.sub("", word)
    return _BEGINNING.sub("", word) if len(word) >= 5 else word


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    tables = tomllib.loads((Path(__file__).parent / "spellings.toml").read_text())
    return {word: plain for table in tables.values() for word, plain in table.items()}


@lru_cache(maxsize=1)
def _intents() -> tuple[_Intent, ...]:
    table = tomllib.loads((Path(__file__).parent / "intents.toml").read_text())
    return tuple(
        _Intent(name, *(tuple(row.get(part, ())) for part in ("strong", "weak", "against", "whole")))
        for name, row in table.items()
    )


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Every word that stands in the intents or that a spelling leads to."""
    phrases = [phrase for one in _intents() for part in (one.strong, one.weak, one.against, one.whole) for phrase in part]
    return frozenset(word for phrase in [*phrases, *_spellings().values()] for word in phrase.split())
