"""One person under two names: by user id and by number, merged and taken apart again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from loket.applications import queries as cases
from loket.applications.models import Application
from loket.audit.models import Entry
from loket.conversations import actions as talks
from loket.conversations import queries as threads
from loket.conversations.keys import CONTACT, data_key
from loket.conversations.models import Contact, Merge, Message
from loket.core import clock, crypto
from loket.core.errors import Refusal
from tests import cast as play
from tests.api.test_webhook import _ours, delivery, heard, post, understand  # noqa: F401 (a fixture)
from tests.cast import CILEGON, NOW, Cast

NUMBER, OTHER = "+6289900123456", "+6289900999999"
HERS, NEW = "ID.1349000000000001", "ID.1349000000000002"


def says(text: str, *, number: str = "", bsuid: str = "", id_: str = "") -> None:
    """A person writes, known by her number, her user id, or both."""
    head = {"from": number.lstrip("+")} if number else {}
    head |= {"from_user_id": bsuid} if bsuid else {}
    contact: dict[str, Any] = {"profile": {"name": "Siti"}}
    contact |= {"wa_id": number.lstrip("+")} if number else {}
    contact |= {"user_id": bsuid} if bsuid else {}
    wrote = {**head, "id": id_ or f"wamid.{text}", "timestamp": str(int(clock.now().timestamp())), "type": "text", "text": {"body": text}}
    send(wrote, contacts=[contact])


def system(**news: str) -> None:
    """The provider says that somebody has a new number or user id."""
    before = {"from": news.pop("old").lstrip("+")} if "old" in news else {}
    stamp = str(int(clock.now().timestamp()))
    send({**before, "id": f"wamid.{json.dumps(news)}", "timestamp": stamp, "type": "system", "system": news})


def send(message: dict[str, Any], contacts: list[dict[str, Any]] | None = None) -> None:
    body = json.loads(delivery(message))
    value = body["entry"][0]["changes"][0]["value"]
    if contacts is None:
        del value["contacts"]
    else:
        value["contacts"] = contacts
    assert post(json.dumps(body).encode()) == "200"
    understand()


def living() -> list[Contact]:
    return list(Contact.objects.filter(merged_into=None).order_by("created_at", "id"))


def number_of(contact: Contact) -> str:
    contact.refresh_from_db()
    return data_key(contact).open_text(CONTACT, "phone", contact.pk, bytes(contact.phone)) if contact.phone else ""


def one(bsuid: str | None, phone: str | None) -> Contact:
    return talks.contact_by_user(bsuid=bsuid, phone=phone, name="Siti", office=CILEGON, at=clock.now())


def said(contact: Contact) -> list[str]:
    return [bubble.text for bubble in threads.thread(contact.pk, CILEGON) if not bubble.outgoing]


def test_whoever_hides_her_number_is_one_person_by_her_id(cast: Cast) -> None:
    says("satu", bsuid=HERS)
    says("dua", bsuid=HERS)
    [contact] = living()
    assert (contact.bsuid, number_of(contact)) == (HERS, "")


def test_a_number_that_is_shown_later_belongs_to_the_one_who_hid_it(cast: Cast) -> None:
    says("satu", bsuid=HERS)
    says("dua", bsuid=HERS, number=NUMBER)
    says("tiga", number=NUMBER)
    [contact] = living()
    assert (contact.bsuid, number_of(contact)) == (HERS, NUMBER)
    assert said(contact) == ["satu", "dua", "tiga"]


def test_a_chat_without_a_number_and_a_form_with_it_become_one_person_with_both(cast: Cast) -> None:
    says("satu", bsuid=HERS)
    code = play.file(cast, phone=NUMBER).code
    says("dua", bsuid=HERS, number=NUMBER)
    [contact] = living()
    assert [case.code for case in cases.of_contact(contact.pk)] == [code]
    assert said(contact) == ["satu", "dua"]
    assert (contact.bsuid, number_of(contact)) == (HERS, NUMBER)
    assert Merge.objects.get().reason == "same_person"
    assert Entry.objects.filter(action="chat.merge", actor="loket:inbox").count() == 1


def test_a_new_number_keeps_the_conversation_and_its_cases(cast: Cast) -> None:
    says("satu", bsuid=HERS, number=NUMBER)
    code = play.file(cast, phone=NUMBER).code
    system(type="user_changed_number", previous_user_id=HERS, user_id=NEW, wa_id=OTHER.lstrip("+"), old=NUMBER)
    says("dua", bsuid=NEW, number=OTHER)
    [contact] = living()
    assert (contact.bsuid, number_of(contact)) == (NEW, OTHER)
    assert [case.code for case in cases.of_contact(contact.pk)] == [code]
    assert said(contact) == ["satu", "dua"]


def test_a_new_user_id_comes_without_a_sender_and_the_old_number_is_hers_no_longer(cast: Cast) -> None:
    says("satu", bsuid=HERS, number=NUMBER)
    system(type="user_changed_user_id", previous_user_id=HERS, user_id=NEW)
    [contact] = living()
    assert (contact.bsuid, number_of(contact)) == (NEW, "")
    says("dua", number=NUMBER)
    assert len(living()) == 2


def test_news_that_comes_after_the_first_message_under_the_new_id_joins_the_two(cast: Cast) -> None:
    says("satu", bsuid=HERS, number=NUMBER)
    says("dua", bsuid=NEW, number=OTHER)
    assert len(living()) == 2
    system(type="user_changed_number", previous_user_id=HERS, user_id=NEW, wa_id=OTHER.lstrip("+"), old=NUMBER)
    says("tiga", bsuid=NEW, number=OTHER)
    [contact] = living()
    assert (contact.bsuid, number_of(contact)) == (NEW, OTHER)
    assert said(contact) == ["satu", "dua", "tiga"]


def test_the_same_news_twice_and_news_of_a_stranger_change_nothing(cast: Cast) -> None:
    says("satu", bsuid=HERS, number=NUMBER)
    for _ in range(2):
        system(type="user_changed_user_id", previous_user_id=HERS, user_id=NEW)
    system(type="user_changed_user_id", previous_user_id="ID.tidakdikenal", user_id="ID.9")
    system(type="user_changed_number")
    assert [contact.bsuid for contact in living()] == [NEW]


def test_a_number_that_changed_hands_brings_no_case_and_no_message_along(cast: Cast) -> None:
    says("satu", bsuid=HERS, number=NUMBER)
    code = play.file(cast, phone=NUMBER).code
    says("milik orang baru", bsuid=NEW, number=NUMBER)
    old, new = (Contact.objects.get(bsuid=bsuid) for bsuid in (HERS, NEW))
    assert [case.code for case in cases.of_contact(old.pk)] == [code]
    assert cases.of_contact(new.pk) == []
    assert said(new) == ["milik orang baru"]
    assert (number_of(old), number_of(new)) == ("", NUMBER)


def test_a_new_number_that_somebody_else_once_stated_in_a_form_brings_no_case_along(cast: Cast) -> None:
    code = play.file(cast, phone=OTHER).code
    says("satu", bsuid=HERS, number=NUMBER)
    system(type="user_changed_number", previous_user_id=HERS, user_id=NEW, wa_id=OTHER.lstrip("+"), old=NUMBER)
    says("dua", bsuid=NEW, number=OTHER)
    assert cases.of_contact(Contact.objects.get(bsuid=NEW).pk) == []
    assert Application.objects.get(code=code).contact_id is not None


def two(cast: Cast) -> tuple[Contact, Contact]:
    """Two conversations that look like two people; each has its case."""
    says("dari nomor lama", bsuid=HERS, number=NUMBER)
    says("dari nomor baru", bsuid=NEW, number=OTHER)
    play.file(cast, phone=NUMBER)
    play.file(cast, phone=OTHER)
    return Contact.objects.get(bsuid=HERS), Contact.objects.get(bsuid=NEW)


def picture() -> list[tuple[Any, ...]]:
    """Everything that a merge touches, row by row."""
    fields = ("id", "bsuid", "phone", "phone_index", "name", "unread", "owner", "waiting_since", "last_inbound_at",
              "last_message_at", "opted_out_at", "merged_into_id", "former_keys")  # fmt: skip
    contacts = [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
                for row in Contact.objects.order_by("id").values_list(*fields)]  # fmt: skip
    return [*contacts, *Message.objects.order_by("id").values_list("id", "contact_id")]


def test_a_merge_of_two_conversations_and_its_way_back_leave_everything_as_it_was(cast: Cast) -> None:
    kept, gone = two(cast)
    before, heard_before = picture(), (said(kept), said(gone))
    made = talks.merge(kept.pk, gone.pk, by=cast.verifier, at=clock.now())
    assert said(kept) == ["dari nomor lama", "dari nomor baru"]
    assert said(gone) == []
    assert len(cases.of_contact(kept.pk)) == 2
    assert [contact.pk for contact in Contact.objects.filter(last_message_at__isnull=False)] == [kept.pk]
    talks.unmerge(made.pk, by=cast.verifier, at=clock.now())
    changed = [(was, now) for was, now in zip(before, picture(), strict=True) if was != now]
    # The kept one was seen and answered as one conversation: only its own counters stay added up.
    assert {was[0] for was, _now in changed} <= {kept.pk}
    assert (said(kept), said(gone)) == heard_before
    assert len(cases.of_contact(kept.pk)) == len(cases.of_contact(gone.pk)) == 1
    assert list(Entry.objects.filter(action__startswith="chat.", actor="verifier").order_by("seq").values_list("action", flat=True)) == [
        "chat.merge", "chat.unmerge"
    ]  # fmt: skip


def test_after_a_merge_both_numbers_reach_the_one_conversation(cast: Cast) -> None:
    kept, gone = two(cast)
    made = talks.merge(kept.pk, gone.pk, by=cast.admin, at=clock.now())
    says("lagi dari nomor baru", bsuid=NEW, number=OTHER)
    assert said(kept)[-1] == "lagi dari nomor baru"
    talks.unmerge(made.pk, by=cast.admin, at=clock.now())
    # What came since stays where it was read.
    assert said(kept)[-1] == "lagi dari nomor baru"
    assert said(gone) == ["dari nomor baru"]
    says("sendiri lagi", bsuid=NEW, number=OTHER)
    assert said(gone) == ["dari nomor baru", "sendiri lagi"]


def test_news_for_a_contact_that_was_merged_away_goes_to_the_one_who_is_left(cast: Cast) -> None:
    kept, gone = two(cast)
    made = talks.merge(kept.pk, gone.pk, by=cast.admin, at=clock.now())
    talks.notify([talks.Notice(gone.pk, "form_link", None, {}, {"link": "https://kantor.example/l/x/"})], by=cast.admin, at=NOW)
    queued = Message.objects.latest("seq")
    assert queued.contact_id == kept.pk
    kept.refresh_from_db()
    assert "kantor.example" in data_key(kept).open_text("conversations_message", "body", queued.pk, bytes(queued.body))
    # What was composed while they were one can still be read by the one to whom it returns.
    moved = Message.objects.filter(contact=kept, pk__in=made.messages, outgoing=True).first()
    assert moved is not None
    sealed = data_key(kept).seal("conversations_message", "body", moved.pk, "kabar")
    Message.objects.filter(pk=moved.pk).update(body=sealed, notice="", state="sent", provider_id="x")
    talks.unmerge(made.pk, by=cast.admin, at=clock.now())
    assert "kabar" in [bubble.text for bubble in threads.thread(gone.pk, CILEGON)]


def test_merges_on_top_of_each_other_are_taken_apart_from_the_newest_on(cast: Cast) -> None:
    kept, gone = two(cast)
    says("orang ketiga", bsuid="ID.3", number="+6289900777777")
    third = Contact.objects.get(bsuid="ID.3")
    first = talks.merge(kept.pk, gone.pk, by=cast.admin, at=clock.now())
    second = talks.merge(third.pk, kept.pk, by=cast.admin, at=clock.now())
    assert set(said(third)) == {"dari nomor lama", "dari nomor baru", "orang ketiga"}
    assert {case.code for case in cases.of_contact(third.pk)} == set(Application.objects.values_list("code", flat=True))
    says("masih sampai", bsuid=NEW, number=OTHER)
    assert said(third)[-1] == "masih sampai"
    talks.unmerge(second.pk, by=cast.admin, at=clock.now())
    talks.unmerge(first.pk, by=cast.admin, at=clock.now())
    assert said(gone) == ["dari nomor baru"]


def test_who_may_not_merge_and_what_cannot_be_merged_leaves_no_trace(cast: Cast) -> None:
    kept, gone = two(cast)
    before = picture()
    for by, code in ((cast.printer, "role"), (cast.stranger, "conversation_unknown"), (cast.resident, "role")):
        with pytest.raises(Refusal) as refused:
            talks.merge(kept.pk, gone.pk, by=by, at=clock.now())
        assert refused.value.code == code
    with pytest.raises(Refusal):
        talks.merge(kept.pk, kept.pk, by=cast.admin, at=clock.now())
    assert picture() == before
    made = talks.merge(kept.pk, gone.pk, by=cast.admin, at=clock.now())
    merged = picture()
    for by in (cast.printer, cast.stranger):
        with pytest.raises(Refusal):
            talks.unmerge(made.pk, by=by, at=clock.now())
    with pytest.raises(Refusal):
        talks.merge(gone.pk, kept.pk, by=cast.admin, at=clock.now())
    assert picture() == merged
    talks.unmerge(made.pk, by=cast.admin, at=clock.now())
    with pytest.raises(Refusal):
        talks.unmerge(made.pk, by=cast.admin, at=clock.now())


def test_the_database_itself_refuses_a_second_merge_and_a_circle(cast: Cast) -> None:
    kept, gone = two(cast)
    made = talks.merge(kept.pk, gone.pk, by=cast.admin, at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Merge.objects.create(kept=kept, gone=gone, reason="x", before={}, by="x", at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=kept.pk).update(merged_into=kept.pk)
    assert made.undone_at is None


def test_the_merge_keeps_no_number_in_the_clear(cast: Cast) -> None:
    kept, gone = two(cast)
    made = talks.merge(kept.pk, gone.pk, by=cast.admin, at=clock.now())
    made.refresh_from_db()
    assert NUMBER[3:] not in json.dumps(made.before)
    assert crypto.index("phone", OTHER, crypto.keyring()).hex() == made.before["gone"]["index"]
    assert not Entry.objects.filter(body__contains=NUMBER[3:]).exists()
    assert heard()
