"""What residents think of the service: the nine elements of Permenpan RB 14/2017, asked once, after delivery, without a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from loket.applications import actions as applications
from loket.applications import queries as cases
from loket.applications.models import Application
from loket.core import crypto, links
from loket.core.actor import Actor
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.insight.models import SurveyAnswer
from loket.offices import queries as offices

# The elements in the order of the regulation, each with its four answers from bad to very good.
ELEMENTS: tuple[tuple[str, str, tuple[str, str, str, str]], ...] = (
    ("requirements", N_("Apakah persyaratannya sesuai dengan layanannya?"),
     (N_("Tidak sesuai"), N_("Kurang sesuai"), N_("Sesuai"), N_("Sangat sesuai"))),
    ("procedure", N_("Apakah caranya mudah?"), (N_("Tidak mudah"), N_("Kurang mudah"), N_("Mudah"), N_("Sangat mudah"))),
    ("time", N_("Apakah layanannya cepat?"), (N_("Tidak cepat"), N_("Kurang cepat"), N_("Cepat"), N_("Sangat cepat"))),
    ("cost", N_("Apakah biayanya wajar? Dokumennya sendiri gratis."),
     (N_("Sangat mahal"), N_("Cukup mahal"), N_("Murah"), N_("Gratis atau wajar"))),
    ("product", N_("Apakah hasilnya sesuai dengan yang dijanjikan?"),
     (N_("Tidak sesuai"), N_("Kurang sesuai"), N_("Sesuai"), N_("Sangat sesuai"))),
    ("competence", N_("Apakah petugasnya cakap?"), (N_("Tidak cakap"), N_("Kurang cakap"), N_("Cakap"), N_("Sangat cakap"))),
    ("manner", N_("Apakah petugasnya sopan dan ramah?"),
     (N_("Tidak sopan"), N_("Kurang sopan"), N_("Sopan dan ramah"), N_("Sangat sopan dan ramah"))),
    ("complaints", N_("Apakah pengaduan ditangani dengan baik?"),
     (N_("Tidak ada"), N_("Ada, tetapi tidak berfungsi"), N_("Berfungsi kurang baik"), N_("Dikelola dengan baik"))),
    ("facilities", N_("Apakah tempat, halaman, dan pesannya baik?"), (N_("Buruk"), N_("Cukup"), N_("Baik"), N_("Sangat baik"))),
)  # fmt: skip
LINK_DAYS, ASKED_AFTER, TOO_LATE = 14, timedelta(days=1), timedelta(days=4)
DONE = ("delivered", "collected", "sent")
LONGEST = 600

# The sample is drawn by the request's own id: nobody chooses who is asked, and a second run draws the same.
_INVITE = f"""
INSERT INTO insight_survey_invitation (application_id, at)
SELECT a.id, %(at)s FROM applications_application a JOIN conversations_contact c ON c.id = a.contact_id
WHERE a.office_id = %(office)s AND a.finished_at > %(from)s AND a.finished_at <= %(to)s
  AND a.state IN ({cases.written(DONE)}) AND c.opted_out_at IS NULL
  AND ('x' || substr(md5(a.id::text), 1, 8))::bit(32)::bigint %% 100 < %(share)s
LIMIT 200
ON CONFLICT DO NOTHING RETURNING application_id
"""


@transaction.atomic
def invite_due(*, by: Actor, at: datetime) -> int:
    """Ask a sample of those whose request was finished a day ago; returns how many."""
    share = offices.office(by.office).settings.survey_share
    given: dict[str, Any] = {"at": at, "office": by.office, "from": at - TOO_LATE, "to": at - ASKED_AFTER, "share": share}
    with connection.cursor() as cursor:
        cursor.execute(_INVITE, given)
        rows = [row for (row,) in cursor.fetchall()]
    asked = list(Application.objects.filter(pk__in=rows))
    private = {item.pk: {"link": f"{settings.BASE_URL}/survei/{token(item.code, at)}/"} for item in asked}
    applications.tell(asked, "survey", None, private, by=by, at=at)
    return len(asked)


def token(code: str, at: datetime) -> str:
    """The token of a survey's link, for two weeks."""
    return links.sign("survey", code, at + timedelta(days=LINK_DAYS))


def of_token(token_: str, office: str, at: datetime) -> Application:
    """The request a survey is about; refuses one that is not finished: nobody is asked before delivery."""
    application = cases.by_code(links.read("survey", token_, at), office)
    if application.state not in DONE:
        raise Refusal("survey_early", N_("Survei ini dibuka setelah permohonan Anda selesai."), status=409)
    return application


def is_answered(application: Application) -> bool:
    return SurveyAnswer.objects.filter(mark=_mark(application)).exists()


def answer(application: Application, marks: Sequence[int], comment: str, *, by: Actor, at: datetime) -> None:
    """Keep one opinion: nine marks from 1 to 4 and perhaps a few words. A second one for the same request is refused."""
    if len(marks) != len(ELEMENTS) or not all(1 <= mark <= 4 for mark in marks):
        raise Refusal("marks", N_("Jawab kesembilan pertanyaan."), field=ELEMENTS[0][0])
    if len(comment) > LONGEST:
        raise Refusal("text_long", N_("Tulis paling panjang {limit} huruf."), field="comment", limit=LONGEST)
    row = uuid7()
    sealed = crypto.system_key().seal("insight_survey_answer", "comment", row, comment) if comment else None
    try:
        with transaction.atomic():
            SurveyAnswer.objects.create(
                id=row, office_id=by.office, mark=_mark(application), on=offices.office(by.office).today(),
                service=application.service, channel=application.channel, marks=list(marks), comment=sealed,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refusal("survey_twice", N_("Survei untuk permohonan ini sudah diisi. Terima kasih."), status=409) from error


def _mark(application: Application) -> bytes:
    return crypto.index("survey", str(application.pk), crypto.keyring())
