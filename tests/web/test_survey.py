"""The survey: a day after delivery, once, about a minute, and nobody's name beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import Error, transaction
from django.test import Client

from loket import jobs
from loket.applications.models import Application
from loket.conversations.models import Contact, Message
from loket.core import clock
from loket.delivery import actions as delivery
from loket.insight import surveys
from loket.insight.models import SurveyAnswer, SurveyInvitation
from loket.offices import queries as offices
from loket.offices.models import Office
from tests import cast as play
from tests.cast import CILEGON, Cast
from tests.web.test_residents import link_in, words

NAMES = [name for name, *_rest in surveys.ELEMENTS]
GOOD = dict.fromkeys(NAMES, "4")


def delivered(cast: Cast) -> Application:
    code = play.in_transit(cast)
    scan = delivery.Scan(code, f"scan-{code}", "delivered", "Siti", "self", "none")
    assert delivery.deliver([scan], by=cast.courier, at=clock.now())[0].problem is None
    return Application.objects.get(code=code)


def share(percent: int) -> None:
    Office.objects.filter(code=CILEGON).update(settings={"survey_share": percent})
    offices.forget()


def test_a_sample_is_asked_a_day_after_delivery_and_nobody_twice(cast: Cast) -> None:
    share(100)
    application = delivered(cast)
    play.in_transit(cast)
    assert jobs.ask_for_opinions(CILEGON) == 0
    clock.move_to(cast.at + timedelta(days=1, minutes=1))
    assert [jobs.ask_for_opinions(CILEGON) for _ in range(2)] == [1, 0]
    assert Message.objects.get(notice="survey").contact_id == application.contact_id
    assert words(Client().get(link_in("survey"))).startswith(' class="govuk-main-wrapper"') or "Bagaimana layanan kami?" in words(Client().get(link_in("survey")))


@pytest.mark.parametrize("why", ["share", "opted out", "long ago"])
def test_who_is_not_in_the_sample_or_wants_no_invitations_is_not_asked(cast: Cast, why: str) -> None:
    share(0 if why == "share" else 100)
    application = delivered(cast)
    if why == "opted out":
        Contact.objects.filter(pk=application.contact_id).update(opted_out_at=clock.now())
    clock.move_to(cast.at + timedelta(days=5 if why == "long ago" else 2))
    assert jobs.ask_for_opinions(CILEGON) == 0
    assert not SurveyInvitation.objects.exists()


def test_the_nine_elements_are_asked_with_four_words_each(cast: Cast) -> None:
    application = delivered(cast)
    shown = Client().get(f"/survei/{surveys.token(application.code, clock.now())}/").content.decode()
    assert len(NAMES) == 9
    assert shown.count("<fieldset") == 9
    assert shown.count('type="radio"') == 36
    assert " checked" not in shown
    assert "SITI" not in shown
    assert application.code not in shown.split("<main", 1)[1]


def test_an_answer_is_kept_once_and_knows_neither_name_nor_request(cast: Cast) -> None:
    application, client = delivered(cast), Client()
    address = f"/survei/{surveys.token(application.code, clock.now())}/"
    missing = client.post(address, GOOD | {"time": ""})
    assert missing.status_code == 422
    assert 'href="#time"' in missing.content.decode()
    assert "Terima kasih" in words(client.post(address, GOOD | {"comment": "Cepat sekali."}))
    assert "Terima kasih" in words(client.post(address, dict.fromkeys(NAMES, "1")))
    row = SurveyAnswer.objects.get()
    assert (row.marks, row.service, row.channel) == ([4] * 9, "KTP_NEW", "online")
    stored = {field.name: getattr(row, field.name) for field in row._meta.fields}
    assert str(application.pk) not in str(stored)
    assert b"Cepat" not in bytes(row.comment)


def test_nobody_is_asked_before_delivery_not_even_with_a_link(cast: Cast) -> None:
    code = play.in_transit(cast)
    early = Client().get(f"/survei/{surveys.token(code, clock.now())}/")
    assert early.status_code == 409
    assert "setelah permohonan Anda selesai" in words(early)
    assert Client().get(f"/survei/{surveys.token(code, clock.now())[:-1]}x/").status_code == 404


def test_the_database_takes_no_mark_outside_the_scale_and_changes_none(cast: Cast) -> None:
    surveys.answer(delivered(cast), [2] * 9, "", by=cast.resident, at=clock.now())
    with pytest.raises(Error, match="append-only|permission denied"), transaction.atomic():
        SurveyAnswer.objects.update(marks=[4] * 9)
    for marks in ([5] * 9, [1] * 8):
        with pytest.raises(Error, match="insight_survey_nine_marks"), transaction.atomic():
            SurveyAnswer.objects.create(office_id=CILEGON, mark=bytes(16), on=cast.at.date(), service="KTP_NEW", channel="online", marks=marks)
