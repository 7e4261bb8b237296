"""The commands of `loket`, one module per person who types them."""

from __future__ import annotations

import os
import sys

from loket.core.errors import Refusal


def speaks_english() -> bool:
    """Whether the terminal asks for English; Indonesian otherwise."""
    language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return language.lower().startswith("en")


def say(indonesian: str, english: str) -> None:
    """One line for people, on standard error, so that standard output stays free for what was asked."""
    print(english if speaks_english() else indonesian, file=sys.stderr, flush=True)


def refuse(indonesian: str, english: str, command: str = "") -> int:
    """Say why something cannot be done and the one command that helps; exit code 3."""
    say(f"✘ {indonesian}", f"✘ {english}")
    if command:
        say(f"  Langkah: {command}", f"  Next: {command}")
    return 3


def told(refusal: Refusal) -> tuple[str, str]:
    """The sentence of a refusal in Indonesian and in English."""
    from django.utils import translation

    with translation.override("en"):
        template = translation.gettext(refusal.message)
    return refusal.text, template.format(**refusal.shown) if refusal.params else template


def start_django(role: str = "web") -> None:
    """Load the rooms, connected as the given database role."""
    os.environ["LOKET_DB_ROLE"] = role
    import django

    django.setup()
