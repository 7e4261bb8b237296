"""axe-core finds nothing on the pages of the staff and in the pattern book, and nothing is wider than a phone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID, uuid4
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from django.test import override_settings
from playwright.sync_api import Browser, Page

from loket.applications import actions as applications
from loket.applications.models import Application
from loket.conversations import actions as talks
from loket.conversations import campaigns, gateways
from loket.conversations import number as sending
from loket.conversations.models import Campaign, Contact, Message, Template
from loket.core import clock, links
from loket.delivery.models import Manifest
from loket.insight import surveys
from loket.integrity import actions as integrity
from loket.printing import actions as printing
from loket.residents import nik as niks
from loket.suket import waves
from loket.suket.importing import import_suket
from loket.suket.rules import Segment
from loket.suket.sizing import Capacity
from loket.suket.waves import Choice
from loket.web import ui
from tests import cast as casting
from tests import working
from tests.cast import Cast
from tests.web import test_residents as residents

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("LOKET_PICTURES")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing: the test says what matters."""


@pytest.fixture
def site(fresh: str) -> Iterator[str]:
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    # override_settings, and not a patched attribute: it also drops the storage that an earlier test made.
    with override_settings(IS_DEMO=True, STORAGES={**settings.STORAGES, "staticfiles": plain}):
        loket = StaticFilesHandler(get_wsgi_application())

        def application(environ: dict[str, object], start: object) -> object:
            try:
                return loket(environ, start)
            finally:
                connections.close_all()

        server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _axe(page: Page) -> list[dict[str, Any]]:
    """What axe finds; what passes is counted and not collected."""
    return list(Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"])


def _findings(page: Page, url: str, name: str, *, stay: bool = False) -> list[str]:
    """What axe finds at the width of a desk, and whether a phone would have to scroll sideways."""
    page.set_viewport_size({"width": 1366, "height": 768})
    if not stay:
        page.goto(url)
    assert page.evaluate("[...document.styleSheets].some(one => one.cssRules.length > 0)"), f"{url}: no style sheet"
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-1366.png", full_page=True)
    found = [f"{url}: {one['id']} {[node['target'] for node in one['nodes'][:3]]}" for one in _axe(page)]
    page.set_viewport_size({"width": 360, "height": 740})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-360.png", full_page=True)
    return found + ([f"{url}: {overflow} px wider than a phone"] if overflow > 0 else [])


def _fits_in_english(page: Page, url: str, name: str) -> list[str]:
    """The same page in English, whose words are longer or shorter, on a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{url}{'&' if '?' in url else '?'}bahasa=en")
    assert page.locator("html").get_attribute("lang") == "en", url
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/en-{name}-360.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{url} in English: {overflow} px wider than a phone"] if overflow > 0 else []


def _english(page: Page, url: str, name: str) -> list[str]:
    return _fits_in_english(page, url, name) + [f"{url} in English: {one['id']}" for one in _axe(page)]


@pytest.mark.long
def test_pattern_book_is_clean(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    page = browser.new_page()
    found = [line for name in ui.PAGES for line in _findings(page, f"{site}/_ui/{name}/", f"ui-{name}")]
    assert not found, "\n".join(found)


def _hold_suket(people: Cast) -> None:
    """Two holders in the register, one of them blocked by her status."""
    rows = "NIK,Nama Lengkap,Tgl Lahir,Kelurahan,Status\n" + "".join(
        f"{niks.synthetic_nik(number, date(1988, 3, 14), is_woman=True)},Siti Aisyah,1988-03-14,Cibeber,{status}\n"
        for number, status in ((8001, "PRR"), (8002, "SFE"))
    )
    with NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(rows)
        file.flush()
        assert import_suket(Path(file.name), by=people.admin, at=people.at).new == 2


def _work(people: Cast) -> dict[str, list[str]]:
    """Something on every desk; the addresses each role may see."""
    _hold_suket(people)
    fresh_case = casting.file(people).code
    talks.report_fraud("text", "Transfer dulu ke 0812 3456 7890", by=people.resident, at=people.at)
    shelf = casting.printed(people)
    sent = casting.in_transit(people)
    manifest = Manifest.objects.get()
    wave = waves.create(
        uuid4(), Choice(Segment.UNREACHABLE), "Lewat lurah", "Aturan kantor 2020", Capacity(1, 9, 0.0, 0, 99, None, 0), by=people.head, at=people.at
    )
    _way, place, _count, _handed = waves.lists(wave)[0]
    casting.ready(people)
    casting.blanks(people, 1)
    batch, _codes = printing.open_batch(1, by=people.printer, at=people.at)
    return {
        "verifier": ["petugas/", "petugas/?status=ready", f"petugas/k/{fresh_case}/", "petugas/cari/", "petugas/penipuan/",
                     "petugas/obrolan/"],
        "counter": ["petugas/loket/", "petugas/loket/terima/KTP_NEW/", f"petugas/loket/serah/{shelf}/",
                    f"petugas/suket/ajakan/{wave.pk}/", f"petugas/suket/ajakan/{wave.pk}/isi/kelurahan/{place}/"],
        "recorder": ["rekam/"],
        "printer": ["cetak/", f"cetak/b/{batch.pk}/"],
        "custodian": ["cetak/stok/"],
        "dispatcher": ["cetak/kirim/", f"cetak/kirim/{manifest.pk}/"],
        "courier": ["pos/", f"pos/antar/{sent}/"],
        "head": ["petugas/suket/ajakan/?segmen=unreachable&umur=0&cetak=9", "pimpinan/", "pimpinan/ambang/", "pimpinan/angka/", "pimpinan/suket/", "pimpinan/suket/?printer=2&cetak=9&lain=1&datang=3&siap=1&sabtu=1&kiriman=3-6-2020+50"],
        "admin": ["kelola/", "kelola/impor/", "kelola/templat/", "kelola/kampanye/", "kelola/saluran/"],
    }  # fmt: skip


# In English the same elements stand in the same places: whether its words fit is asked each time, the rest with the long tests.
@pytest.mark.parametrize("looks", [(_findings, _fits_in_english), pytest.param((_english,), marks=pytest.mark.long)], ids=["", "en"])
def test_staff_pages_are_clean(site: str, browser: Browser, fresh: str, looks: Any) -> None:
    people = casting.build()
    places = _work(people)
    found = [line for look in looks for line in look(browser.new_page(), f"{site}/masuk/", "masuk")]
    for role, addresses in places.items():
        page = _signed_in(browser, site, role)
        named = [(f"{site}/{address}", f"{role}-{address.replace('/', '_').replace('?', '_')}") for address in addresses]
        for look in looks:
            found += [line for url, name in named for line in look(page, url, name)]
        page.context.close()
    assert not found, "\n".join(found)


def _chats(people: Cast) -> dict[str, str]:
    """One conversation for each state of the inbox; addresses by what is to be seen."""
    at = clock.now()
    talks.write_canned("Jam buka", "Halo {nama}, kami buka {jam_buka}.", "Hello {nama}, we are open {jam_buka}.", by=people.head, at=at)
    talks.write_canned("Di mana kartu saya", "Permohonan {kode}: {status}. Janji {janji}.", "Request {kode}: {status}. Promised {janji}.", by=people.head, at=at)
    found = {}
    for number, (state, name, hours) in enumerate((
        ("mine", "MELATI KUSUMA", 1.2), ("soon", "BUDI SANTOSO", 21.5), ("closed", "SITI AMINAH BINTI ABDURRAHMAN", 26),
        ("failed", "RAHMAWATI", 0.3), ("taken", "I MADE ARTA", 2), ("snoozed", "JOKO", 0.5), ("long", "DEWI LESTARI", 0.1),
    )):  # fmt: skip
        phone = f"08123400{number:04d}"
        code = casting.file(people, phone=phone, name=name.title()).code if state in ("mine", "closed", "long") else ""
        wrote_at = at - timedelta(hours=hours)
        contact = talks.contact_by_phone(f"+62{phone[1:]}", office=casting.CILEGON, at=wrote_at, name=name)
        lines = ["Assalamualaikum, KTP saya sudah jadi belum ya?"] if state != "long" else [f"Pesan nomor {n}: bagaimana kelanjutan permohonan saya, apakah saya perlu datang ke kantor membawa berkas lagi?" for n in range(25)]  # fmt: skip
        for n, line in enumerate(lines):
            talks.receive(Contact.objects.get(pk=contact), provider_id=f"wamid.{state}.{n}", kind="text", body=line, sent_at=wrote_at, at=wrote_at)  # fmt: skip
        talks.call_person(Contact.objects.get(pk=contact), at=wrote_at)
        found[state] = f"petugas/obrolan/{contact}/" + (f"?kode={code}" if state == "mine" else "")
        _chat(state, contact, people, at)
    return found


def _chat(state: str, contact: UUID, people: Cast, at: datetime) -> None:
    by = people.verifier
    if state in ("mine", "long"):
        talks.claim(contact, by=by, at=at)
        talks.note(contact, "Berkasnya sudah lengkap, tinggal menunggu cetak.", by=people.counter, at=at)
        talks.save_draft(contact, "Selamat pagi, KTP-el Anda", by=by, at=at)
    if state == "mine":
        talks.label(contact, ["suket", "lansia"], by=by, at=at)
        row = talks.answer(contact, "Waalaikumsalam. Permohonan Anda sedang diperiksa.", by=by, at=at)
        Message.objects.filter(pk=row.pk).update(state="read", provider_id="x.mine")
    if state == "closed":
        talks.hold(contact, "Kartu Anda sudah selesai dicetak dan bisa diambil.", by=by, at=at)
    if state == "failed":
        row = talks.answer(contact, "Silakan datang membawa Suket.", by=by, at=at)
        Message.objects.filter(pk=row.pk).update(state="failed", error="131026")
    if state == "taken":
        talks.claim(contact, by=people.counter, at=at)
        talks.open_thread(contact, by=people.counter, at=at)
        talks.still_here(contact, typing=True, by=people.counter)
    if state == "snoozed":
        talks.snooze(contact, at + timedelta(days=2), by=by, at=at)


@pytest.mark.long
def test_the_inbox_is_clean_in_every_state(site: str, browser: Browser, fresh: str) -> None:
    people = casting.build()
    page = _signed_in(browser, site, "verifier")
    found = _findings(page, f"{site}/petugas/obrolan/", "obrolan-kosong")
    for state, address in {"list": "petugas/obrolan/?tampil=terbuka", **_chats(people)}.items():
        found += _findings(page, f"{site}/{address}", f"obrolan-{state}")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{site}/petugas/obrolan/?label=suket&tampil=terbuka")
    page.locator("summary", has_text="Cari percakapan").click()
    page.fill("#cari", "melati")
    page.get_by_role("button", name="Cari", exact=True).click()
    found += [f"search refused: {one['id']}" for one in _axe(page)]
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/obrolan-cari.png")
    page.context.close()
    head = _signed_in(browser, site, "head")
    found += _findings(head, f"{site}/petugas/obrolan/balasan/?nama=Jam+buka", "balasan")
    head.context.close()
    assert not found, "\n".join(found)


def test_the_pages_of_sending_are_clean(site: str, browser: Browser, fresh: str) -> None:
    people = casting.build()
    at = clock.now()
    consent = "Formulir Suket 2019, kotak persetujuan"
    made = campaigns.create("Tukar Suket Juni", [campaigns.Recipient(consent, phone=f"+628130000{n:04d}") for n in range(30)], by=people.head, at=at)
    campaigns.start(made.pk, by=people.head, at=at)
    campaigns.advance(casting.CILEGON, at=at)
    Campaign.objects.filter(pk=made.pk).update(state="paused", paused_why="quality")
    campaigns.create("Gelombang dua", [campaigns.Recipient(consent, phone="+6281300009999")], by=people.head, at=at)
    casting.printed(people)
    working.send_due(gateways.ByHand(), limit=3)
    sending.stop(casting.CILEGON, "131042", at)
    template = Template.objects.get(notice="choose", language="id")
    Template.objects.filter(notice="delayed").update(state="rejected", reason="TAG_CONTENT_MISMATCH")
    found = []
    for role, addresses in {
        "admin": ["kelola/templat/", f"kelola/templat/{template.pk}/", "kelola/kampanye/"], "counter": ["kelola/tangan/"],
    }.items():  # fmt: skip
        page = _signed_in(browser, site, role)
        for address in addresses:
            name = f"kirim-{role}-{address.split('/')[1]}{len(address)}"
            found += _findings(page, f"{site}/{address}", name) + _fits_in_english(page, f"{site}/{address}", name)
        page.context.close()
    assert not found, "\n".join(found)


def _signed_in(browser: Browser, site: str, role: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{site}/masuk/")
    page.fill("#nama", role)
    page.fill("#sandi", casting.PASSWORD)
    page.click("main button")
    return page


# What stands on each desk before anything has happened, and the button that sends its form empty.
EMPTY = {
    "verifier": [("petugas/", ""), ("petugas/cari/", "Cari"), ("petugas/obrolan/", "")],
    "counter": [("petugas/loket/", "Buka"), ("petugas/loket/terima/KTP_NEW/", "Simpan dan cetak bukti")],
    "recorder": [("rekam/", "Simpan perekaman")],
    "printer": [("cetak/", "")],
    "custodian": [("cetak/stok/", "Simpan penerimaan")],
    "dispatcher": [("cetak/kirim/", "")],
    "courier": [("pos/", "")],
    "head": [("pimpinan/", ""), ("pimpinan/suket/", "")],
    "admin": [("kelola/", "Simpan status"), ("kelola/impor/", "Lanjut ke kolom"), ("petugas/suket/", "")],
}


@pytest.mark.long
def test_desks_are_clean_before_anything_happened_and_when_a_form_is_refused(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    found = []
    for role, desks in EMPTY.items():
        page = _signed_in(browser, site, role)
        for address, button in desks:
            name = f"kosong-{role}-{address.replace('/', '_')}"
            found += _findings(page, f"{site}/{address}", name)
            if button:
                page.get_by_role("button", name=button, exact=True).click()
                assert page.get_by_role("alert").count() == 1, address
                if PICTURES:
                    page.screenshot(path=f"{PICTURES}/salah-{role}-{address.replace('/', '_')}.png", full_page=True)
                found += [f"{address} refused: {one['id']}" for one in _axe(page)]
        page.context.close()
    assert not found, "\n".join(found)


def test_public_pages_are_clean_in_both_languages(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    page = browser.new_page()
    names = ("", "ajukan/", "cek/", "lupa/", "keluhan/baru/", "statistik/", "statistik/suket/", "statistik/waktu-tunggu/", "bantuan/", "privasi/", "cookie/", "aksesibilitas/", "masuk/", "asli/", "asli/dilaporkan/",
             "data/", "data/suket/", "data/kelurahan/", "data/pengumuman/", "siaran/", "siaran/?dari=kemarin", "statistik/skm/", "layanan/standar/")
    found = [line for name in names for line in _findings(page, f"{site}/{name}", f"publik-{name.strip('/')}")]
    found += [line for name in names for line in _english(page, f"{site}/{name}", f"publik-{name.strip('/')}")]
    assert not found, "\n".join(found)


FORM = (
    ("isi/layanan/", {"input[name=service][value=KTP_NEW]": True}),
    ("isi/nomor/", {"#nik": "3672015705900001", "#kk_number": "3672991203120123"}),
    ("isi/nama/", {"#name": "Siti Aisyah"}),
    ("isi/lahir/", {"#birth_date_hari": "17", "#birth_date_bulan": "5", "#birth_date_tahun": "1990"}),
    ("foto/kk/", {"#kk": "kk.jpg"}),
    ("isi/whatsapp/", {"#phone": "0812 3456 7890"}),
    ("isi/alamat/", {"#address": "Jalan Mawar 3 RT 01 RW 02", "#kelurahan": f"{casting.CILEGON}.01.1001"}),
    ("periksa/", {"#setuju": True}),
)


@pytest.mark.long
def test_every_question_is_clean_empty_refused_and_answered(site: str, browser: Browser, fresh: str) -> None:
    casting.build()
    page = browser.new_context().new_page()
    page.goto(f"{site}/ajukan/")
    page.get_by_role("button", name="Mulai").click()
    found = []
    for number, (place, typed) in enumerate(FORM, start=1):
        name = f"form-{number}-{place.strip('/').replace('/', '-')}"
        if PICTURES:
            found += _findings(page, f"{site}/ajukan/{place}", name) + _english(page, f"{site}/ajukan/{place}", name)
        page.goto(f"{site}/ajukan/{place}")
        page.locator("main button").first.click()
        assert page.get_by_role("alert").count() == 1, place
        # Refused, a page holds all that it ever shows: its question, the summary, the line at the field.
        found += _findings(page, page.url, f"{name}-salah", stay=True)
        for field, value in typed.items():
            _type(page, field, value)
        page.locator("main button").first.click()
        page.wait_for_url(lambda url, here=place: here not in url)
    assert page.url.endswith("/ajukan/selesai/")
    found += _findings(page, page.url, "form-9-selesai") + _english(page, page.url, "form-9-selesai")
    assert not found, "\n".join(found)


def _type(page: Page, field: str, value: str | bool) -> None:
    if value is True:
        page.locator(field).check()
    elif value == "kk.jpg":
        page.locator(field).set_input_files({"name": "kk.jpg", "mimeType": "image/jpeg", "buffer": casting.photo()})
    elif field == "#kelurahan":
        page.locator(field).select_option(str(value))
    else:
        page.locator(field).fill(str(value))


@pytest.mark.long
def test_complaint_survey_and_every_state_are_clean(site: str, browser: Browser, fresh: str) -> None:
    people = casting.build()
    page, found, codes = browser.new_context().new_page(), list[str](), dict[str, str]()

    def look(place: str, name: str) -> None:
        found.extend(_findings(page, f"{site}/{place}", name) + _english(page, f"{site}/{place}", name))

    for state in ("submitted", "verified", "on_shelf", "returned_home", "delivered", "cancelled", "ready"):
        codes[state] = code = residents.reached(people, state)
        look(f"c/{code}/", f"tanpa-bukti-{state}")
        page.goto(f"{site}/l/{links.sign('case', code, people.at + timedelta(days=365))}")
        look(f"c/{code}/", f"warga-{state}")
        page.context.clear_cookies()
    look(f"c/{code}/buka/", "buka")
    look(f"survei/{surveys.token(codes['delivered'], people.at)}/", "survei")
    page.goto(f"{site}/keluhan/baru/")
    page.locator("input[value=mistake]").check()
    page.locator("#text").fill("Nama saya di kartu salah satu huruf.")
    page.get_by_role("button", name="Lanjut").click()
    found += [f"complaint, second page: {one['id']}" for one in _axe(page)]
    if PICTURES:
        page.set_viewport_size({"width": 360, "height": 740})
        page.screenshot(path=f"{PICTURES}/keluhan-2-360.png", full_page=True)
    page.get_by_role("button", name="Kirim keluhan").click()
    number = page.url.split("/")[-2]
    look(f"keluhan/{number}/", "keluhan-baru")
    integrity.answer(number, "Sudah kami periksa. Kartu baru dicetak besok.", by=people.head, at=people.at)
    look(f"keluhan/{number}/", "keluhan-dijawab")
    page = _signed_in(browser, site, "auditor")
    look("petugas/keluhan/", "keluhan-daftar")
    look(f"petugas/keluhan/{number}/", "keluhan-satu")
    assert not found, "\n".join(found)


@pytest.mark.long
def test_a_residents_own_pages_are_clean_in_every_state(site: str, browser: Browser, fresh: str) -> None:
    people = casting.build()
    returned = casting.file(people).code
    verdict = applications.Verdict(returned, "return", "Foto KK terpotong. Ambil lagi.", ("kk", "name"))
    applications.decide([verdict], by=people.verifier, at=people.at)
    rejected = casting.file(people).code
    applications.decide([applications.Verdict(rejected, "reject", "Sudah punya KTP-el.")], by=people.verifier, at=people.at)
    printed, sent = casting.printed(people), casting.in_transit(people)
    found = []
    for code, more in ((returned, "perbaiki/"), (rejected, ""), (printed, "terima/"), (sent, "")):
        page = browser.new_context().new_page()
        page.goto(f"{site}/l/{links.sign('case', code, people.at + timedelta(days=365))}")
        for place in dict.fromkeys(("", more)):
            name = f"warga-{_state(code)}-{place.strip('/') or 'status'}"
            found += _findings(page, f"{site}/c/{code}/{place}", name) + _english(page, f"{site}/c/{code}/{place}", name)
    assert not found, "\n".join(found)


def _state(code: str) -> str:
    """The state a case stands in, for the names of pictures."""
    return Application.objects.get(code=code).state
