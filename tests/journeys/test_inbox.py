"""Two officers and one resident in the shared inbox, live, in real browsers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, Office, People, picture

pytestmark = pytest.mark.browser


def write(phone: Page, text: str) -> None:
    phone.locator("#text").fill(text)
    phone.get_by_role("button", name="Kirim", exact=True).click()


@pytest.mark.long
def test_two_officers_meet_in_one_conversation_and_no_word_is_lost(office: Office, people: People) -> None:
    phone = people.window(PHONE)
    phone.goto(office.phone_url)
    phone.locator("#name").fill("Kartika")
    phone.locator("#number").fill("081290006666")
    phone.get_by_role("button", name="Mulai").click()
    write(phone, "petugas, kartu saya di mana?")
    expect(phone.locator("#log")).to_contain_text("Petugas")

    rina = people.staff("verifikator1")
    rina.goto(f"{office.url}/petugas/obrolan/")
    rina.locator(".adm-inbox__lines a", has_text="Kartika").click()
    # A page that is loaded anew forgets this.
    rina.evaluate("window.sameAsBefore = true")
    rina.locator("h2").first.click()
    rina.keyboard.press("b")
    expect(rina.locator("#text")).to_be_focused()
    rina.keyboard.type("Kartu Ibu ada di rak", delay=5)

    yani = people.staff("loket1")
    yani.goto(rina.url)
    expect(yani.locator(".adm-inbox__head")).to_contain_text("Rina Verifikator")
    expect(rina.locator(".adm-inbox__head")).to_contain_text("Yani Loket juga membuka")
    yani.get_by_role("button", name="Ambil", exact=True).click()
    expect(rina.locator(".adm-inbox__head")).to_contain_text("Dipegang Yani Loket")
    write(phone, "halo, masih di sana?")
    for officer in (rina, yani):
        expect(officer.locator(".adm-talk")).to_contain_text("masih di sana?")
    assert rina.evaluate("window.sameAsBefore")
    expect(rina.locator("#text")).to_be_focused()
    expect(rina.locator("#text")).to_have_value("Kartu Ibu ada di rak")
    rina.keyboard.type(", silakan diambil.", delay=5)
    expect(rina.locator("[data-tersimpan]")).to_contain_text("Draf tersimpan")
    picture(rina, "obrolan-dipegang-orang-lain")

    rina.reload()
    expect(rina.locator("#text")).to_have_value("Kartu Ibu ada di rak, silakan diambil.")
    rina.locator("#text").press("Control+Enter")
    expect(rina.get_by_role("alert")).to_contain_text("sedang dipegang Yani Loket")
    expect(rina.locator("#text")).to_have_value("Kartu Ibu ada di rak, silakan diambil.")
    rina.get_by_role("button", name="Ambil alih dan kirim").click()
    expect(phone.locator("#log")).to_contain_text("silakan diambil.")
    expect(rina.locator("#text")).to_have_value("")
    expect(yani.locator(".adm-talk")).to_contain_text("Rina Verifikator mengambil alih dari Anda")
    picture(yani, "obrolan-diambil-alih")
