"""The table of failures: every code of the provider has one decision and two sentences, in both languages."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from loket.conversations import failures
from loket.conversations.failures import Decision

# As `whatsapp.md` 1.8 lists them.
DECIDED = {
    Decision.RETRY: "1 2 131000 131016 131057 connect no_template",
    Decision.WAIT_NUMBER: "4 80007 130429",
    Decision.WAIT_CONTACT: "131056",
    Decision.TEMPLATE: "131047",
    Decision.FALLBACK: "131026",
    Decision.TOMORROW: "131049",
    Decision.SUPPRESS: "130472 131050 opted_out",
    Decision.PAUSE: "131048 131064 132015 132016 132068 132069",
    Decision.STOP: "368 131031 130497 131042 131037 131045 133010 190 0 3 10 131005 200 294 299",
    Decision.BLOCK_TEMPLATE: "132000 132001 132005 132007 132008 132012",
    Decision.DEAD: "100 131008 131009 131051 131053 131021 131030 no_answer too_old tried_often incomplete no_address no_gateway refused",
    Decision.ASK_AGAIN: "131052",
    Decision.TO_PHONE: "131062",
    Decision.VERIFY_AGAIN: "137000",
}
CODES = [(code, decision) for decision, codes in DECIDED.items() for code in codes.split()]


@pytest.mark.parametrize(("code", "decision"), CODES)
def test_every_code_has_its_decision(code: str, decision: Decision) -> None:
    assert failures.explain(code).decision == decision


def test_the_list_above_names_every_code_of_the_table() -> None:
    assert set(failures.TABLE) - {code for code, _ in CODES} == {str(code) for code in range(200, 300)} - {"200", "294", "299"}


@pytest.mark.parametrize("code", [code for code, _ in CODES])
def test_every_sentence_says_why_and_what_to_do_in_both_languages(code: str) -> None:
    failure = failures.explain(code)
    for sentence in (failure.why, failure.todo):
        assert sentence.endswith(".")
        assert not re.search(r"\bmohon\b", sentence.lower())
        with translation.override("en"):
            assert translation.gettext(sentence) != sentence


def test_a_number_and_its_text_are_the_same_code() -> None:
    assert failures.explain(131047) is failures.explain("131047")


@pytest.mark.parametrize(
    ("status", "decision"),
    [(429, Decision.WAIT_NUMBER), (401, Decision.STOP), (500, Decision.RETRY), (503, Decision.RETRY), (400, Decision.DEAD),
     (404, Decision.DEAD), (0, Decision.DEAD)],
)  # fmt: skip
def test_an_unknown_code_is_decided_by_the_class_of_the_answer_and_keeps_its_name(status: int, decision: Decision) -> None:
    failure = failures.explain(999999, status)
    assert (failure.decision, failure.code) == (decision, "999999")
    assert failures.explain(None, status).code == f"http_{status}"


def test_the_pair_rate_waits_four_to_the_power_of_tries_and_a_day_at_most() -> None:
    assert [failures.contact_pause(times) for times in (1, 2, 3, 9, 50)] == [4, 16, 64, 86_400, 86_400]


def test_a_pause_doubles_up_to_a_quarter_of_an_hour_and_is_never_shorter_than_asked() -> None:
    assert [failures.pause(times) for times in (1, 2, 3, 20)] == [5, 10, 20, 900]
    assert failures.pause(1, asked=60) == 60
