"""The pages of the waves: nothing is made before it was shown, lists hold no NIK, and what a list found leads on."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import python_calamine

from loket.core import clock
from loket.suket import waves
from loket.suket.models import Attempt, Invitee, Wave
from loket.suket.rules import Segment
from loket.suket.waves import Choice
from loket.web.desk import waves as pages
from tests import cast as play
from tests.actions.test_register import nik, register, row
from tests.actions.test_waves import BASIS, ROOM, phone
from tests.cast import Cast
from tests.web.test_pages import staff

ADDRESS = "/petugas/suket/ajakan/"


def words(content: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", content.decode()))


def listed(cast: Cast, tmp_path: Path) -> tuple[Wave, str, Any]:
    """A wave of two holders without a phone."""
    letters = register(cast, tmp_path, [row(number, phone="") for number in (1, 2)])
    made = waves.create(uuid4(), Choice(Segment.UNREACHABLE), "", BASIS, ROOM, by=cast.head, at=clock.now())
    return made, letters[0].kelurahan, letters


def test_a_wave_is_shown_with_its_limits_before_it_is_made_once(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, [row(1, phone=phone(1)), row(2, phone=phone(2)), row(3, "SFE")])
    play.blanks(cast, 500)
    head = staff("head")
    choice = {"segmen": "printable", "kelurahan": "", "umur": "0", "jumlah": "1"}
    assert "0 orang diajak" in words(head.get(ADDRESS, choice).content)
    assert not Wave.objects.exists()
    # Nothing was printed yet, so somebody says what can be.
    choice["cetak"] = "10"
    page = head.get(ADDRESS, choice)
    seen = words(page.content)
    assert "1 orang diajak" in seen
    assert "1 operator kali 10 kartu sehari" in seen
    assert "ada 500" in seen
    assert "ditentukan petugas" in seen
    key = re.search(r'name="kunci" value="([^"]+)"', page.content.decode())
    assert key
    form = choice | {"kunci": key[1], "nama": "Percobaan"}
    refused = head.post(ADDRESS, form | {"dasar": ""})
    assert refused.status_code == 422
    assert "dasar menghubungi" in words(refused.content)
    assert not Wave.objects.exists()
    for _ in range(2):
        assert head.post(ADDRESS, form | {"dasar": BASIS}).status_code == 302
    made = Wave.objects.get()
    shown = words(staff("counter").get(f"{ADDRESS}{made.pk}/").content)
    assert "Dari 1 orang yang diajak, 0 mengajukan" in shown
    assert "Lewat WhatsApp" in shown
    assert BASIS in shown


def test_who_may_not_invite_sees_no_form_and_is_refused(cast: Cast) -> None:
    counter = staff("counter")
    assert "Hitung dulu" not in counter.get(ADDRESS).content.decode()
    assert counter.post(ADDRESS, {"segmen": "printable", "kunci": str(uuid4()), "dasar": BASIS}).status_code in (403, 422)
    assert staff("printer").get(ADDRESS).status_code == 403
    assert not Wave.objects.exists()


@pytest.mark.parametrize("typed", [{"segmen": "waiting"}, {"segmen": "x"}, {"segmen": "printable", "jumlah": "1,5"}, {"segmen": "printable", "kelurahan": "99"}, {"segmen": "blocked"}])
def test_a_choice_that_cannot_be_gets_a_sentence(cast: Cast, typed: dict[str, str]) -> None:
    page = staff("head").get(ADDRESS, typed)
    assert page.status_code == 422
    assert b"govuk-error-summary" in page.content


def test_a_list_for_the_kelurahan_holds_names_and_never_a_NIK(cast: Cast, tmp_path: Path) -> None:
    made, place, _letters = listed(cast, tmp_path)
    counter, given = staff("counter"), {"cara": "kelurahan", "kelurahan": place}
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(counter.post(f"{ADDRESS}{made.pk}/berkas/", given | {"xlsx": "1"}).content))
    cells = book.get_sheet_by_index(0).to_python()
    assert len(cells) == 3
    assert cells[1][1] == "SITI AISYAH"
    assert not any(nik(1) in str(line) for line in cells)
    paper = counter.post(f"{ADDRESS}{made.pk}/berkas/", given)
    assert paper.content.startswith(b"%PDF")
    assert paper.headers["Cache-Control"] == "no-store"
    assert staff("head").post(f"{ADDRESS}{made.pk}/berkas/", given).status_code == 403
    assert staff("stranger").post(f"{ADDRESS}{made.pk}/berkas/", given).status_code == 404


def test_what_a_list_found_is_kept_and_a_death_leads_to_its_evidence(cast: Cast, tmp_path: Path) -> None:
    made, place, letters = listed(cast, tmp_path)
    counter, address = staff("counter"), f"{ADDRESS}{made.pk}/isi/kelurahan/{place}/"
    counter.post(f"{ADDRESS}{made.pk}/daftar/", {"cara": "kelurahan", "kelurahan": place, "penerima": "Lurah Cibeber"})
    assert "Diserahkan kepada Lurah Cibeber" in words(counter.get(f"{ADDRESS}{made.pk}/").content)
    assert counter.post(address, {f"hasil-{letters[0].pk}": "died", f"hasil-{letters[1].pk}": ""}).status_code == 302
    assert [row.letter_id for row in Attempt.objects.all()] == [letters[0].pk]
    page = counter.get(address).content.decode()
    assert f"/petugas/suket/surat/{letters[0].pk}/?hasil=died#outcome" in page
    settle = counter.get(f"/petugas/suket/surat/{letters[0].pk}/?hasil=died").content.decode()
    assert re.search(r'value="died"[^>]*checked', settle)
    assert Invitee.objects.count() == 2


def test_printing_ahead_is_warned_against_with_the_offices_own_numbers(cast: Cast) -> None:
    play.printed(cast)
    assert "kartu yang tidak diminta" in pages._warning(cast.head.office)
    clock.move_to(clock.now().replace(day=20))
    assert "Dari 1 kartu yang sudah dicetak dan masih di kantor, 1 (100 dari 100)" in pages._warning(cast.head.office)
