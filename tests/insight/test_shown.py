"""The head's page, the public page and their series: the same figures, the same words, and no more than each may see."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser

from loket import jobs
from loket.applications.models import Application
from loket.audit.models import Entry
from loket.conversations.models import Contact, Message
from loket.core import clock
from loket.core.errors import Refusal, Refusals
from loket.insight import actions, alerts, outlook
from loket.insight import queries as insight
from loket.insight.measures import MEASURES, RATIOS
from loket.insight.models import Alarm, Digest, Outlook
from loket.offices import queries as offices
from loket.suket.models import Letter
from loket.web import figures
from tests import cast as play
from tests.cast import CILEGON, PASSWORD, Cast

MONDAY = datetime(2020, 6, 8, 1, 0, tzinfo=UTC)
NUMBER = "0812 9000 1111"
FINE = {"low_stock_days": 20, "alert_wait_percent": 200, "alert_spoiled_permille": 15, "alert_overdue_percent": 10, "alert_uncollected": 5}


def staff(name: str) -> Client:
    client = Client()
    assert client.post("/masuk/", {"nama": name, "sandi": PASSWORD}).status_code == 302
    return client


def words(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode().replace("\u00a0", " ")


@pytest.fixture
def lived(cast: Cast) -> Cast:
    """A few days, of which all but today are frozen."""
    play.in_transit(cast)
    play.printed(cast)
    play.file(cast, channel="counter")
    clock.move_to(clock.now() + timedelta(days=1))
    actions.freeze_due(CILEGON)
    outlook.keep_due(CILEGON)
    return cast


def test_every_figure_of_the_heads_page_leads_to_its_list_and_its_definition_and_says_its_moment(lived: Cast) -> None:
    head = staff("head")
    shown = words(head, "/pimpinan/")
    assert len(re.findall(r'<li><p class="adm-sentence', shown)) == 5
    assert shown.count("<time ") >= 3
    for href in set(re.findall(r'href="(/[^"#]*)', shown)) - {"/keluar/", "/petugas/"}:
        if not href.startswith(("/static/", "/bahasa/")):
            assert head.get(href).status_code == 200, href
    definitions = words(head, "/pimpinan/angka/")
    for name in re.findall(r'href="/pimpinan/angka/#([^"]+)"', shown):
        assert f'id="{name}"' in definitions
    assert all(f'id="{name}"' in definitions for name in (*MEASURES, *RATIOS))


def test_load_is_shown_by_role_and_names_nobody(lived: Cast) -> None:
    shown = words(staff("head"), "/pimpinan/")
    load = shown[shown.index('id="beban"') :]
    load = load[: load.index("</table>")]
    assert "Verifikasi" in load
    assert "2 (1)" in load, "two cards, one person"
    for name in ("verifier", "printer", "dispatcher", "Verifier", "Printer"):
        assert name not in load


def test_all_pages_say_the_same_day_of_zero_and_the_plan_of_the_morning_stands_until_night(lived: Cast) -> None:
    row = Outlook.objects.get()
    assert [sentence for sentence, _places in row.unknown] == ["Daftar Suket masih kosong. Baca dulu daftar pemegang Suket di halaman Kelola."]
    assert outlook.keep_due(CILEGON) is False
    Outlook.objects.update(unknown=[], zero_on="2022-10-19", earliest="2022-07-18", latest="2023-02-16", binding="response", remaining=0)
    Letter.objects.create(office_id=CILEGON, resident_id=_resident(), registered_at=clock.now())
    said = "Perkiraan nol Suket Oktober 2022, antara Juli 2022 dan Februari 2023."
    assert said in words(staff("head"), "/pimpinan/")
    assert said in words(Client(), "/statistik/")
    # The plan's page draws from what was kept, not from what has happened since.
    assert outlook.recent(CILEGON).outstanding == 0
    assert outlook.restored(outlook.stored(outlook.recent(CILEGON))) == outlook.recent(CILEGON)


def _resident() -> object:
    return Application.objects.order_by("id")[0].resident_id


def test_before_the_first_night_the_pages_say_so(cast: Cast) -> None:
    assert "rencananya dihitung tiap malam" in words(Client(), "/statistik/")
    assert "Hari pertama dihitung malam ini." in words(staff("head"), "/pimpinan/")
    for slug in figures.SERIES:
        assert "Belum ada angka" in words(Client(), f"/statistik/{slug}/") or slug in ("permohonan", "keluhan", "waktu-tunggu", "sampai-di-tangan")


def test_each_series_is_a_page_with_chart_table_and_definitions_and_without_names(lived: Cast) -> None:
    start = words(Client(), "/statistik/")
    for slug, serie in figures.SERIES.items():
        assert f'href="/statistik/{slug}/"' in start
        shown = words(Client(), f"/statistik/{slug}/")
        assert shown.count("<svg") == 2
        assert "<table" in shown
        assert all(f'id="{name}"' in shown for name in (*serie.lines, *serie.measures))
        assert not {name for name in serie.measures if not MEASURES[name].is_public}
        for name in ("verifier", "printer", "Siti", "0812"):
            assert name not in shown
    assert Client().get("/statistik/tidak-ada/").status_code == 404


def test_by_kelurahan_everybody_sees_full_months_and_no_small_count(lived: Cast) -> None:
    assert "id=\"kelurahan\"" not in words(Client(), "/statistik/permohonan/")
    clock.move_to(datetime(2020, 7, 5, 3, 0, tzinfo=UTC))
    actions.freeze_due(CILEGON)
    shown = words(Client(), "/statistik/permohonan/")
    table = shown[shown.index('id="kelurahan"') :]
    table = table[: table.index("</table>")]
    assert "Juni 2020" in table
    assert re.findall(r"numeric\">([^<]*|&lt;5)</td>", table) == ["&lt;5"] * 4
    assert insight.by_kelurahan(CILEGON, "filed.online", datetime(2020, 6, 1).date())[f"{CILEGON}.01.1001"] == 2


def test_only_the_board_of_blanks_may_stand_in_the_frame_of_another_page(lived: Cast) -> None:
    board = Client().get("/statistik/blangko/sematan/")
    assert "frame-ancestors *" in board.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in board.headers
    assert "Blangko 0 keping" in board.content.decode().replace("\u00a0", " ")
    assert b"<form" not in board.content
    for path in ("/statistik/", "/statistik/blangko/", "/", "/masuk/"):
        assert "frame-ancestors 'none'" in Client().get(path).headers["Content-Security-Policy"], path


def test_a_page_that_has_not_changed_is_not_sent_again(lived: Cast) -> None:
    for path in ("/statistik/", "/statistik/suket/", "/statistik/blangko/sematan/"):
        first = Client().get(path)
        assert first.headers["Cache-Control"] == "public, max-age=60"
        again = Client().get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["Cache-Control"] == "public, max-age=60"
    tag = Client().get("/statistik/").headers["ETag"]
    play.file(lived)
    assert Client().get("/statistik/").headers["ETag"] != tag
    assert Client().get("/statistik/?bahasa=en").headers["ETag"] != Client().get("/statistik/").headers["ETag"]


def test_thresholds_are_the_heads_to_tune_and_a_wrong_one_changes_nothing(lived: Cast) -> None:
    head = staff("head")
    assert "Kartu belum diterima" in words(head, "/pimpinan/ambang/")
    sent = {**{name: str(value) for name, value in FINE.items()}, "alert_spoiled_permille": "1,5"}
    refused = head.post("/pimpinan/ambang/", sent | {"alert_overdue_percent": "1000", "digest_number": "021"})
    assert refused.status_code == 422
    assert "Isi angka dari 1 sampai 100." in refused.content.decode()
    for odd in ("", "nan", "1e999", "-3", "²"):
        assert head.post("/pimpinan/ambang/", sent | {"alert_spoiled_permille": odd}).status_code == 422, odd
    assert not Entry.objects.filter(action="office.settings").exists()
    assert not Contact.objects.filter(name=None).exists()
    assert head.post("/pimpinan/ambang/", sent).status_code == 302
    assert {name: getattr(offices.office(CILEGON).settings, name) for name in FINE} == FINE
    assert staff("auditor").post("/pimpinan/ambang/", sent).status_code == 403
    with pytest.raises(Refusal):
        alerts.tune(FINE, None, by=lived.auditor, at=clock.now())
    with pytest.raises(Refusals):
        alerts.tune(FINE | {"alert_uncollected": 0}, None, by=lived.head, at=clock.now())


def test_what_passes_a_threshold_needs_attention_and_what_does_not_is_not_told(lived: Cast) -> None:
    needs = [one.about for one in _alerts()]
    assert "blanks" in needs, "no blank is left"
    assert "uncollected" not in needs
    clock.move_to(clock.now() + timedelta(days=40))
    actions.freeze_due(CILEGON)
    alerts.tune(FINE | {"alert_uncollected": 1}, None, by=lived.head, at=clock.now())
    needs = [one.about for one in _alerts()]
    assert {"overdue", "uncollected"} <= set(needs)
    alerts.tune(FINE | {"alert_uncollected": 2, "alert_overdue_percent": 100}, None, by=lived.head, at=clock.now())
    assert not {"overdue", "uncollected"} & {one.about for one in _alerts()}
    Alarm.objects.create(office_id=CILEGON, on=clock.now().date(), measure="blanks.on_hand", found_at=clock.now(), settled_at=None)
    assert "1 angka yang disimpan berbeda dari jejaknya." in words(staff("head"), "/pimpinan/")
    Alarm.objects.all().delete()


def _alerts() -> list[alerts.Alert]:
    return alerts.alerts(insight.today(CILEGON), insight.attention(CILEGON), offices.office(CILEGON).settings, 0)


def test_the_week_is_told_on_monday_at_eight_once_and_only_to_a_number_that_was_set(lived: Cast) -> None:
    clock.move_to(MONDAY)
    assert jobs.tell_the_head(CILEGON) is False
    alerts.tune(FINE, NUMBER, by=lived.head, at=clock.now())
    clock.move_to(MONDAY - timedelta(minutes=2))
    assert jobs.tell_the_head(CILEGON) is False, "not before eight"
    clock.move_to(MONDAY)
    assert jobs.tell_the_head(CILEGON) is True
    assert jobs.tell_the_head(CILEGON) is False
    message = Message.objects.get(notice="digest")
    assert "Sisa Suket" in message.params["s1"]["id"]
    assert "Suket left" in message.params["s1"]["en"] or message.params["s1"]["en"] != message.params["s1"]["id"]
    assert "\n" not in "".join(message.params[f"s{number}"]["id"] for number in range(1, 6))
    # The number is sealed in its contact and stands nowhere else.
    told = "".join(Entry.objects.filter(action="office.settings").values_list("body", flat=True))
    assert "6281290001111" not in told
    clock.move_to(MONDAY + timedelta(days=1))
    assert jobs.tell_the_head(CILEGON) is False
    clock.move_to(MONDAY + timedelta(days=7))
    alerts.tune(FINE, "", by=lived.head, at=clock.now())
    assert jobs.tell_the_head(CILEGON) is False
    assert Digest.objects.count() == 1


@pytest.mark.browser
def test_the_heads_page_prints_on_one_a4_with_a_date_and_a_line_to_sign_on(lived: Cast, browser: Browser) -> None:
    Alarm.objects.create(office_id=CILEGON, on=clock.now().date(), measure="blanks.on_hand", found_at=clock.now(), settled_at=clock.now())
    html = words(staff("head"), "/pimpinan/")
    # As many things to attend to as there can be.
    first = re.search(r'(<ul class="govuk-list govuk-list--bullet">)(<li>.*?</li>)', html, re.DOTALL)
    assert first
    html = html.replace(first[1], first[1] + first[2] * 11)
    sheet = (Path(figures.__file__).parent / "static/loket/petugas.css").read_text()
    page = browser.new_page()
    page.set_content(re.sub(r'<link rel="stylesheet"[^>]*>', f"<style>{sheet}</style>", html))
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1
    page.emulate_media(media="print")
    sign = page.locator(".adm-sign")
    assert sign.is_visible()
    assert "3 Juni 2020" in sign.inner_text()
    page.close()
