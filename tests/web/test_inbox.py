"""The pages of the shared inbox: what they show to whom, and that nothing typed is ever lost."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from loket.applications.models import Application
from loket.audit.models import Entry
from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.conversations.keys import data_key
from loket.conversations.models import Contact, Media, Message
from loket.core import clock, codes, images
from loket.core import media as store
from loket.core.ids import uuid7
from tests import cast as play
from tests.cast import CILEGON, NOW, PASSWORD, Cast

PHONE = "+628120009001"


def signed_in(name: str) -> Client:
    client = Client()
    assert client.post("/masuk/", {"nama": name, "sandi": PASSWORD}).status_code == 302
    return client


def chat(hours_ago: float = 0.1, *, phone: str = PHONE, name: str = "MELATI") -> UUID:
    at = clock.now() - timedelta(hours=hours_ago)
    contact = talks.contact_by_phone(phone, office=CILEGON, at=at, name=name)
    wrote(contact, "Bagaimana KTP saya?", at)
    talks.call_person(Contact.objects.get(pk=contact), at=at)
    return contact


def wrote(contact: UUID, text: str, at: Any = None) -> None:
    at = at or clock.now()
    row = Contact.objects.get(pk=contact)
    talks.receive(row, provider_id=f"wamid.{uuid4()}", kind="text", body=text, sent_at=at, at=at)


def page_of(client: Client, contact: UUID, query: str = "") -> str:
    return unescape(client.get(f"/petugas/obrolan/{contact}/{query}").content.decode())


def typed(page: str) -> str:
    found = re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.S)
    assert found
    return found[1]


def version(page: str) -> str:
    found = re.search(r'data-versi="([^"]*)"', page)
    assert found
    return found[1]


def readings(contact: UUID) -> int:
    return Entry.objects.filter(action="read.chat", body__contains=str(contact)).count()


def test_opening_is_recorded_once_and_asking_for_news_is_not(cast: Cast) -> None:
    contact, client = chat(), signed_in("verifier")
    page = page_of(client, contact)
    assert "Bagaimana KTP saya?" in page
    for _ in range(5):
        assert client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": version(page)}).status_code == 204
    assert readings(contact) == 1
    wrote(contact, "Halo?")
    answer = client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": version(page)})
    assert answer.status_code == 200
    assert "Halo?" in answer.content.decode()
    assert client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": version(answer.content.decode())}).status_code == 204
    assert readings(contact) == 1


def test_news_of_a_conversation_that_was_not_opened_is_not_given(cast: Cast) -> None:
    contact, client = chat(), signed_in("verifier")
    answer = client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": "x"})
    assert (answer.status_code, answer.content) == (409, b"")
    page_of(client, contact)
    assert client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": "x"}).status_code == 200
    other = signed_in("counter")
    assert other.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": "x"}).status_code == 409


def test_a_page_whose_predecessor_says_goodbye_late_is_still_told_the_news(cast: Cast) -> None:
    contact, client = chat(), signed_in("verifier")
    page_of(client, contact)
    client.post(f"/petugas/obrolan/{contact}/tutup/")
    assert threads.lookers(contact, cast.counter.name) == []
    assert client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": "x"}).status_code == 200
    assert threads.lookers(contact, cast.counter.name) == [threads.Looker(cast.verifier.name, False)]


def test_a_poll_that_finds_nothing_new_costs_few_statements(cast: Cast, django_assert_max_num_queries: Any) -> None:
    contact, client = chat(), signed_in("verifier")
    page = page_of(client, contact)
    with django_assert_max_num_queries(7):
        assert client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": version(page)}).status_code == 204


def test_news_bring_only_the_part_that_changed(cast: Cast) -> None:
    contact, other, client = chat(), chat(phone="+628120009005", name="BUDI"), signed_in("verifier")
    for _ in range(3):  # should a minute end in between, both parts are sent
        shown = version(page_of(client, contact))
        wrote(other, "Halo dari Budi")
        answer = client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": shown}).content.decode()
        if version(answer).rsplit(".", 1)[1] == shown.rsplit(".", 1)[1]:
            break
    assert 'data-part="daftar"' in answer
    assert 'data-part="pesan"' not in answer
    client.post(f"/petugas/obrolan/{contact}/catatan/", {"catatan": "Telepon dulu"})
    answer = client.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": version(answer)}).content.decode()
    assert 'data-part="pesan"' in answer


def test_who_looks_and_who_types_is_seen_by_the_others(cast: Cast) -> None:
    contact, one, other = chat(), signed_in("verifier"), signed_in("counter")
    page_of(one, contact)
    assert "Verifier juga membuka" in page_of(other, contact)
    one.get(f"/petugas/obrolan/{contact}/kabar/", {"versi": "x", "menulis": "1"})
    assert "Verifier sedang menulis" in page_of(other, contact)
    one.post(f"/petugas/obrolan/{contact}/tutup/")
    page = page_of(other, contact)
    assert "Verifier juga membuka" not in page
    assert "Verifier sedang menulis" not in page


def test_an_answer_in_somebody_elses_conversation_warns_keeps_the_text_and_offers_to_take_over(cast: Cast) -> None:
    contact, client = chat(), signed_in("counter")
    talks.claim(contact, by=cast.verifier, at=clock.now())
    answer = client.post(f"/petugas/obrolan/{contact}/balas/", {"text": "Kartu sudah di rak."})
    page = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "sedang dipegang Verifier" in page
    assert typed(page) == "Kartu sudah di rak."
    assert typed(page_of(client, contact)) == "Kartu sudah di rak."
    sent = client.post(f"/petugas/obrolan/{contact}/balas/", {"text": "Kartu sudah di rak.", "ambil_alih": cast.verifier.name})
    assert sent.status_code == 302
    page = page_of(client, contact)
    assert "Anda mengambil alih dari Verifier" in page
    assert typed(page) == ""


def test_a_closed_window_turns_the_composer_to_templates_and_the_answer_waits_behind_one(cast: Cast) -> None:
    contact, client = chat(30), signed_in("verifier")
    page = page_of(client, contact)
    assert "Jendela 24 jam sudah tutup" in page
    names = re.findall(r'name="templat" value="([^"]+)"', page)
    assert names
    answer = client.post(f"/petugas/obrolan/{contact}/balas/", {"text": "KTP Anda sudah jadi.", "templat": names[0]})
    assert answer.status_code == 302
    rows = Message.objects.filter(contact_id=contact, outgoing=True).order_by("seq").values_list("state", "notice")
    assert list(rows) == [("held", ""), ("queued", "go_on")]
    page = page_of(client, contact)
    assert "Ditahan sampai warga menulis" in page
    assert "KTP Anda sudah jadi." in page
    clock.move_to(NOW + timedelta(minutes=5))
    wrote(contact, "Ya, bagaimana?")
    assert not threads.held(contact, CILEGON)


def test_a_template_that_is_none_sends_and_holds_nothing_and_keeps_the_text(cast: Cast) -> None:
    contact, client = chat(30), signed_in("verifier")
    answer = client.post(f"/petugas/obrolan/{contact}/balas/", {"text": "Halo", "templat": "tidak-ada"})
    assert answer.status_code == 422
    assert typed(unescape(answer.content.decode())) == "Halo"
    assert not Message.objects.filter(contact_id=contact, outgoing=True).exists()


def test_a_window_that_shut_while_typing_gives_the_text_back_beside_the_templates(cast: Cast) -> None:
    contact, client = chat(23.99), signed_in("verifier")
    clock.move_to(NOW + timedelta(minutes=10))
    answer = client.post(f"/petugas/obrolan/{contact}/balas/", {"text": "Sedikit terlambat"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert 'name="templat"' in page
    assert typed(page) == "Sedikit terlambat"


def test_the_countdown_is_told_when_less_than_four_hours_are_left(cast: Cast) -> None:
    client = signed_in("verifier")
    assert "Sisa 2 jam" in page_of(client, chat(21.5))
    assert "Sisa" not in page_of(client, chat(5, phone="+628120009002"))


def test_a_failed_message_says_why_and_what_to_do_and_is_sent_again_by_a_button(cast: Cast) -> None:
    contact, client = chat(), signed_in("verifier")
    row = talks.answer(contact, "Halo", by=cast.verifier, at=clock.now())
    Message.objects.filter(pk=row.pk).update(state="failed", error="131026")
    page = page_of(client, contact)
    assert "Nomor ini tidak bisa menerima pesan WhatsApp." in page
    assert "telepon warga" in page
    assert "131026" not in page
    assert client.post(f"/petugas/obrolan/{contact}/ulang/{row.pk}/").status_code == 302
    row.refresh_from_db()
    assert row.state == "queued"


def test_a_ready_made_answer_is_filled_from_the_case_and_seen_before_it_goes(cast: Cast) -> None:
    code = play.file(cast, phone=PHONE).code
    contact, client = chat(), signed_in("verifier")
    text = "Halo {nama}, permohonan {kode} {status}, janji {janji}, buka {jam_buka}, ongkos {biaya_pos}."
    talks.write_canned("Status", text, "Hello {nama}", by=cast.head, at=clock.now())
    page = unescape(client.post(f"/petugas/obrolan/{contact}/balas/", {"text": "Assalamualaikum.", "isi": "1", "siap": "Status"}).content.decode())
    shown = typed(page)
    assert shown.startswith("Assalamualaikum.\nHalo ")
    assert codes.shown(code) in shown
    assert "Rp14.000" in shown
    assert "{" not in shown
    assert not Message.objects.filter(contact_id=contact, outgoing=True, notice="").exists()


def test_filters_stand_in_the_address_and_one_leaves_the_others_alone(cast: Cast) -> None:
    contact, client = chat(5), signed_in("verifier")
    chat(0.1, phone="+628120009003", name="BUDI")
    talks.label(contact, ["suket"], by=cast.verifier, at=clock.now())
    page = unescape(client.get("/petugas/obrolan/?tampil=terbuka&label=suket").content.decode())
    assert ("MELATI" in page, "BUDI" in page) == (True, False)
    assert "tampil=terbuka&label=suket&lewat=1" in page
    assert "?tampil=saya&label=suket" in page
    page = unescape(client.get("/petugas/obrolan/?tampil=tidak-ada&label=" + "x" * 500).content.decode())
    assert "Tidak ada yang menunggu" in page


def test_a_search_by_name_or_number_needs_a_reason_and_a_code_needs_none(cast: Cast) -> None:
    code = play.file(cast, phone=PHONE, name="Melati Kusuma").code
    contact, client = chat(), signed_in("verifier")
    for sought in ("Melati Kusuma", "0812 0009 001"):
        assert client.post("/petugas/obrolan/cari/", {"cari": sought}).status_code == 422
        page = client.post("/petugas/obrolan/cari/", {"cari": sought, "alasan": "Warga menelepon"}).content.decode()
        assert str(contact) in page, sought
    assert Entry.objects.filter(action="read.search_chat").count() == 2
    assert str(contact) in client.post("/petugas/obrolan/cari/", {"cari": codes.shown(code)}).content.decode()
    assert client.post("/petugas/obrolan/cari/", {"cari": "ab"}).status_code == 422
    assert Entry.objects.filter(action="read.search_chat").count() == 2


def test_a_search_by_tracking_number_finds_the_conversation(cast: Cast) -> None:
    from loket.delivery import actions as delivery

    code = play.printed(cast, phone=PHONE)
    delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
    delivery.hand_over(manifest.pk, [(code, "P2006020001")], by=cast.courier, at=clock.now())
    contact = chat()
    assert str(contact) in signed_in("verifier").post("/petugas/obrolan/cari/", {"cari": "p2006 020001"}).content.decode()


def test_a_conversation_becomes_a_request_with_what_is_known_and_stays_linked(cast: Cast) -> None:
    contact, client = chat(name="MELATI"), signed_in("counter")
    assert f"/petugas/loket/terima/KTP_NEW/?dari={contact}" in page_of(client, contact)
    page = client.get(f"/petugas/loket/terima/KTP_NEW/?dari={contact}").content.decode()
    assert 'value="MELATI"' in page
    assert f'value="{PHONE}"' in page
    assert readings(contact) == 2
    assert client.get(f"/petugas/loket/terima/KTP_NEW/?dari={uuid4()}").status_code == 404
    assert "Jadikan permohonan" not in page_of(signed_in("verifier"), contact)


def test_a_request_made_for_another_number_still_stands_in_the_conversation(cast: Cast) -> None:
    contact, client = chat(), signed_in("counter")
    filed = play.filing(channel="counter")
    from loket.applications import actions as applications

    receipt = applications.file(filed, chat=contact, by=cast.counter, at=clock.now())
    talks.filed(contact, receipt.id, by=cast.counter, at=clock.now())
    page = page_of(client, contact)
    assert f"membuat permohonan {codes.shown(receipt.code)} dari percakapan ini" in page
    assert f"/petugas/k/{receipt.code}/" in page


def test_drafts_are_saved_as_one_types_and_given_back(cast: Cast) -> None:
    contact, client = chat(), signed_in("verifier")
    assert client.post(f"/petugas/obrolan/{contact}/draf/", {"text": "Sebentar ya"}).status_code == 204
    talks.claim(contact, by=cast.counter, at=clock.now())
    assert typed(page_of(client, contact)) == "Sebentar ya"
    assert typed(page_of(signed_in("counter"), contact)) == ""


def test_every_deed_works_by_plain_forms(cast: Cast) -> None:
    contact, client = chat(), signed_in("verifier")
    base = f"/petugas/obrolan/{contact}"
    for path, values in (
        ("ambil", {"dari": ""}), ("catatan", {"catatan": "Telepon dulu"}), ("label", {"label": "suket, lansia"}),
        ("tunda", {"tunda": "besok"}), ("tunda", {"kembalikan": "1"}), ("balas", {"text": "Halo"}),
        ("serah", {"kepada": "counter", "catatan_serah": "Tolong"}), ("ambil", {"dari": "counter"}), ("lepas", {}),
    ):  # fmt: skip
        assert client.post(f"{base}/{path}/", values).status_code == 302, path
    for path, values, status in (
        ("catatan", {"catatan": ""}, 422), ("label", {"label": "3672012703900001"}, 422), ("tunda", {"tunda": "kapan"}, 422),
        ("serah", {"kepada": "printer", "catatan_serah": "Tolong"}, 422), ("balas", {"text": ""}, 422),
    ):  # fmt: skip
        assert client.post(f"{base}/{path}/", values).status_code == status, path
    kinds = [row.kind for row in threads.remarks(contact, CILEGON)]
    assert kinds == ["claimed", "note", "handed", "taken", "released"]


def test_another_office_finds_no_such_conversation(cast: Cast) -> None:
    contact, client = chat(), signed_in("stranger")
    for path in ("", "kabar/"):
        assert client.get(f"/petugas/obrolan/{contact}/{path}").status_code in (404, 409)
    for path in ("balas", "ambil", "lepas", "serah", "catatan", "label", "tunda", "draf"):
        assert client.post(f"/petugas/obrolan/{contact}/{path}/", {"text": "x", "catatan": "x", "label": "x"}).status_code == 404, path
    assert "MELATI" not in client.get("/petugas/obrolan/?tampil=semua").content.decode()


@pytest.mark.parametrize("name", ["head", "admin"])
def test_ready_made_answers_are_written_by_the_head_or_the_admin(cast: Cast, name: str) -> None:
    client = signed_in(name)
    values = {"nama": "Jam buka", "text_id": "Buka {jam_buka}", "text_en": "Open {jam_buka}"}
    assert client.post("/petugas/obrolan/balasan/", values).status_code == 302
    assert "Versi 1" in client.get("/petugas/obrolan/balasan/?nama=Jam+buka").content.decode()
    wrong = client.post("/petugas/obrolan/balasan/", {**values, "text_id": "{nik}"})
    assert wrong.status_code == 422
    assert "{nik}" in wrong.content.decode()
    assert signed_in("verifier").get("/petugas/obrolan/balasan/").status_code == 403


def test_two_conversations_of_one_person_are_merged_after_a_look_and_taken_apart_again(cast: Cast) -> None:
    kept, gone = chat(), chat(phone="+628120009004", name="MELATI DUA")
    client = signed_in("verifier")
    where = f"/petugas/obrolan/{kept}/gabung/"
    assert client.post(where, {"nomor": "08120009004", "alasan": ""}).status_code == 422
    assert client.post(where, {"nomor": "0812 0009 999", "alasan": "Warga bilang sama"}).status_code == 422
    seen = client.post(where, {"nomor": "0812 0009 004", "alasan": "Warga bilang sama"}).content.decode()
    assert "Gabungkan dengan MELATI DUA" in seen
    assert threads.whole(gone, CILEGON) == gone
    assert client.post(where, {"lain": str(gone)}).status_code == 302
    assert threads.whole(gone, CILEGON) == kept
    merge = threads.merges(kept, CILEGON)[0]
    assert str(merge.pk) in client.get(where).content.decode()
    assert signed_in("stranger").post(f"/petugas/obrolan/{kept}/pisah/{merge.pk}/").status_code == 404
    assert client.post(f"/petugas/obrolan/{kept}/pisah/{merge.pk}/").status_code == 302
    assert threads.whole(gone, CILEGON) == gone


def test_merged_conversations_open_as_one(cast: Cast) -> None:
    kept, gone = chat(), chat(phone="+628120009004", name="MELATI DUA")
    talks.note(gone, "Nomor lamanya hilang", by=cast.verifier, at=clock.now())
    talks.merge(kept, gone, by=cast.verifier, at=clock.now())
    client = signed_in("verifier")
    assert client.get(f"/petugas/obrolan/{gone}/").headers["Location"] == f"/petugas/obrolan/{kept}/"
    assert "Nomor lamanya hilang" in page_of(client, kept)
    found = client.post("/petugas/obrolan/cari/", {"cari": "08120009004", "alasan": "Warga menelepon"}).content.decode()
    assert f"/petugas/obrolan/{kept}/" in found
    assert f"/petugas/obrolan/{gone}/" not in found


def sent_photo(contact: UUID) -> Message:
    """A photo that was fetched and kept, as the worker leaves it."""
    row = Contact.objects.get(pk=contact)
    at = clock.now()
    kept = talks.receive(row, provider_id=f"wamid.{uuid4()}", kind="image", body="", sent_at=at, at=at, media_id="1")
    message = Message.objects.get(pk=kept)
    stored = store.store([(uuid7(), images.accept(play.photo()))], data_key(row))
    Message.objects.filter(pk=message.pk).update(photo=stored[0].id)
    Media.objects.filter(message=message).update(state=Media.KEPT, settled_at=at, digest=bytes(32))
    return message


def test_a_photo_of_the_chat_is_opened_on_demand_and_becomes_a_paper_of_the_request(cast: Cast) -> None:
    contact, client = chat(name="MELATI KUSUMA"), signed_in("counter")
    message = sent_photo(contact)
    assert f'/petugas/obrolan/foto/{message.pk}/" alt' in page_of(client, contact)
    assert client.get(f"/petugas/obrolan/foto/{message.pk}/").headers["Content-Type"] == "image/jpeg"
    wanted = play.filing()
    born = wanted.birth_date
    assert born
    page = client.get(f"/petugas/loket/terima/KTP_NEW/?dari={contact}").content.decode()
    assert f'<option value="{message.pk}">' in page
    values = {
        "dari": str(contact), "kunci": uuid4().hex, "nik": wanted.nik, "kk_number": wanted.kk_number, "name": "Melati Kusuma",
        "birth_date_hari": born.day, "birth_date_bulan": born.month, "birth_date_tahun": born.year, "phone": PHONE,
        "alamat": wanted.address.line, "kelurahan": wanted.address.kelurahan, "kode_pos": "",
        **{f"obrolan_{kind}": str(message.pk) for kind in wanted.service.documents},
    }  # fmt: skip
    answer = client.post("/petugas/loket/terima/KTP_NEW/", values)
    assert answer.status_code == 302, unescape(answer.content.decode())
    case = Application.objects.get()
    assert case.contact_id == contact
    assert case.channel == "counter"
    assert [row.kind for row in threads.remarks(contact, CILEGON)] == ["filed"]
    again = client.post("/petugas/loket/terima/KTP_NEW/", values)
    assert again.headers["Location"] == answer.headers["Location"]
    assert Application.objects.count() == 1
    assert len(threads.remarks(contact, CILEGON)) == 1
