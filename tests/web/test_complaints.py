"""Complaints: with a name or without; hidden from whom they concern; answered by one, closed by another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, transaction
from django.test import Client

from loket.applications import actions as applications
from loket.audit.models import Entry
from loket.conversations.models import Message
from loket.core import clock
from loket.core.errors import Refusal
from loket.integrity import actions as integrity
from loket.integrity import queries as complaints
from loket.integrity.models import Complaint, Reply
from tests import cast as play
from tests.cast import CILEGON, PASSWORD, Cast
from tests.web.test_residents import words

TOLD = {"kind": "manner", "text": "Petugas membentak saya di loket pada Senin pagi."}


def staff(name: str) -> Client:
    client = Client()
    assert client.post("/masuk/", {"nama": name, "sandi": PASSWORD}).status_code == 302
    return client


def complain(client: Client | None = None, **more: Any) -> Complaint:
    """A complaint by the page's two steps."""
    client = client or Client()
    sent = client.post("/keluhan/baru/", TOLD | {"kunci": uuid4().hex} | more)
    assert sent.status_code == 302, words(sent)
    return Complaint.objects.get(number=sent.headers["Location"].split("/")[2])


def about(cast: Cast, kind: str = "mistake") -> tuple[str, Complaint]:
    """A request that `verifier` has returned, and a complaint about it."""
    code = play.file(cast).code
    applications.decide([applications.Verdict(code, "return", "Foto terpotong.", ("kk",))], by=cast.verifier, at=clock.now())
    return code, complain(kind=kind, kode=code)


def test_a_complaint_is_told_in_two_small_pages_and_nothing_is_lost_on_the_way_back(cast: Cast) -> None:
    client = Client()
    refused = client.post("/keluhan/baru/", {"kind": "", "text": "x"})
    assert refused.status_code == 422
    assert "Pilih apa yang terjadi." in words(refused)
    second = client.post("/keluhan/baru/", TOLD).content.decode()
    assert f'name="text" value="{TOLD["text"]}"' in second
    assert not Complaint.objects.exists()
    back = client.post("/keluhan/baru/", TOLD | {"kunci": "k", "kembali": "1"}).content.decode()
    assert TOLD["text"] in back
    assert 'value="manner" checked' in back


def test_a_complaint_gets_a_number_and_a_day_by_which_it_is_answered(cast: Cast) -> None:
    client = Client()
    complaint = complain(client, phone="0812 3456 7890")
    assert complaint.answer_by.isoformat() == "2020-06-09"
    shown = words(client.get(f"/keluhan/{complaint.number}/"))
    assert "Kami jawab paling lambat 9 Juni 2020" in shown.replace("\u00a0", " ")
    assert TOLD["text"] in shown
    row = Message.objects.get(notice="complaint_received")
    assert row.params["until"] == "2020-06-09"
    # The number alone shows the answer, not what was written.
    assert TOLD["text"] not in words(Client().get(f"/keluhan/{complaint.number}/"))
    assert TOLD["text"].encode() not in bytes(complaint.text)


def test_without_a_number_a_complaint_has_no_name_and_is_answered_all_the_same(cast: Cast) -> None:
    complaint = complain()
    assert (complaint.contact_id, Message.objects.count()) == (None, 0)
    integrity.answer(complaint.number, "Sudah kami periksa dan tegur.", by=cast.head, at=clock.now())
    assert "Sudah kami periksa dan tegur." in words(Client().get(f"/keluhan/{complaint.number}/"))


def test_a_complaint_sent_twice_is_one(cast: Cast) -> None:
    key = uuid4().hex
    assert complain(kunci=key).number == complain(kunci=key).number
    assert Complaint.objects.count() == 1


def test_a_complaint_about_a_request_that_does_not_exist_says_so_at_its_field(cast: Cast) -> None:
    sent = Client().post("/keluhan/baru/", TOLD | {"kunci": "k", "kode": "7K4M-2QX9-R3U", "phone": "rumah"})
    assert sent.status_code == 422
    assert sent.content.decode().count('class="govuk-error-message"') == 2
    assert not Complaint.objects.exists()


def test_whom_a_complaint_concerns_never_sees_it(cast: Cast) -> None:
    _code, complaint = about(cast)
    assert complaint.about == ["verifier"]
    assert complaint.number not in staff("verifier").get("/petugas/keluhan/").content.decode()
    for path in ("", "foto/"):
        assert staff("verifier").get(f"/petugas/keluhan/{complaint.number}/{path}").status_code == 404
    for path in ("jawab/", "tutup/"):
        assert staff("verifier").post(f"/petugas/keluhan/{complaint.number}/{path}", {"jawaban": "Tidak benar itu."}).status_code == 404
    seen = staff("verifier2").get(f"/petugas/keluhan/{complaint.number}/")
    assert TOLD["text"] in words(seen)
    assert Entry.objects.filter(action="read.complaint", actor="verifier2").count() == 1


def test_the_page_of_the_case_does_not_tell_that_somebody_complained(cast: Cast) -> None:
    code, _complaint = about(cast)
    assert "eluhan" not in words(staff("verifier").get(f"/petugas/k/{code}/"))


def test_what_is_about_conduct_lies_with_the_head_and_the_inspectorate_only(cast: Cast) -> None:
    complaint = complain(kind="money")
    assert [staff(name).get(f"/petugas/keluhan/{complaint.number}/").status_code for name in ("verifier2", "counter", "head", "auditor")] == [404, 404, 200, 200]
    assert staff("printer").get("/petugas/keluhan/").status_code == 403


def test_nobody_closes_what_he_answered_and_the_database_knows_it_too(cast: Cast) -> None:
    complaint = complain()
    with pytest.raises(Refusal) as early:
        integrity.close(complaint.number, by=cast.auditor, at=clock.now())
    assert early.value.code == "state"
    integrity.answer(complaint.number, "Sudah kami periksa dan tegur.", by=cast.head, at=clock.now())
    with pytest.raises(Refusal) as alone:
        integrity.close(complaint.number, by=cast.head, at=clock.now())
    assert alone.value.code == "two_people"
    with pytest.raises(Error, match="second person"), transaction.atomic():
        Complaint.objects.filter(pk=complaint.pk).update(state="closed", closed_by="head", closed_at=clock.now())
    with pytest.raises(Error, match="no move leads"), transaction.atomic():
        Complaint.objects.filter(pk=complaint.pk).update(state="filed")
    with pytest.raises(Error, match="append-only|permission denied"), transaction.atomic():
        Reply.objects.update(author="auditor")
    integrity.close(complaint.number, by=cast.auditor, at=clock.now())
    complaint.refresh_from_db()
    assert (complaint.state, complaint.closed_by) == ("closed", "auditor")


def test_a_resident_who_is_not_content_gets_another_officer_for_seven_days(cast: Cast) -> None:
    complaint, client = complain(), Client()
    integrity.answer(complaint.number, "Sudah kami periksa dan tegur.", by=cast.head, at=clock.now())
    integrity.close(complaint.number, by=cast.auditor, at=clock.now())
    clock.move_to(cast.at + timedelta(days=6))
    assert client.post(f"/keluhan/{complaint.number}/belum-selesai/").status_code == 302
    assert "Dibuka lagi" in words(client.get(f"/keluhan/{complaint.number}/"))
    with pytest.raises(Refusal) as same:
        integrity.answer(complaint.number, "Sudah kami periksa lagi.", by=cast.head, at=clock.now())
    assert same.value.code == "two_people"
    integrity.answer(complaint.number, "Petugas lain sudah memeriksanya.", by=cast.auditor, at=clock.now())
    integrity.close(complaint.number, by=cast.head, at=clock.now())
    clock.move_to(cast.at + timedelta(days=14))
    refused = client.post(f"/keluhan/{complaint.number}/belum-selesai/")
    assert refused.status_code == 409
    complaint.refresh_from_db()
    assert complaint.state == "closed"


def test_a_photo_that_proved_one_answer_proves_no_other(cast: Cast) -> None:
    first, second = complain(kind="other"), complain(kind="other")
    client = staff("head")

    def answer(complaint: Complaint, shade: int) -> Any:
        proof = SimpleUploadedFile("bukti.jpg", play.photo(shade))
        return client.post(f"/petugas/keluhan/{complaint.number}/jawab/", {"jawaban": "Sudah kami perbaiki.", "bukti": proof})

    assert answer(first, 3).status_code == 302
    refused = answer(second, 3)
    assert refused.status_code == 409
    assert "sudah dipakai sebagai bukti di keluhan lain" in words(refused)
    assert Complaint.objects.get(pk=second.pk).state == "filed"
    assert answer(second, 4).status_code == 302


def test_the_answer_reaches_the_resident_and_the_office_sees_who_is_late(cast: Cast) -> None:
    complaint = complain(kind="late", phone="0812 3456 7890")
    clock.move_to(cast.at + timedelta(days=8))
    assert "Lewat janji" in words(staff("counter").get("/petugas/keluhan/"))
    assert "Maaf, jawaban kami terlambat." in words(Client().get(f"/keluhan/{complaint.number}/"))
    sent = staff("counter").post(f"/petugas/keluhan/{complaint.number}/jawab/", {"jawaban": "Kartu Anda dicetak besok."})
    assert sent.status_code == 302
    assert Message.objects.filter(notice="complaint_answered").count() == 1
    assert [row.author for row in complaints.answers(complaint)] == ["counter"]
    assert complaint.office_id == CILEGON


def test_a_photo_of_a_complaint_is_kept_sealed_and_shown_to_the_office(cast: Cast) -> None:
    complaint = complain(kind="mistake", foto=SimpleUploadedFile("salah.jpg", play.photo(9)))
    assert staff("head").get(f"/petugas/keluhan/{complaint.number}/foto/").content == play.photo(9)
