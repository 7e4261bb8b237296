"""Photos as the desk sees them: those of a chat, and what the worker noticed in those of a case."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loket.applications.models import Document
from loket.conversations import actions as talks
from loket.core import clock, codes
from loket.core.actor import Actor, Role
from loket.web import words
from loket.web.gate import staff_only


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to look at: a sentence, and the code of the case it leads to, if any."""

    text: str
    code: str = ""


@require_safe
@staff_only(Role.VERIFIER, Role.COUNTER)
def chat_photo(request: HttpRequest, actor: Actor, pesan: UUID) -> HttpResponse:
    """The photo of one message; the reading is recorded."""
    response = HttpResponse(talks.photo(pesan, by=actor, at=clock.now()), content_type="image/jpeg")
    response.headers["Content-Disposition"] = "inline"
    return response


def hints(paper: Document) -> list[Hint]:
    """What the worker noticed in the photo of a paper. A hint orders a look and decides nothing."""
    found = [Hint(str(words.PHOTO_FAULTS[paper.fault]))] if paper.fault in words.PHOTO_FAULTS else []
    if paper.twin is not None and paper.twin_id == paper.application_id:
        found.append(Hint(_("Foto yang sama dipakai untuk berkas lain")))
    elif paper.twin is not None:
        found.append(Hint(_("Foto yang sama ada di {code}").format(code=codes.shown(paper.twin.code)), paper.twin.code))
    return found
