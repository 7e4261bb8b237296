"""The enrolment statuses: every word of a list is known, and each tells the resident what to do."""

from datetime import date

import pytest

from loket.applications import statuses
from loket.core.errors import Refusal

TODAY = date(2020, 6, 2)


@pytest.mark.parametrize(
    ("written", "code"),
    [("PRR", "PRINT_READY_RECORD"), ("print ready record", "PRINT_READY_RECORD"), ("Efac", "ENROLL_FAILURE_AT_CENTRAL"),
     ("sfe", "SENT_FOR_ENROLLMENT"), ("DUP", "DUPLICATE_RECORD"), ("Card_Issued", "CARD_ISSUED"), (" Pro ", "PROCESSING"),
     ("EFAR", "ENROLL_FAILURE_AT_REGIONAL"), ("adj", "ADJUDICATE_RECORD"), ("bio-captured", "BIO_CAPTURED")],
)  # fmt: skip
def test_a_status_is_known_in_any_case_and_spelling(written, code):
    assert statuses.parse(written).code == code


def test_every_status_and_none_at_all_says_what_it_means_and_what_to_do():
    for status in (*statuses.STATUSES, statuses.explain(""), statuses.explain("NEW_WORD")):
        assert status.meaning.endswith(".")
        assert status.todo.endswith(".")
        assert status.who_acts in ("resident", "office", "centre")


def test_no_two_statuses_share_a_word():
    words = [name.replace("_", " ") for status in statuses.STATUSES for name in (status.code, *status.aliases)]
    assert len(words) == len(set(words))


def test_an_unknown_status_is_refused_without_repeating_a_number():
    with pytest.raises(Refusal) as refused:
        statuses.parse("3672010206870001")
    assert "3672" not in refused.value.text


def test_a_list_of_statuses_is_read_with_its_own_row_numbers(tmp_path):
    path = tmp_path / "status.csv"
    path.write_text(
        "Status SIAK per 1 Juni;;\nNIK;STATUS;Tgl Status\n3672014206870001;prr;01-06-2020\n'3672014206870002;Efac;\n"
        "3672014206870003;apa;01-06-2020\n367201420687;PRR;\n3672014206870005;PRR;03-06-2020\n3672018106870001;DUP;\n"
    )
    parsed = statuses.read_statuses(path, today=TODAY)
    assert [(row.row, row.status, row.as_of) for row in parsed.rows] == [
        (3, "PRINT_READY_RECORD", date(2020, 6, 1)),
        (4, "ENROLL_FAILURE_AT_CENTRAL", None),
        (8, "DUPLICATE_RECORD", None),
    ]
    assert [(row.row, row.column, row.code) for row in parsed.rejected] == [
        (5, "STATUS", "status_unknown"),
        (6, "NIK", "nik_length"),
        (7, "Tgl Status", "date_future"),
    ]
