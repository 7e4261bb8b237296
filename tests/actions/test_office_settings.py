"""`loket office`: every setting is shown, a change stands in the trail, and nonsense changes nothing."""

from __future__ import annotations

import json

import pytest

from loket import cli
from loket.audit.models import Entry
from loket.offices import queries as offices
from loket.offices import rules
from tests.cast import CILEGON, Cast


def settings() -> rules.Settings:
    offices.forget()
    return offices.office(CILEGON).settings


def test_a_setting_is_changed_by_its_name_and_the_trail_says_from_what_to_what(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["office", "set", "complaint_days", "3"]) == 0
    assert cli.main(["office", "set", "official_hosts", "disdukcapil.example, cilegon.example", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["official_hosts"] == ["disdukcapil.example", "cilegon.example"]
    assert (settings().complaint_days, settings().official_hosts) == (3, ("disdukcapil.example", "cilegon.example"))
    told = Entry.objects.filter(action="office.settings").order_by("seq").values_list("actor", "body")
    assert list(told) == [
        ("cli", '{"complaint_days":[5,3]}'), ("cli", '{"official_hosts":[[],["disdukcapil.example","cilegon.example"]]}'),
    ]  # fmt: skip


def test_the_same_value_again_leaves_no_trace(cast: Cast) -> None:
    for _ in range(2):
        assert cli.main(["office", "set", "official_hosts", "disdukcapil.example"]) == 0
    assert Entry.objects.filter(action="office.settings").count() == 1


@pytest.mark.parametrize(("name", "value"), [
    ("complaint_days", "0"), ("complaint_days", "lima"), ("survey_share", "101"), ("quiet_from_hour", "24"), ("post_fee", "-1"),
    ("nothing", "1"), ("__class__", "1"), ("suket_reference", "Surat 470/1"),
])  # fmt: skip
def test_what_makes_no_sense_or_belongs_to_the_head_is_refused(cast: Cast, name: str, value: str) -> None:
    assert cli.main(["office", "set", name, value]) == 3
    assert settings() == rules.Settings()
    assert not Entry.objects.filter(action="office.settings").exists()


def test_another_office_is_not_known_and_nothing_changes(cast: Cast) -> None:
    assert cli.main(["office", "set", "complaint_days", "3", "--office", "99.99"]) == 3
    assert settings() == rules.Settings()
