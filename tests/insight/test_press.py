"""The press statement: sentences chosen by what happened, every number with its source, nothing that the figures do not carry."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from string import Formatter
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from loket.core import clock
from loket.delivery import actions as delivery
from loket.insight import actions, press
from loket.insight.press import Facts
from loket.web.data import sentences
from tests import cast as play
from tests.cast import CILEGON, Cast

JUNE_2 = date(2020, 6, 2)
# The office of 2 June 2020, as it told the press.
FACTS = Facts(
    office="Disdukcapil Kota Cilegon", city="Kota Cilegon", wa_number="+62254000000", start=JUNE_2, end=JUNE_2, left=4921, before=4931,
    letters=5600, settled=10, blanks=10791, received=0, printed=187, cover=56, pace_from=date(2020, 5, 3), low_cover=15, online=66,
    counter=103, previous=170, months=3, window=(date(2020, 3, 1), date(2020, 5, 31)), average_online=2013, average_counter=1987,
    chosen=(date(2020, 3, 1), JUNE_2), post=2600, pickup=900, fee=14_000,
)  # fmt: skip
MONTH = replace(FACTS, start=date(2020, 5, 1), end=date(2020, 5, 31), before=5230, settled=309, online=2050, counter=1890, previous=3500, printed=2800)


def told(facts: Facts, language: str = "id") -> sentences.Told:
    with translation.override(language):
        return sentences.told(press.statement(facts), place=facts.city, on=facts.end)


def words(facts: Facts) -> str:
    return told(facts).plain.replace("\u00a0", " ")


def unlinked(shown: sentences.Told) -> str:
    """What stands outside of links and dates."""
    return re.sub(r"<a [^>]*>.*?</a>|<time [^>]*>.*?</time>", "", " ".join([shown.title, *shown.paragraphs]))


@pytest.mark.parametrize(
    "fact",
    [
        "4.921 warga Kota Cilegon masih memegang Suket",
        "mengundang mereka menukar surat itu dengan KTP-el",
        "Sasarannya nol Suket",
        "Kartunya tidak kurang. Blangko yang siap dicetak ada 10.791 keping",
        "rata-rata sekitar 2.000 permohonan sebulan masuk secara online dan sekitar 2.000 dengan datang langsung",
        "direkam di kecamatan, lalu warga memberi tahu petugas lewat WhatsApp",
        "Setelah kartu dicetak, warga ditanya lebih dulu: dikirim lewat Kantor Pos atau diambil di kantor",
        "Kebanyakan memilih dikirim: 74%",
        "Dokumennya gratis, Rp0",
        "Satu-satunya biaya adalah ongkos kirim Rp14.000, yang dibayar warga ke Kantor Pos",
        "menghemat tenaga, waktu, dan ongkos jalan, dan pertemuan tatap muka di masa pandemi berkurang",
        "Calo juga tidak mendapat tempat",
        "Layanan online tetap dibuka setelah pandemi berakhir",
        "Warga lain yang belum punya dokumen kependudukan juga dipersilakan mengurusnya, dengan pemegang Suket didahulukan",
        "Kota Cilegon, 2 Juni 2020 – ",
    ],
)
def test_it_tells_what_the_office_told_on_2_june_2020(fact: str) -> None:
    assert fact in words(FACTS)


def test_it_quotes_nobody() -> None:
    for facts in (FACTS, MONTH):
        assert not re.search(r'["“”«»]|\b(kata|ujar|tutur|menurut) (Kepala|Kadis|dia|Pak|Bu)\b', words(facts))


ELSEWHERE: dict[str, dict[str, Any]] = {
    "a day": {}, "a month": {**{name: getattr(MONTH, name) for name in ("start", "end", "before", "online", "counter", "previous")}},
    "grown": {"left": 5000}, "unchanged": {"before": 4921, "start": date(2020, 5, 1)}, "zero": {"left": 0, "before": 3},
    "empty register": {"left": 0, "letters": 0}, "short": {"blanks": 900, "cover": 5}, "fewer than letters": {"blanks": 4000, "cover": None},
    "no blanks": {"blanks": 0, "cover": 0}, "delivery": {"received": 10_000}, "counter": {"average_online": 400},
    "only counter": {"average_online": 0, "online": 0}, "only online": {"average_counter": 0}, "online": {"average_counter": 400},
    "pickup": {"post": 10}, "as many": {"post": 900}, "nobody chose": {"post": 0, "pickup": 0}, "after": {"start": date(2024, 5, 2), "end": date(2024, 5, 2)},
    "less": {"start": date(2020, 5, 1), "previous": 999}, "no fee": {"fee": 0}, "before anything": {"before": None},
    "no ledger": {"blanks": None, "before": None},
    "nothing": dict.fromkeys(("letters", "online", "counter", "average_online", "average_counter", "post", "pickup", "printed"), 0) | {"left": None, "before": None, "blanks": None},
}  # fmt: skip


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("when", ELSEWHERE)
def test_every_number_carries_a_link_in_both_languages(when: str, language: str) -> None:
    facts = replace(FACTS, **ELSEWHERE[when])
    shown = told(facts, language)
    assert not re.search(r"\d", unlinked(shown)), unlinked(shown)
    assert "{" not in shown.plain
    assert shown.plain.count("\n\n") >= 3
    for number, what, _when, href in shown.sources:
        assert re.fullmatch(r"/data/\w+/\?dari=[\d-]{10}&sampai=[\d-]{10}#\w+|/layanan/standar/#biaya", href)
        assert number
        assert what


def test_every_sentence_is_complete_in_english() -> None:
    said: set[str] = set()
    for changes in ELSEWHERE.values():
        statement = press.statement(replace(FACTS, **changes))
        said |= {one.template for one in (statement.title, *(one for part in statement.paragraphs for one in part))}
    assert len(said) > 45
    with translation.override("en"):
        for template in said:
            english = translation.gettext(template)
            assert english != template, template
            assert {name for _text, name, *_rest in Formatter().parse(english) if name} <= {name for _text, name, *_rest in Formatter().parse(template) if name}


@pytest.mark.parametrize(
    ("when", "title", "says", "never"),
    [
        ("a month", "Pemegang Suket di Kota Cilegon tinggal 4.921", "Selama Mei 2020 jumlahnya turun 309, semula 5.230", "Hari itu"),
        ("unchanged", "", "Selama 1 Mei sampai 2 Juni 2020", "Mei 2020 sampai"),
        ("grown", "bertambah menjadi 5.000", "naik 69 dari 4.931", "turun"),
        ("unchanged", "Blangko siap 10.791 keping", "jumlahnya tidak berubah", "turun 0"),
        ("zero", "Nol Suket tercapai di Kota Cilegon", "Nol dibuktikan", "mengundang"),
        ("empty register", "dalam angka", "Itu belum berarti nol Suket tercapai", "Nol dibuktikan"),
        ("short", "Blangko tinggal 900 keping", "cukup untuk 5 hari kerja", "tidak kurang"),
        ("fewer than letters", "Blangko tinggal 4.000 keping", "lebih sedikit daripada Suket", "tidak kurang"),
        ("no blanks", "Blangko KTP-el di Kota Cilegon sedang habis", "tersisa 0 keping", "tidak kurang"),
        ("counter", "", "Loket masih lebih ramai", "sama banyaknya"),
        ("online", "", "Warga lebih banyak memakai layanan online", "sama banyaknya"),
        ("pickup", "", "Kebanyakan memilih mengambil sendiri: 99%", "memilih dikirim"),
        ("nobody chose", "", "warga ditanya lebih dulu", "Kebanyakan"),
        ("after", "", "Layanan online dan loket sama-sama tetap dibuka", "pandemi"),
        ("less", "", "Itu turun 83%", "naik"),
        ("no fee", "", "gratis, Rp0", "ongkos kirim"),
        ("nothing", "Belum ada angka dari Disdukcapil Kota Cilegon", "belum ada yang tercatat", "Kartunya"),
    ],
)
def test_sentences_are_chosen_by_what_happened(when: str, title: str, says: str, never: str) -> None:
    facts = replace(FACTS, **ELSEWHERE[when])
    assert title in told(facts).headline
    assert says in words(facts)
    assert never not in words(facts)


def test_what_presses_most_comes_first() -> None:
    assert told(FACTS).paragraphs[0].startswith("Sebanyak")
    assert told(replace(FACTS, blanks=900, cover=5)).paragraphs[0].startswith("Blangko")


def test_a_rounded_number_stands_exactly_among_the_sources() -> None:
    exact = {what: number for number, what, _when, href in told(FACTS).sources if "2020-03-01" in href and "requests" in href}
    assert exact == {"Permohonan: Permohonan online, rata-rata sebulan": "2.013", "Permohonan: Permohonan di loket, rata-rata sebulan": "1.987"}
    assert [sentences._near(value) for value in (0, 7, 99, 144, 1987, 2013, 2076, 2150, 12_345)] == [0, 7, 99, 140, 2000, 2000, 2000, 2200, 12_000]


def page(path: str) -> str:
    return Client().get(path).content.decode()


def test_each_link_leads_to_the_same_number(cast: Cast) -> None:
    play.in_transit(cast)
    delivery.choose(play.printed(cast), "pickup", by=cast.resident, at=clock.now())
    play.file(cast, channel="counter")
    play.blanks(cast, 40)
    clock.move_to(cast.at + timedelta(days=9))
    play.file(cast)
    actions.freeze_due(CILEGON)
    found = re.findall(r'<td class="govuk-table__cell"><a class="govuk-link" href="([^"]+)#(\w+)">([^<]+)</a></td>', page("/siaran/?dari=2020-06-02&sampai=2020-06-11"))
    assert len(found) >= 6
    for address, anchor, number in found:
        shown = page(unescape(address))
        if anchor == "biaya":
            assert f"<strong>{number}</strong>" in shown
            continue
        row = re.search(rf'<tr id="{anchor}".*?</tr>', shown, re.S)
        assert row, (address, anchor)
        if "%" not in number:
            assert re.search(rf">(<strong>)?{re.escape(number)}<", row[0]), (address, anchor, number)


def test_a_period_before_anything_happened_says_so(cast: Cast) -> None:
    shown = unescape(page("/siaran/?dari=2019-01-01&sampai=2019-01-31"))
    assert "Belum ada angka dari Disdukcapil Kota Cilegon" in shown
    assert "Rp14.000" in shown


def test_the_page_speaks_english(cast: Cast) -> None:
    play.blanks(cast, 40)
    shown = page("/siaran/?bahasa=en")
    assert "Press statement" in shown
    assert re.search(r"There are <a [^>]+>40</a> blank KTP-el cards ready for printing", shown)
    assert "2\u00a0June\u00a02020" in shown
