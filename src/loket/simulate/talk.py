"""What people said to the office in its last days: conversations, complaints, reports of fraud, opinions, invitations."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection

from loket.applications.models import Application
from loket.conversations import actions as conversations
from loket.conversations.keys import key_of
from loket.conversations.models import Contact, Message, State
from loket.core import crypto
from loket.core.actor import Actor, resident
from loket.insight.models import SurveyAnswer
from loket.insight.surveys import ELEMENTS
from loket.integrity import actions as complaints
from loket.offices.queries import OfficeView
from loket.simulate.history import NOW
from loket.simulate.story import App
from loket.staff.models import Account
from loket.suket import actions as suket

# Letters of holders without a request: told by SMS and silent since, or not found by their kelurahan.
SILENT, NOT_FOUND = 412, 187
OPINIONS = 260
_TO_REACH = """
SELECT l.id FROM suket_letter l
JOIN residents_resident r ON r.id = l.resident_id
JOIN residents_enrolment e ON e.office_id = l.office_id AND e.nik_index = r.nik_index AND e.status = 'PRINT_READY_RECORD'
WHERE l.office_id = %s AND l.outcome = ''
  AND NOT EXISTS (SELECT 1 FROM applications_application a WHERE a.resident_id = l.resident_id)
ORDER BY l.fingerprint LIMIT %s
"""

# (state of the writer's request, label, language, who has it, what was said); a line is (day, hour, who, words), where
# `note` is said among colleagues, and `hand` gives the conversation to the counter.
TALKS: tuple[tuple[str, str, str, tuple[tuple[int, float, str, str], ...]], ...] = (
    ("verified", "menunggu pusat", "id", (
        (29, 13.2, "warga", "Assalamualaikum, status saya katanya masih menunggu pusat. Kira-kira kapan ya, Bu?"),
    )),
    ("submitted", "status", "id", (
        (2, 14.3, "warga", "Selamat siang, permohonan saya sudah masuk belum ya? Belum ada kabar lagi."),
        (2, 16.1, "warga", "Mohon infonya, saya butuh buat daftar kerja."),
    )),
    ("submitted", "", "en", ((2, 17.4, "warga", "Hello, is my card ready before Friday? I have to travel to Surabaya."),)),
    ("needs_fix", "foto", "id", (
        (2, 13.9, "warga", "Katanya foto KK saya buram. Boleh saya kirim hasil scan?"),
        (2, 14.1, "verifikator1", "Boleh, asal berwarna dan keempat sudutnya terlihat. Kirim lewat tautan perbaikan, ya."),
        (2, 14.2, "note", "KK-nya cetakan lama. Kalau masih tidak terbaca, minta dibawa ke loket."),
        (2, 14.6, "warga", "Baik Bu, saya scan dulu di warnet."),
    )),
    ("on_shelf", "ambil diwakilkan", "id", (
        (2, 13.5, "warga", "Saya kerja di luar kota. Boleh kakak saya yang ambil kartunya?"),
        (2, 13.8, "verifikator2", "Boleh. Kakak membawa kode ambil, surat kuasa bermeterai, dan KTP-nya sendiri."),
        (2, 13.9, "hand", "Kakaknya datang besok pagi. Surat kuasanya tolong diperiksa."),
        (2, 14.4, "warga", "Kakak saya datang besok jam 9."),
    )),
    ("delivered", "", "id", (
        (2, 10.2, "warga", "Alhamdulillah kartunya sudah saya terima. Suket lama sudah diambil Pak Pos."),
        (2, 10.4, "verifikator1", "Terima kasih kabarnya. Simpan baik-baik kartunya, ya."),
        (2, 10.5, "done", ""),
    )),
)  # fmt: skip

# (kind, day, whether it names a request that waits long, words, the answer, who answers, who closes)
COMPLAINTS = (
    ("mistake", 18, False, "Nama jalan di kartu saya salah ketik, padahal di KK sudah benar.",
     "Maaf atas kesalahannya. Kartu pengganti sudah kami cetak dan bisa diambil di loket tanpa antre.", "loket1", "verifikator2"),
    ("late", 28, True, "Sudah lewat dari tanggal yang dijanjikan, belum ada kabar apa pun.",
     "Maaf terlambat. Antrean cetak menumpuk setelah libur. Permohonan Anda kami periksa hari ini.", "verifikator2", ""),
    ("money", 29, False, "Ada orang di depan kantor menawarkan KTP jadi sehari dengan bayar Rp150.000.", "", "", ""),
    ("late", 32, True, "Status di halaman tidak berubah dua minggu. Mohon penjelasan.", "", "", ""),
)  # fmt: skip

FRAUDS = (
    ("text", "KTP elektronik Anda bermasalah. Bayar denda Rp75.000 lewat tautan berikut supaya tidak diblokir.", 3),
    ("number", "0899 0099 8877", 2),
)


def tell(office: OfficeView, apps: list[App]) -> None:
    """Everything of this module, once the requests of the history are written and the clock stands at its end."""
    rng = random.Random(3672)
    _converse(office, apps)
    _complain(office, apps)
    _answer_surveys(office, apps, rng)
    _seek_holders(office)


def _at(office: OfficeView, day: int, hour: float) -> datetime:
    """An hour of a day, counted from 1 June; the days before it are those of May."""
    month, day = (5, day) if 2 < day <= 31 else (6, day - 31 if day > 31 else day)
    return datetime(2020, month, day, tzinfo=ZoneInfo(office.zone)) + timedelta(hours=hour)


def _colleague(name: str, office: OfficeView) -> Actor:
    return Account.objects.get(office_id=office.code, username=name).actor()


def _converse(office: OfficeView, apps: list[App]) -> None:
    writers: dict[str, list[UUID]] = defaultdict(list)
    for app in apps:
        if app.contact and app.service.is_card:
            writers[app.state].append(app.contact)
    for state, label, language, lines in TALKS:
        contact = Contact.objects.get(pk=writers[state].pop())
        conversations.speak(contact, language)
        for day, hour, who, words in lines:
            _say(contact.pk, who, words, office, _at(office, day, hour))
        if label:
            conversations.label(contact.pk, [label], by=_colleague("verifikator1", office), at=NOW)
    # Said and read before: nothing of it leaves once more.
    for message in Message.objects.filter(state=State.QUEUED):
        Message.objects.filter(pk=message.pk).update(state=State.READ, provider_id=key_of(uuid4().hex))


def _say(contact_id: UUID, who: str, words: str, office: OfficeView, at: datetime) -> None:
    contact = Contact.objects.get(pk=contact_id)
    if who == "warga":
        conversations.receive(contact, provider_id=uuid4().hex, kind="text", body=words, sent_at=at, at=at)
        conversations.call_person(contact, at=at)
    elif who == "note":
        conversations.note(contact_id, words, by=_colleague("verifikator1", office), at=at)
    elif who == "hand":
        conversations.hand_over(contact_id, "loket1", words, by=_colleague("verifikator2", office), at=at)
    elif who == "done":
        conversations.release(contact_id, by=_colleague("verifikator1", office), at=at)
    else:
        conversations.claim(contact_id, by=_colleague(who, office), at=at - timedelta(minutes=2))
        conversations.answer(contact_id, words, by=_colleague(who, office), at=at)


def _complain(office: OfficeView, apps: list[App]) -> None:
    oldest = iter([app.code for app in apps if app.state == "verified"])
    for kind, day, names_case, words, answer, author, closer in COMPLAINTS:
        case = Application.objects.get(code=next(oldest)) if names_case else None
        stated = complaints.Stated(kind, words, case)
        filed = complaints.file(stated, by=resident(office.code), at=_at(office, day, 9.5))
        if answer:
            complaints.answer(filed.number, answer, by=_colleague(author, office), at=_at(office, day, 13.5))
        if closer:
            complaints.close(filed.number, by=_colleague(closer, office), at=_at(office, day + 1, 9.0))
    for fraud, pasted, times in FRAUDS:
        for hour in range(times):
            conversations.report_fraud(fraud, pasted, by=resident(office.code), at=_at(office, 2, 9.0 + hour))


def _answer_surveys(office: OfficeView, apps: list[App], rng: random.Random) -> None:
    """Mostly good opinions of people whose card came; how complaints are handled is what they know least of."""
    done = [app for app in apps if app.finished_at and app.state in ("delivered", "collected", "sent")]
    rows = []
    for app in rng.sample(done, OPINIONS):
        assert app.finished_at is not None
        marks = [rng.choices((1, 2, 3, 4), (1, 6, 55, 38) if name != "complaints" else (4, 14, 52, 30))[0] for name, *_rest in ELEMENTS]
        day = min(app.finished_at + timedelta(days=1), NOW).date()
        mark = crypto.index("survey", str(app.id), crypto.keyring())
        rows.append(
            SurveyAnswer(office_id=office.code, mark=mark, on=day, service=app.service.code, channel=app.channel, marks=marks)
        )
    SurveyAnswer.objects.bulk_create(rows)


def _seek_holders(office: OfficeView) -> None:
    """Who was told and has not come, and who was not found: what the register's two quiet segments are made of."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_REACH, [office.code, SILENT + NOT_FOUND])
        letters = [row for (row,) in cursor.fetchall()]
    told, lost = letters[:SILENT], letters[SILENT:]
    by = _colleague("verifikator1", office)
    suket.note_attempts(
        [suket.Attempt(row, "sms", True, "undangan-1") for row in told]
        + [suket.Attempt(row, "sms", False, "undangan-1") for row in lost], by=by, at=_at(office, 12, 10.0),
    )  # fmt: skip
    suket.note_attempts(
        [suket.Attempt(row, "kelurahan", False, "daftar-1") for row in lost], by=by, at=_at(office, 26, 11.0)
    )
