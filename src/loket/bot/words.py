"""What residents write, folded into a dozen intents: Indonesian with its abbreviations, some Javanese and Sundanese."""

from __future__ import annotations

import re

INTENTS: dict[str, frozenset[str]] = {
    "menu": frozenset(["menu", "mulai", "start", "halo", "hai", "hi", "hallo", "assalamualaikum", "pagi", "siang", "sore", "malam", "punten", "kulonuwun"]),
    "apply": frozenset(
        ["ajukan", "ajuin", "daftar", "bikin", "buat", "gawe", "ngadamel", "nyieun", "urus", "ngurus", "permohonan", "ktp", "ektp", "suket", "tukar", "ganti", "hilang", "ilang", "leungit", "rusak", "kk", "akta", "cetak", "pemula", "apply", "request"]
    ),
    "status": frozenset(["status", "cek", "kapan", "sampai", "mana", "wis", "tos", "atos", "jadi", "rampung", "beres", "progres", "sudah", "udah"]),
    "person": frozenset(["petugas", "admin", "orang", "cs", "operator", "tanya", "bantuan", "tulung", "bantosan", "pengaduan", "keluhan", "help"]),
    "cancel": frozenset(["batal", "batalin", "cancel", "wurung", "bolay"]),
    "stop": frozenset(["berhenti", "stop", "unsubscribe"]),
    "english": frozenset(["english", "inggris"]),
    "indonesian": frozenset(["indonesia", "bahasa"]),
}
NUMBERS = {"1": "apply", "2": "status", "3": "person"}
# Words that decide wherever they stand; the others are weighed.
FIRST = ("stop", "cancel", "person", "status", "english", "indonesian", "apply", "menu")
_WORDS = re.compile(r"[a-z]+|\d+")
_LONG_NUMBER = re.compile(r"\d[\d .\-]{14,20}\d")


def intent(text: str) -> str:
    """The intent of a message, or an empty text."""
    stripped = text.strip().lower()
    if stripped in NUMBERS:
        return NUMBERS[stripped]
    words = set(_WORDS.findall(stripped))
    return next((name for name in FIRST if words & INTENTS[name]), "")


def holds_numbers(text: str) -> bool:
    """Whether a resident pasted or announced a NIK, or the old `#KTP#NIK#…` form: accepted, never echoed."""
    return bool(_LONG_NUMBER.search(text)) or text.lstrip().startswith("#") or "nik" in _WORDS.findall(text.lower())
