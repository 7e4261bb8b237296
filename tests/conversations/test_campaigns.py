"""Campaigns: recipients frozen with consent, batches that the day's reach allows, gates that stop them by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from loket.conversations import account, actions, campaigns, outcomes
from loket.conversations.campaigns import Recipient
from loket.conversations.gateways import NotTaken
from loket.conversations.models import Alarm, Campaign, Contact, Invitation, Message, Sender
from loket.core import clock
from loket.core.errors import Refusal
from loket.offices import queries as offices
from loket.offices.models import Office
from tests import working
from tests.cast import CILEGON, Cast
from tests.conversations.conftest import Provider, contact, news, reply

CONSENT = "Formulir Suket 2019, kotak persetujuan"


def people(count: int, first: int = 100) -> list[Recipient]:
    return [Recipient(CONSENT, phone=f"+62813{10_000_000 + first + number}") for number in range(count)]


def campaign(cast: Cast, recipients: list[Recipient], **more: Any) -> Campaign:
    """A running campaign without a pilot, sized by the day's reach alone unless more is said."""
    given: dict[str, Any] = {"pilot": 0, "office_hours": False, **more}
    made = campaigns.create("Tukar Suket Juni", recipients, by=cast.head, at=clock.now(), **given)
    campaigns.start(made.pk, by=cast.head, at=clock.now())
    return made


def reach(tier: int | None, **settings: Any) -> None:
    Sender.objects.update_or_create(office_id=CILEGON, defaults={"tier": tier})
    Office.objects.filter(pk=CILEGON).update(settings={"notice_reserve": 0, "wa_per_second": 1000, "campaign_per_second": 1000, **settings})
    offices.forget()


def work(provider: Provider, turns: int = 5) -> int:
    """Advance and send until nothing goes; how many went."""
    before = len(provider.taken)
    for _ in range(turns):
        campaigns.advance(CILEGON, at=clock.now())
        while working.send_due(provider, limit=100):
            pass
    return len(provider.taken) - before


def state(made: Campaign) -> tuple[str, str]:
    made.refresh_from_db()
    return made.state, made.paused_why


def test_each_person_is_invited_once_whatever_the_list_says(cast: Cast, provider: Provider) -> None:
    reach(None)
    twice = people(5) + people(5)
    made = campaign(cast, twice)
    assert work(provider) == 5
    assert state(made) == ("finished", "")
    assert campaigns.counts_of(made.pk).sent == 5
    known = Invitation.objects.earliest("id").contact
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(campaign=made, contact=known, consent=CONSENT)


def test_the_same_name_again_gives_the_same_campaign(cast: Cast) -> None:
    first = campaigns.create("Juni", people(2), by=cast.head, at=clock.now())
    assert campaigns.create(" Juni ", people(9), by=cast.head, at=clock.now()).pk == first.pk
    assert Invitation.objects.count() == 2


def test_recipients_are_frozen_in_the_database_too(cast: Cast) -> None:
    campaigns.create("Juni", people(2), by=cast.head, at=clock.now())
    other = contact(1)
    for attempt in (lambda rows: rows.update(contact=other), lambda rows: rows.update(consent="lain"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt(Invitation.objects.filter(pk=Invitation.objects.earliest("id").pk))


@pytest.mark.parametrize(
    ("recipients", "field"), [([], "penerima"), ([Recipient("", phone="+6281300000001")], "bukti"), ([Recipient("ya", phone="+6281300000001")], "bukti")]
)
def test_nobody_is_invited_without_a_proof_of_consent_and_a_refusal_leaves_no_trace(
    cast: Cast, recipients: list[Recipient], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        campaigns.create("Juni", recipients, by=cast.head, at=clock.now())
    assert refused.value.field == field
    assert not Campaign.objects.exists()
    assert not Contact.objects.exists()


def test_only_head_and_admin_begin_and_stop(cast: Cast) -> None:
    with pytest.raises(Refusal):
        campaigns.create("Juni", people(2), by=cast.verifier, at=clock.now())
    made = campaigns.create("Juni", people(2), by=cast.admin, at=clock.now())
    for act in (campaigns.start, campaigns.pause):
        with pytest.raises(Refusal):
            act(made.pk, by=cast.counter, at=clock.now())


def test_a_day_reaches_as_many_as_the_tier_allows_and_the_next_day_goes_on(cast: Cast, provider: Provider) -> None:
    reach(20)
    made = campaign(cast, people(50))
    sent = []
    for _day in range(3):
        sent.append(work(provider))
        clock.move_to(clock.now() + timedelta(hours=24, minutes=2))
    assert sent == [20, 20, 10]
    assert work(provider) == 0
    assert state(made)[0] == "finished"


def test_news_keeps_its_reserve_beside_a_campaign(cast: Cast, provider: Provider) -> None:
    reach(20, notice_reserve=5)
    campaign(cast, people(50))
    assert work(provider) == 15
    for number in range(5):
        news(contact(number))
    assert work(provider) == 5


def test_what_operators_can_answer_in_a_day_is_another_limit(cast: Cast, provider: Provider) -> None:
    reach(None)
    campaign(cast, people(30), daily=12)
    assert work(provider) == 12
    clock.move_to(clock.now() + timedelta(hours=22))
    assert work(provider) == 12


def test_invitations_go_in_office_hours_of_working_days_where_the_office_wants_it(cast: Cast, provider: Provider) -> None:
    reach(None)
    campaign(cast, people(3), office_hours=True)
    clock.move_to(cast.at + timedelta(hours=8))
    assert work(provider) == 0
    clock.move_to(cast.at + timedelta(days=4))
    assert work(provider) == 0
    clock.move_to(cast.at + timedelta(days=6))
    assert work(provider) == 3


def test_a_pilot_stops_by_itself_and_a_person_lets_it_go_on(cast: Cast, provider: Provider) -> None:
    reach(None)
    made = campaign(cast, people(30), pilot=10)
    assert work(provider) == 10
    assert state(made) == ("paused", "pilot")
    campaigns.start(made.pk, by=cast.head, at=clock.now())
    assert work(provider) == 20


def test_a_stop_is_looked_at_when_the_invitation_leaves_and_not_before(cast: Cast, provider: Provider) -> None:
    reach(None)
    made = campaign(cast, people(4))
    campaigns.advance(CILEGON, at=clock.now())
    first, second = (row.contact for row in Invitation.objects.order_by("id")[:2])
    actions.opt_out(first, by=cast.resident, at=clock.now())
    actions.suppress("+6281310000101", "surat", by=cast.counter, at=clock.now())
    assert bytes(second.phone_index) == bytes(Contact.objects.get(pk=second.pk).phone_index)
    assert work(provider) == 2
    counts = campaigns.counts_of(made.pk)
    assert (counts.sent, counts.spared, counts.failed) == (2, 2, 0)


def test_a_reply_goes_before_invitations_that_were_queued_long_ago(cast: Cast, provider: Provider) -> None:
    reach(None)
    campaign(cast, people(40))
    campaigns.advance(CILEGON, at=clock.now())
    reply(contact(1, wrote_at=clock.now()))
    working.send_due(provider, limit=5)
    assert provider.notices[0] == "welcome"


@pytest.mark.parametrize("code", [131048, 132015, 131064])
def test_a_campaign_stops_by_itself_on_what_the_provider_says_and_only_a_person_resumes_it(
    cast: Cast, provider: Provider, code: int
) -> None:
    reach(None)
    made = campaign(cast, people(10))
    campaigns.advance(CILEGON, at=clock.now())
    working.send_due(provider, limit=3)
    provider.answers = [NotTaken(code, 400)]
    working.send_due(provider, limit=1)
    assert work(provider) == 0
    assert state(made) == ("paused", str(code))
    assert Alarm.objects.filter(code="campaign_stopped", subject=str(code)).exists()
    campaigns.start(made.pk, by=cast.head, at=clock.now())
    assert state(made) == ("running", "")


@pytest.mark.parametrize("code", [131042, 190, 368])
def test_a_stopped_account_stops_the_campaign_too(cast: Cast, provider: Provider, code: int) -> None:
    reach(None)
    made = campaign(cast, people(10))
    provider.answers = [NotTaken(code, 400)]
    work(provider)
    assert state(made) == ("paused", str(code))


NEWS: list[tuple[str, dict[str, Any], str]] = [
    ("phone_number_quality_update", {"display_phone_number": "62254", "event": "FLAGGED", "current_limit": "TIER_2K"}, "quality"),
    ("account_alerts", {"entity_id": "1", "alert_info": {"alert_severity": "CRITICAL"}}, "alert"),
    ("account_update", {"event": "ACCOUNT_RESTRICTION"}, "alert"),
    ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}, "131031"),
]


@pytest.mark.parametrize(("field", "value", "why"), NEWS)
def test_news_about_the_account_stops_the_campaign_with_its_reason(
    cast: Cast, provider: Provider, field: str, value: dict[str, Any], why: str
) -> None:
    reach(None)
    made = campaign(cast, people(10))
    account.handle(field, value, sent=1, office=CILEGON, at=clock.now())
    assert state(made) == ("paused", why)
    assert work(provider) == 0


def test_a_paused_template_stops_the_campaign_and_an_older_version_takes_its_place_for_news(cast: Cast, provider: Provider) -> None:
    reach(None)
    made = campaign(cast, people(10))
    work(provider, turns=1)
    made.state = "running"
    Campaign.objects.filter(pk=made.pk).update(state="running", finished_at=None)
    value = {"event": "PAUSED", "message_template_id": 1, "message_template_name": "loket_suket_invite_v1", "message_template_language": "id", "reason": "NONE"}
    account.handle("message_template_status_update", value, sent=1, office=CILEGON, at=clock.now())
    assert state(made) == ("paused", "132015")


def test_a_new_limit_is_taken_from_the_providers_news(cast: Cast) -> None:
    for value, tier in (("TIER_2K", 2000), (10_000, 10_000), ("TIER_UNLIMITED", None), (-1, None)):
        account.handle("business_capability_update", {"max_daily_conversations_per_business": value}, sent=1, office=CILEGON, at=clock.now())
        assert Sender.objects.get(pk=CILEGON).tier == tier


def test_gates_stop_a_campaign_that_fails_or_is_disliked(cast: Cast, provider: Provider) -> None:
    reach(None)
    made = campaign(cast, people(60), daily=20, gates={"least": 10, "failed_most": 0.1, "opted_out_most": 0.1})
    provider.answers = [NotTaken(131026, 400)] * 3
    work(provider)
    assert state(made) == ("paused", "failed_share")
    campaigns.start(made.pk, by=cast.head, at=clock.now() + timedelta(seconds=1))
    clock.move_to(clock.now() + timedelta(days=1))
    work(provider)
    assert state(made)[0] == "running"
    for message in Message.objects.filter(campaign=made, state="sent").order_by("-seq")[:3]:
        actions.opt_out(message.contact, by=cast.resident, at=clock.now())
    clock.move_to(clock.now() + timedelta(days=1))
    assert campaigns.advance(CILEGON, at=clock.now()) == 0
    assert state(made) == ("paused", "opted_out_share")


def test_a_campaign_stops_while_residents_wait_for_a_person(cast: Cast, provider: Provider) -> None:
    reach(None)
    made = campaign(cast, people(10), daily=5)
    her = contact(1, wrote_at=clock.now())
    Contact.objects.filter(pk=her.pk).update(waiting_since=clock.now(), person_since=clock.now())
    clock.move_to(clock.now() + timedelta(hours=4, minutes=1))
    assert work(provider) == 0
    assert state(made) == ("paused", "queue_age")


def test_quick_replies_are_kept_once_with_the_invitation_they_answer(cast: Cast, provider: Provider) -> None:
    reach(None)
    made = campaign(cast, people(3))
    work(provider)
    rows = list(Invitation.objects.filter(campaign=made).order_by("id"))
    for row, button in zip(rows, ("menu:1:apply", "invite:1:has_card", "menu:1:stop"), strict=True):
        assert campaigns.answered(row.contact_id, button, at=clock.now())
        assert not campaigns.answered(row.contact_id, "menu:1:apply", at=clock.now())
    assert not campaigns.answered(contact(1).pk, "menu:1:apply", at=clock.now())
    counts = campaigns.counts_of(made.pk)
    assert (counts.swap, counts.has_card, counts.stop) == (1, 1, 1)


def test_an_invitation_whose_answer_was_lost_is_never_sent_twice(cast: Cast, provider: Provider) -> None:
    from loket.conversations.gateways import Unknown

    reach(None)
    campaign(cast, people(1))
    provider.answers = [Unknown("ReadTimeout")]
    work(provider)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_message SET claimed_at = clock_timestamp() - interval '16 minutes'")
    outcomes.sweep()
    work(provider)
    assert len(provider.taken) == 1
    assert Message.objects.get(campaign__isnull=False).error == "no_answer"


def test_one_campaign_runs_at_a_time(cast: Cast) -> None:
    reach(None)
    campaign(cast, people(3))
    other = campaigns.create("Juli", people(3), by=cast.head, at=clock.now())
    with pytest.raises(Refusal):
        campaigns.start(other.pk, by=cast.head, at=clock.now())
