"""The survey after delivery: nine questions, about a minute, once, and never beside a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page

from loket.core import clock
from loket.core.actor import resident
from loket.core.errors import N_, Refusal, Refusals
from loket.insight import surveys
from loket.web import forms, words


# Thirty-six radios are most of what a first visit would weigh. The form's token is masked anew in every answer, so that a
# compressed length gives nothing away.
@gzip_page
def fill(request: HttpRequest, token: str) -> HttpResponse:
    """All nine on one page, so that it takes a minute; whoever has answered is thanked."""
    application = surveys.of_token(token, settings.OFFICE, clock.now())
    if surveys.is_answered(application):
        return render(request, "citizen/survei_selesai.html")
    questions = [
        (name, _(question), [(str(mark), _(words_)) for mark, words_ in enumerate(answers, start=1)], request.POST.get(name, ""))
        for name, question, answers in surveys.ELEMENTS
    ]
    context: dict[str, Any] = {"questions": questions, "comment": forms.text(request, "comment"), "count": len(questions)}
    if request.method != "POST":
        return render(request, "citizen/survei.html", context)
    try:
        marks = forms.together(**{name: _reader(request, name) for name, *_rest in surveys.ELEMENTS})
        by = resident(application.office_id)
        surveys.answer(application, list(marks.values()), context["comment"], by=by, at=clock.now())
    except (Refusal, Refusals) as problem:
        if isinstance(problem, Refusal) and problem.code == "survey_twice":
            return render(request, "citizen/survei_selesai.html")
        return render(request, "citizen/survei.html", context | {"problems": words.problems(problem)}, status=422)
    return render(request, "citizen/survei_selesai.html")


def _reader(request: HttpRequest, name: str) -> Callable[[], int]:
    def read() -> int:
        chosen = forms.text(request, name, 1)
        if chosen not in ("1", "2", "3", "4"):
            raise Refusal("mark_missing", N_("Pilih satu jawaban untuk pertanyaan ini."), field=name)
        return int(chosen)

    return read
