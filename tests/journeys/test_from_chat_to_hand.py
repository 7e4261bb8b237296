"""The main job in a real browser: from a notice on WhatsApp to a card in the hand."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from loket.residents import nik as niks
from tests import cast
from tests.journeys.conftest import DESK, PHONE, Office, People, picture

pytestmark = pytest.mark.browser
BORN = date(1991, 8, 9)
KK = "3672991203120123"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "foto.jpg"
    path.write_bytes(cast.photo(7))
    return path


def fill_form(page: Page, photo: Path, *, service: str, nik: str, phone: str, documents: int, prefix: str = "") -> str:
    """Answer every question of the form; returns the request code as stored."""
    page.locator(f"input[name=service][value='{service}']").check()
    picture(page, f"{prefix}1-layanan")
    page.get_by_role("button", name="Lanjut", exact=True).click()
    page.locator("#nik").fill(nik[:12])
    page.locator("#kk_number").fill(KK)
    page.get_by_role("button", name="Lanjut", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("16 angka")
    assert page.title().startswith("Kesalahan:")
    picture(page, f"{prefix}2-nomor-salah")
    page.locator("#nik").fill(nik)
    page.get_by_role("button", name="Lanjut", exact=True).click()
    page.locator("#name").fill("Melati Kusuma")
    picture(page, f"{prefix}3-nama")
    page.get_by_role("button", name="Lanjut", exact=True).click()
    for part, value in (("hari", BORN.day), ("bulan", BORN.month), ("tahun", BORN.year)):
        page.locator(f"input[name=birth_date_{part}]").fill(str(value))
    picture(page, f"{prefix}3-lahir")
    page.get_by_role("button", name="Lanjut", exact=True).click()
    for _ in range(documents):
        page.locator("input[type=file]").set_input_files(photo)
        picture(page, f"{prefix}4-foto")
        here = page.url
        page.get_by_role("button", name="Lanjut", exact=True).click()
        # With scripts the photo goes up in the background, and only then the next page comes.
        page.wait_for_url(lambda url, before=here: url != before)
    page.locator("#phone").fill(phone)
    picture(page, f"{prefix}5-whatsapp")
    page.get_by_role("button", name="Lanjut", exact=True).click()
    page.locator("#address").fill("Jalan Kenanga 5 RT 02 RW 03")
    page.locator("#kelurahan").select_option("36.72.01.1002")
    picture(page, f"{prefix}5-alamat")
    page.get_by_role("button", name="Lanjut", exact=True).click()
    picture(page, f"{prefix}6-periksa")
    page.locator("#setuju").check()
    page.get_by_role("button", name="Kirim permohonan").click()
    shown = page.locator(".govuk-panel .adm-code").inner_text()
    picture(page, f"{prefix}7-selesai")
    return shown.replace("-", "").strip()


def test_from_a_notice_on_whatsapp_to_a_card_in_the_hand(
    office: Office, people: People, photo: Path, tmp_path: Path
) -> None:
    nik = niks.synthetic_nik(901, BORN, is_woman=True)
    before = office.figures()["suket_outstanding"]
    _register(office, nik, tmp_path)
    assert office.figures()["suket_outstanding"] == before + 1

    recorder = people.staff("rekam1")
    recorder.locator("#nik").fill(nik)
    recorder.locator("input[name=nama]").fill("Melati Kusuma")
    for part, value in (("hari", BORN.day), ("bulan", BORN.month), ("tahun", BORN.year)):
        recorder.locator(f"input[name=lahir_{part}]").fill(str(value))
    recorder.locator("select#kecamatan").select_option(label="Cibeber")
    recorder.locator("input[name=hasil][value=recorded]").check()
    picture(recorder, "rekam")
    recorder.get_by_role("button", name="Simpan perekaman").click()
    expect(recorder.locator("main")).to_contain_text("Perekaman tercatat")

    phone = people.window(PHONE)
    phone.goto(office.phone_url)
    phone.locator("#name").fill("Melati")
    phone.locator("#number").fill("081290009876")
    picture(phone, "hp-awal")
    phone.get_by_role("button", name="Mulai").click()
    phone.locator("#text").fill("halo, mau tukar suket")
    phone.get_by_role("button", name="Kirim", exact=True).click()
    link = phone.get_by_role("link", name=re.compile("Isi permohonan"))
    expect(link).to_be_visible()
    picture(phone, "hp-tautan")

    form = people.window(PHONE)
    form.goto(str(link.get_attribute("href")))
    code = fill_form(form, photo, service="SUKET_EXCHANGE", nik=nik, phone="0812 9000 9876", documents=2, prefix="form-")
    expect(phone.locator("#log")).to_contain_text("Permohonan Anda sudah kami terima")

    admin = people.staff("admin")
    admin.locator("#nik").fill(nik)
    admin.locator("select#status").select_option("PRINT_READY_RECORD")
    picture(admin, "kelola")
    admin.get_by_role("button", name="Simpan status").click()
    expect(admin.locator("main")).to_contain_text("Status tercatat")

    verifier = people.staff("verifikator1")
    picture(verifier, "antrean")
    verifier.goto(f"{office.url}/petugas/k/{code}/")
    expect(verifier.locator("main")).to_contain_text("MELATI KUSUMA")
    picture(verifier, "kasus")
    verifier.get_by_role("button", name=re.compile("Setujui")).click()
    expect(verifier.locator("main")).to_contain_text("tersimpan")
    expect(phone.locator("#log")).to_contain_text("masuk antrean cetak")

    _print_until(office, people, code)
    choose = phone.get_by_role("button", name="Kirim lewat Pos")
    expect(choose).to_be_visible()
    picture(phone, "hp-pilih")
    choose.click()
    expect(phone.locator("#log")).to_contain_text("kami kirim lewat Kantor Pos")

    _by_post(office, people, code)
    expect(phone.locator("#log")).to_contain_text("sudah diterima")
    picture(phone, "hp-akhir")
    assert office.figures()["suket_outstanding"] == before
    head = people.staff("kadis")
    expect(head.locator("main")).to_contain_text(f"Sisa Suket {before:,}".replace(",", "."))
    assert head.locator(".adm-five > li").count() == 5
    picture(head, "pimpinan")
    checks = json.loads(office.loket("verify", "--json").stdout)["checks"]
    assert [check["name"] for check in checks if not check["ok"]] == []


def _register(office: Office, nik: str, folder: Path) -> None:
    """She stands in the register of Suket holders: one more row of a list."""
    path = folder / "suket.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["No", "NIK", "Nama", "Tgl Lahir", "Kelurahan", "No Suket"])
    sheet.write_row(1, 0, [1, nik, "Melati Kusuma", BORN.strftime("%d-%m-%Y"), "Kedaleman", "471.13/9/SKT/2019"])
    book.close()
    report = json.loads(office.loket("suket", "import", str(path), "--json").stdout)
    assert (report["new"], report["rejected"]) == (1, 0)


def _print_until(office: Office, people: People, code: str) -> None:
    """Print in the order of service until this card is printed; the first card of each batch is spoiled once."""
    printer = people.staff("cetak2")
    for _ in range(4):
        printer.goto(f"{office.url}/cetak/")
        picture(printer, "cetak")
        printer.locator("input[name=isi][value='80']").check()
        printer.get_by_role("button", name="Buat batch").click()
        first = printer.locator("input[type=checkbox][name=kode]").first.get_attribute("value")
        printer.locator("input#kode").fill(str(first))
        printer.get_by_role("button", name="Gagal encode").click()
        mine = printer.locator(f"input[type=checkbox][value='{code}']").count()
        for box in printer.locator("input[type=checkbox][name=kode]").all():
            box.check()
        picture(printer, "batch")
        printer.get_by_role("button", name="Yang dicentang tercetak baik").click()
        expect(printer.locator("main")).to_contain_text("kartu tercatat")
        if mine:
            return
    raise AssertionError("the card was never printed")


def _by_post(office: Office, people: People, code: str) -> None:
    """Envelope, manifest, take-over by scanning, proof of delivery with the Suket taken back."""
    sender = people.staff("kirim1")
    picture(sender, "kirim")
    sender.get_by_role("button", name="Masukkan amplop dan buat manifes").click()
    expect(sender.locator("main")).to_contain_text("Tutup manifes")
    # Known from a list without an address, she stated one when she filed: that is where the post goes.
    expect(sender.locator("tbody tr", has_text="MELATI KUSUMA")).to_contain_text("Jalan Kenanga 5")
    listed = sender.locator("tbody tr").count()
    sender.locator("#count").fill(str(listed + 1))
    sender.get_by_role("button", name="Tutup manifes").click()
    expect(sender.get_by_role("alert")).to_contain_text("Hitung lagi")
    sender.locator("#count").fill(str(listed))
    sender.get_by_role("button", name="Tutup manifes").click()
    expect(sender.locator("main")).to_contain_text("Manifes ditutup")
    picture(sender, "manifes")
    manifest = sender.url
    sender.goto(f"{manifest}cetak/")
    picture(sender, "manifes-cetak")
    courier = people.staff("pos1", PHONE)
    picture(courier, "pos")
    courier.goto(manifest.replace("/cetak/kirim/", "/pos/m/"))
    courier.locator("#kode").fill(code.lower().replace("0", "o"))
    courier.locator("#tracking_number").fill("P 1234 5678 901")
    courier.get_by_role("button", name="Terima amplop").click()
    expect(courier.locator("main")).to_contain_text("diterima Pos")
    picture(courier, "pos-manifes")
    courier.goto(f"{office.url}/pos/antar/{code}/")
    courier.locator("input[name=hasil][value=delivered]").check()
    courier.locator("#receiver").fill("Melati Kusuma")
    courier.locator("select#suket").select_option("withdrawn")
    picture(courier, "pos-antar")
    courier.get_by_role("button", name="Simpan", exact=True).click()
    expect(courier.locator("main")).to_contain_text("Diterima")


def test_without_javascript_on_the_web_and_collected_at_the_counter(office: Office, people: People, photo: Path) -> None:
    nik = niks.synthetic_nik(902, BORN, is_woman=False)
    page = people.window(PHONE, scripts=False)
    page.goto(office.url)
    picture(page, "beranda")
    page.get_by_role("link", name="Ajukan permohonan").click()
    picture(page, "mulai")
    page.get_by_role("button", name="Mulai").click()
    code = fill_form(page, photo, service="KTP_NEW", nik=nik, phone="0812 9000 5432", documents=1, prefix="tanpa-js-")
    office.loket("manage", "--role", "web", "shell", "-c", _fast_forward(code, nik))
    stranger = people.window(PHONE, scripts=False)
    stranger.goto(f"{office.url}/cek/")
    picture(stranger, "cek")
    stranger.locator("#code").fill(f"{code[:4]}-{code[4:8]}-{code[8:]}".lower())
    stranger.get_by_role("button", name="Cek").click()
    expect(stranger.locator("h1")).to_contain_text("Selesai dicetak")
    assert "MELATI" not in stranger.content().upper().replace("M*****", "")
    picture(stranger, "status-tanpa-bukti")
    page.goto(f"{office.url}/c/{code}/terima/")
    page.locator("input[name=method][value=pickup]").check()
    picture(page, "terima")
    page.get_by_role("button", name="Simpan pilihan").click()
    expect(page.locator("h1")).to_contain_text("Siap diambil")
    picture(page, "status")
    secret = page.locator(".adm-next strong.adm-code").inner_text()
    counter = people.staff("loket1")
    picture(counter, "loket")
    counter.goto(f"{office.url}/petugas/loket/serah/{code}/")
    expect(counter.locator("main")).to_contain_text("MELATI KUSUMA")
    counter.locator("#pickup_code").fill(secret)
    counter.locator("#receiver").fill("Melati Kusuma")
    counter.locator("select#suket").select_option("none")
    picture(counter, "serah")
    counter.get_by_role("button", name="Kartu sudah diserahkan").click()
    expect(counter.locator("main")).to_contain_text("sudah diserahkan")


def _fast_forward(code: str, nik: str) -> str:
    """The office's part of the second journey by its own actions; the first journey walks it in the browser."""
    return f"""
from loket.core.actor import Actor, Role
from loket.core import clock, crypto
from loket.applications import actions as A
from loket.printing import actions as P
def by(name, *roles): return Actor(name, "36.72", frozenset(roles))
A.take_statuses([(crypto.index("nik", "{nik}", crypto.keyring()), "PRINT_READY_RECORD", clock.now().date())], by=by("admin", Role.ADMIN), at=clock.now())
A.decide([A.Verdict("{code}", "approve")], by=by("verifikator2", Role.VERIFIER), at=clock.now())
printer = by("cetak1", Role.PRINTER)
codes = []
while "{code}" not in codes:
    batch, codes = P.open_batch(100, by=printer, at=clock.now())
    P.settle(batch.pk, [P.Outcome(one, "printed") for one in codes], by=printer, at=clock.now())
"""


@pytest.mark.long
def test_an_officer_reads_and_answers_the_conversation(office: Office, people: People) -> None:
    phone = people.window(PHONE)
    phone.goto(office.phone_url)
    phone.locator("#name").fill("Rahayu")
    phone.locator("#number").fill("081290007777")
    phone.get_by_role("button", name="Mulai").click()
    phone.locator("#text").fill("Saya mau bicara dengan petugas, kartu saya salah nama")
    phone.get_by_role("button", name="Kirim", exact=True).click()
    expect(phone.locator("#log")).to_contain_text("Petugas")
    officer = people.staff("verifikator2")
    officer.goto(f"{office.url}/petugas/obrolan/")
    picture(officer, "obrolan")
    officer.locator("main a", has_text="Rahayu").first.click()
    expect(officer.locator("main")).to_contain_text("kartu saya salah nama")
    officer.get_by_role("button", name="Ambil", exact=True).click()
    officer.locator("#text").fill("Datang hari Senin. Kami buka pukul 08.00.")
    officer.get_by_role("button", name="Kirim balasan").click()
    picture(officer, "percakapan")
    expect(phone.locator("#log")).to_contain_text("Kami buka pukul 08.00")
    phone.locator("#text").fill("terima kasih")
    phone.get_by_role("button", name="Kirim", exact=True).click()
    phone.wait_for_timeout(1500)
    assert phone.locator("#log .bubble:not(.mine)").count() == 2


def test_the_demo_has_something_in_every_room(office: Office, people: People) -> None:
    verifier, head = people.staff("verifikator2"), people.staff("kadis")
    verifier.goto(f"{office.url}/petugas/obrolan/")
    expect(verifier.get_by_role("link", name="Lewat batas")).to_contain_text("1")
    verifier.goto(f"{office.url}/petugas/suket/")
    expect(verifier.get_by_role("row", name="Tidak bisa dihubungi")).to_contain_text("187")
    head.goto(f"{office.url}/petugas/keluhan/")
    expect(head.locator("main")).to_contain_text("Ada yang meminta uang")


def test_the_public_page_shows_exactly_the_two_figures(office: Office, people: People) -> None:
    assert (office.at_first["suket_outstanding"], office.at_first["blanks_on_hand"]) == (4_921, 10_791)
    for channel in ("online", "counter"):
        assert 1_850 <= office.at_first["monthly_average"][channel] <= 2_150
    assert office.at_first["choice"]["post"] > 2 * office.at_first["choice"]["pickup"]
    page = people.window(DESK)
    page.goto(office.url)
    picture(page, "beranda-pc")
    figures = office.figures()
    text = page.locator("main").inner_text()
    for value in (figures["suket_outstanding"], figures["blanks_on_hand"]):
        assert f"{value:,}".replace(",", ".") in text
    page.goto(f"{office.url}/statistik/?bahasa=en")
    picture(page, "statistik-en")
    assert page.locator("html").get_attribute("lang") == "en"
