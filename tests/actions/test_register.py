"""The register of Suket: its segments always add up, letters end with evidence, a list goes back as a whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.db import IntegrityError, ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loket.applications import actions as applications
from loket.audit.models import Entry
from loket.core import clock, crypto
from loket.core.errors import Refusal
from loket.residents.models import Resident
from loket.suket import actions, importing, staging
from loket.suket import queries as suket
from loket.suket.importing import import_suket
from loket.suket.models import Import, Letter, Staged
from loket.suket.rules import Segment
from tests import cast as play
from tests.cast import CILEGON, ELSEWHERE, Cast

HEAD = ["NIK", "Nama", "Kelurahan", "No Suket", "Tgl Suket", "Status", "No HP"]


def sheet_of(path: Path, rows: list[list[Any]], head: list[str] = HEAD) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for number, row in enumerate([head, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return path


def nik(number: int) -> str:
    return f"36729917059{number:05d}"


def row(number: int, status: str = "PRR", phone: str = "081234567890", name: str = "Siti Aisyah") -> list[Any]:
    return [nik(number), name, "Cibeber", f"471.13/{number}", "12/04/2018", status, phone]


def register(cast: Cast, tmp_path: Path, rows: list[list[Any]]) -> list[Letter]:
    import_suket(sheet_of(tmp_path / "suket.xlsx", rows), by=cast.admin, at=clock.now())
    by_nik = {bytes(letter.resident.nik_index): letter for letter in Letter.objects.select_related("resident")}
    return [by_nik[crypto.index("nik", line[0], crypto.keyring())] for line in rows]


def segments() -> dict[Segment, int]:
    return {segment: count for segment, count in suket.register(CILEGON).outstanding.items() if count}


def test_a_letter_stands_where_its_status_its_phone_and_its_attempts_put_it(cast: Cast, tmp_path: Path) -> None:
    letters = register(cast, tmp_path, [row(1), row(2, "SFE"), row(3, "", ""), row(4, "PRR", ""), row(5), row(6)])
    assert segments() == {Segment.PRINTABLE: 3, Segment.BLOCKED: 2, Segment.UNREACHABLE: 1}
    reached, missed = letters[4], letters[5]
    actions.note_attempts(
        [actions.Attempt(reached.pk, "whatsapp", True, "a"), actions.Attempt(missed.pk, "whatsapp", False, "b")],
        by=cast.admin, at=clock.now(),
    )  # fmt: skip
    assert segments() == {Segment.PRINTABLE: 1, Segment.BLOCKED: 2, Segment.UNREACHABLE: 2, Segment.SILENT: 1}
    blocked = {item.code: (item.count, item.who_acts) for item in suket.register(CILEGON).blocked}
    assert blocked == {"SENT_FOR_ENROLLMENT": (1, "centre"), "": (1, "office")}


def test_a_printed_card_that_is_not_in_the_hand_stays_outstanding(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, [[nik(7), "Siti Aisyah", "Cibeber", "471.13/7", "", "PRR", ""]])
    code = play.printed(cast, "SUKET_EXCHANGE", nik=nik(7), birth_date=date(1990, 5, 17))
    assert segments() == {Segment.WAITING: 1}
    holders, _ = suket.holders(CILEGON, Segment.WAITING)
    assert [item.code for item in holders] == [code]


def test_the_list_behind_a_number_holds_as_many(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, [row(number) for number in range(1, 8)])
    found, cursor = suket.holders(CILEGON, Segment.PRINTABLE, limit=3)
    seen = [item.id for item in found]
    while cursor:
        found, cursor = suket.holders(CILEGON, Segment.PRINTABLE, after=cursor, limit=3)
        seen += [item.id for item in found]
    assert len(seen) == len(set(seen)) == suket.register(CILEGON).outstanding[Segment.PRINTABLE] == 7


def test_a_letter_ends_by_hand_with_date_evidence_and_actor(cast: Cast, tmp_path: Path) -> None:
    letter = register(cast, tmp_path, [row(1)])[0]
    actions.settle(letter.pk, "died", "Akta kematian 3672-KM-01", date(2020, 5, 1), by=cast.counter, at=clock.now())
    letter.refresh_from_db()
    assert (letter.outcome, letter.outcome_on, letter.settled_by) == ("died", date(2020, 5, 1), "counter")
    found = suket.register(CILEGON)
    assert (found.all, found.left, found.settled["died"]) == (1, 0, 1)
    actions.settle(letter.pk, "died", "Akta kematian 3672-KM-01", date(2020, 5, 1), by=cast.counter, at=clock.now())
    assert Entry.objects.filter(action="suket.settle").count() == 1


@pytest.mark.parametrize(
    ("outcome", "evidence", "on", "code"),
    [
        ("exchanged", "bukti", date(2020, 5, 1), "outcome_unknown"),
        ("unreachable", "bukti", date(2020, 5, 1), "outcome_unknown"),
        ("died", " ", date(2020, 5, 1), "evidence_missing"),
        ("moved", "SKPWNI 12", date(2020, 6, 3), "date_future"),
    ],
)
def test_an_outcome_without_what_proves_it_is_refused_and_leaves_no_trace(
    cast: Cast, tmp_path: Path, outcome: str, evidence: str, on: date, code: str
) -> None:
    letter = register(cast, tmp_path, [row(1)])[0]
    before = Entry.objects.count()
    with pytest.raises(Refusal) as refused:
        actions.settle(letter.pk, outcome, evidence, on, by=cast.verifier, at=clock.now())
    assert refused.value.code == code
    letter.refresh_from_db()
    assert (letter.outcome, Entry.objects.count()) == ("", before)


def test_a_settled_letter_is_history_and_strangers_settle_nothing(cast: Cast, tmp_path: Path) -> None:
    letter = register(cast, tmp_path, [row(1)])[0]
    for actor, code in ((cast.stranger, "letter_unknown"), (cast.head, "role"), (cast.resident, "role")):
        with pytest.raises(Refusal) as refused:
            actions.settle(letter.pk, "moved", "SKPWNI 12", date(2020, 5, 1), by=actor, at=clock.now())
        assert refused.value.code == code
    actions.settle(letter.pk, "moved", "SKPWNI 12", date(2020, 5, 1), by=cast.verifier, at=clock.now())
    with pytest.raises(Refusal, match="Hasilnya tidak diubah"):
        actions.settle(letter.pk, "died", "Akta 1", date(2020, 5, 1), by=cast.verifier, at=clock.now())


def test_attempts_are_kept_once_and_never_changed(cast: Cast, tmp_path: Path) -> None:
    letter = register(cast, tmp_path, [row(1)])[0]
    tried = [actions.Attempt(letter.pk, "sms", True, "42")]
    assert actions.note_attempts(tried, by=cast.admin, at=clock.now()) == 1
    assert actions.note_attempts(tried, by=cast.admin, at=clock.now()) == 0
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE suket_attempt SET reached = false")


def test_an_import_goes_back_as_a_whole(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, [row(1), row(2)])
    before = list(Letter.objects.order_by("id").values()), list(Resident.objects.order_by("id").values())
    later = [row(1, name="Siti Aisyah Rahma"), row(2), row(3), row(4)]
    import_suket(sheet_of(tmp_path / "lain.xlsx", later), by=cast.admin, at=clock.now())
    assert Letter.objects.count() == 4
    undone = importing.undo_import(Import.objects.latest("id").pk, by=cast.admin, at=clock.now())
    assert (undone.removed, undone.restored, undone.stayed) == (2, 1, 0)
    assert before == (list(Letter.objects.order_by("id").values()), list(Resident.objects.order_by("id").values()))
    with pytest.raises(Refusal, match="sudah dibatalkan"):
        importing.undo_import(Import.objects.latest("id").pk, by=cast.admin, at=clock.now())


def test_what_was_worked_on_since_stays_and_the_newest_list_goes_first(cast: Cast, tmp_path: Path) -> None:
    letters = register(cast, tmp_path, [row(1), row(2), row(3)])
    first = Import.objects.latest("id").pk
    actions.settle(letters[0].pk, "moved", "SKPWNI 12", date(2020, 5, 1), by=cast.verifier, at=clock.now())
    actions.note_attempts([actions.Attempt(letters[1].pk, "sms", True, "1")], by=cast.admin, at=clock.now())
    import_suket(sheet_of(tmp_path / "lain.xlsx", [row(9)]), by=cast.admin, at=clock.now())
    with pytest.raises(Refusal, match="yang lebih baru"):
        importing.undo_import(first, by=cast.admin, at=clock.now())
    importing.undo_import(Import.objects.latest("id").pk, by=cast.admin, at=clock.now())
    undone = importing.undo_import(first, by=cast.admin, at=clock.now())
    assert (undone.removed, undone.restored, undone.stayed) == (1, 0, 2)
    assert suket.register(CILEGON).all == 2


def test_a_list_with_strange_headings_is_read_by_the_columns_a_person_chose(cast: Cast, tmp_path: Path) -> None:
    path = sheet_of(tmp_path / "x.xlsx", [["Siti Aisyah", nik(1), "Cibeber"]], ["Orangnya", "Angka", "Tempat"])
    with pytest.raises(Refusal):
        import_suket(path, by=cast.admin, at=clock.now())
    report = import_suket(path, chosen={"nik": 1, "name": 0, "kelurahan": 2}, by=cast.admin, at=clock.now())
    assert (report.new, report.rejected) == (1, 0)


def test_a_staged_list_is_checked_then_read_by_the_worker_and_nothing_before(cast: Cast, tmp_path: Path) -> None:
    content = sheet_of(tmp_path / "x.xlsx", [row(1), row(2, "BUKAN STATUS")]).read_bytes()
    staged = staging.stage("daftar.xlsx", content, by=cast.admin, at=clock.now())
    columns = staging.outline(staged).columns
    staging.say_columns(staged.pk, columns, by=cast.admin, at=clock.now())
    with pytest.raises(Refusal, match="belum diperiksa"):
        staging.confirm(staged.pk, by=cast.admin, at=clock.now())
    assert staging.find(staged.pk, CILEGON).step == "checking"
    with pytest.raises(Refusal):
        staging.find(staged.pk, ELSEWHERE)
    for column in ("nik", "name"):
        with pytest.raises(Refusal, match="Pilih kolom"):
            staging.say_columns(
                staged.pk, {name: at for name, at in columns.items() if name != column}, by=cast.admin, at=clock.now()
            )
    assert (Letter.objects.count(), Import.objects.count()) == (0, 0)


@pytest.mark.usefixtures("fresh")
def test_the_worker_checks_and_reads_a_staged_list(tmp_path: Path) -> None:
    cast = play.build()
    content = sheet_of(tmp_path / "x.xlsx", [row(1), row(2, "BUKAN STATUS")]).read_bytes()
    staged = staging.stage("daftar.xlsx", content, by=cast.admin, at=clock.now())
    staging.say_columns(staged.pk, staging.outline(staged).columns, by=cast.admin, at=clock.now())
    assert (staging.work(), staging.work()) == (1, 0)
    found = Staged.objects.get()
    assert found.report
    assert (found.step, found.report["new"], found.report["rejected"], Letter.objects.count()) == ("checked", 1, 1, 0)
    assert b"PK" in staging.refused_rows(found)[:4]
    staging.confirm(staged.pk, by=cast.admin, at=clock.now())
    staging.confirm(staged.pk, by=cast.admin, at=clock.now())
    assert (staging.work(), staging.work()) == (1, 0)
    found.refresh_from_db()
    assert (found.step, Letter.objects.count(), found.source_id) == ("done", 1, Import.objects.get().pk)
    staging.forget_old(clock.now() + staging.KEPT * 2)
    assert Staged.objects.count() == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["PRR", "SFE", "DUP", ""]), st.booleans(), st.sampled_from(["", "reached", "missed", "died", "moved"])),
        min_size=1, max_size=12,
    )  # fmt: skip
)
def test_all_segments_add_up_after_any_history(
    cast: Cast, tmp_path: Path, history: list[tuple[str, bool, str]]
) -> None:
    with transaction.atomic():
        point = transaction.savepoint()
        rows = [row(number, status, "081234567890" if phone else "") for number, (status, phone, _) in enumerate(history, 1)]
        letters = register(cast, tmp_path, rows)
        ended = 0
        for letter, (_, _, event) in zip(letters, history, strict=True):
            if event in ("reached", "missed"):
                actions.note_attempts(
                    [actions.Attempt(letter.pk, "phone", event == "reached", "1")], by=cast.admin, at=clock.now()
                )
            elif event:
                actions.settle(letter.pk, event, "bukti", date(2020, 5, 1), by=cast.verifier, at=clock.now())
                ended += 1
        found = suket.register(CILEGON)
        assert (found.all, found.left) == (len(history), len(history) - ended)
        assert found.left == suket.outstanding(CILEGON)
        for segment, count in found.outstanding.items():
            assert len(suket.holders(CILEGON, segment, limit=100)[0]) == count
        transaction.savepoint_rollback(point)


def test_exchange_settles_by_the_hand_over(cast: Cast, tmp_path: Path) -> None:
    register(cast, tmp_path, [[nik(7), "Siti Aisyah", "Cibeber", "471.13/7", "", "PRR", ""]])
    wanted = play.filing("SUKET_EXCHANGE", nik=nik(7), birth_date=date(1990, 5, 17))
    applications.file(wanted, by=cast.resident, at=clock.now())
    assert segments() == {Segment.PRINTABLE: 1}
