"""Turns what the rooms say into the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext

from loket.core.errors import Refusal


def sentence(refusal: Refusal) -> str:
    """The sentence of a refusal in the active language, its parameters filled in."""
    template = gettext(refusal.message)
    return template.format(**refusal.params) if refusal.params else template
