"""What people send in a chat: fetched in two hops, kept as photos or turned away, answered once, deleted in its time."""

# ruff: noqa: F811 (fixtures of the emulator come by import)

from __future__ import annotations

import base64
import hashlib
import json
import re
import resource
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client

from loket import jobs
from loket.applications import actions as applications
from loket.applications.filing import Paper
from loket.applications.models import Document
from loket.audit.models import Entry
from loket.bot import conversation, photos
from loket.conversations import actions as talks
from loket.conversations import media
from loket.conversations.inbox import Incoming
from loket.conversations.keys import data_key
from loket.conversations.models import Contact, Media, Message
from loket.core import clock, crypto, images
from loket.core import media as store
from loket.core.errors import Refusal
from loket.core.ids import uuid7
from tests import cast as play
from tests import photographs as ph
from tests.cast import CILEGON, PASSWORD, Cast
from tests.emulator.conftest import SITI, TOKEN, Emulator
from tests.rules.test_images import with_place

PHONE = "+6289900123456"


def contact() -> Contact:
    return talks.contact_by_user(bsuid=None, phone=PHONE, name="Siti", office=CILEGON, at=clock.now())


def received(kind: str, media_id: str, *, late: timedelta = timedelta()) -> Message:
    """A message with a file, as the inbox keeps it and the bot takes its turn."""
    at, who = clock.now(), contact()
    kept = talks.receive(
        who, provider_id=f"wamid.{uuid4()}", kind=kind, body="", sent_at=at - late, at=at, media_id=media_id
    )
    message = Message.objects.get(pk=kept)
    conversation.turn(contact(), Incoming(str(kept), kind, "", "", media_id, "", PHONE, "Siti", at - late), at)
    return message


def send(emulator: Emulator, content: bytes | None = None, kind: str = "image", **more: Any) -> Message:
    """Siti sends a file with her phone; the office has her message, and the provider has the file."""
    body = {"base64": base64.b64encode(content or play.photo()).decode(), **more}
    emulator.do("send", {"from": SITI, kind: body})
    emulator.settle()
    newest = emulator.see("ledger")["inbound"][-1]["message"]
    return received(kind, newest[kind]["id"])


def source(url: str, hosts: tuple[str, ...] = ("lookaside.fbsbx.com",)) -> media.Source:
    return media.Source(url, "/v26.0/{media_id}", ("Authorization", f"Bearer {TOKEN}"), hosts)


def fetch(emulator: Emulator) -> None:
    while media.fetch_due(source(emulator.url)):
        pass


def again() -> None:
    """The pause before the next try is over."""
    Media.objects.update(due_at=clock.now() - timedelta(days=9000), claimed_at=None)


def state(message: Message) -> tuple[str, str]:
    row = Media.objects.get(pk=message.pk)
    return row.state, row.reason


def kept(message: Message) -> bytes:
    message.refresh_from_db()
    assert message.photo is not None
    return store.read(message.photo, data_key(message.contact))


def answers() -> list[tuple[str, dict[str, Any]]]:
    """Every burst whose silence is over is answered; what is said."""
    before = set(Message.objects.values_list("pk", flat=True))
    while photos.answer_due(silence=0, patience=0):
        pass
    return list(Message.objects.exclude(pk__in=before).order_by("seq").values_list("notice", "params"))


def files() -> set[UUID]:
    return set(store.orphans(set()))


# --- fetched ---


def test_a_photo_is_fetched_made_new_and_sealed_under_the_contacts_key(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator, with_place())
    fetch(emulator)
    content = kept(message)
    assert state(message) == ("kept", "")
    assert images.inspect(content).is_plain
    assert b"Exif" not in content
    with pytest.raises(crypto.CryptoError):
        store.read(message.photo, crypto.system_key())  # type: ignore[arg-type]


def test_an_image_sent_as_a_document_is_a_photo(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator, kind="document", mime_type="image/jpeg", filename="kk.jpg")
    fetch(emulator)
    assert state(message) == ("kept", "")


@pytest.mark.parametrize(
    ("content", "kind", "mime_type", "reason"),
    [
        (b"%PDF-1.7 " + bytes(900), "document", "application/pdf", "photo_is_pdf"),
        (b"%PDF-1.7 " + bytes(900), "image", "image/jpeg", "photo_is_pdf"),
        (b"PK\x03\x04" + bytes(900), "document", "application/msword", "photo_unknown"),
        (b"<svg onload='alert(1)'/>" + bytes(900), "image", "image/png", "photo_unknown"),
        (play.photo()[:400], "image", "image/jpeg", "photo_broken"),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_not_kept(
    cast: Cast, emulator: Emulator, content: bytes, kind: str, mime_type: str, reason: str
) -> None:
    before = files()
    message = send(emulator, content, kind, mime_type=mime_type)
    fetch(emulator)
    assert state(message) == ("unfit", reason)
    assert files() == before
    assert [name for name, _params in answers()] == ["photos_other"]


@pytest.mark.parametrize(("kind", "word"), [("audio", "suara"), ("video", "Video"), ("sticker", "Terima kasih")])
def test_voice_notes_videos_and_stickers_are_not_even_fetched(cast: Cast, kind: str, word: str) -> None:
    message = received(kind, "1")
    assert state(message) == ("unfit", kind)
    [(name, params)] = answers()
    assert name == "photos_other"
    assert word in params["lines"]


def test_a_wrong_checksum_is_noted_and_stops_nobody(
    cast: Cast, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    message = send(emulator, fault="wrong_sha")
    fetch(emulator)
    assert state(message) == ("kept", "")
    assert "checksum" in caplog.text


def test_a_dead_address_is_asked_for_anew_at_once(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator, fault="not_found_once")
    fetch(emulator)
    assert state(message) == ("kept", "")


def test_a_body_that_ends_early_is_fetched_again_later(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator, fault="truncated_once")
    fetch(emulator)
    assert state(message) == ("waiting", "RemoteProtocolError")
    again()
    fetch(emulator)
    assert state(message) == ("kept", "")


def test_after_many_tries_a_person_can_see_that_it_failed(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator, fault="truncated")
    for _ in range(media.MAX_TRIES):
        assert state(message)[0] == "waiting"
        again()
        fetch(emulator)
    assert state(message) == ("failed", "RemoteProtocolError")
    [(_name, params)] = answers()
    assert "kirim lagi" in params["lines"]


def test_an_id_older_than_a_week_is_gone_and_she_is_asked_again(cast: Cast, emulator: Emulator) -> None:
    dead, old = send(emulator), send(emulator)
    Message.objects.filter(pk=old.pk).update(at=clock.now() - timedelta(days=8))
    emulator.advance(8 * 24 * 3600)
    fetch(emulator)
    assert state(dead) == state(old) == ("gone", "gone")
    assert "2 foto tidak bisa kami ambil. Tolong kirim lagi." in answers()[0][1]["lines"]


def test_a_wrong_token_costs_no_try(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator)
    stranger = media.Source(emulator.url, "/v26.0/{media_id}", ("Authorization", "Bearer lain"), ())
    for _ in range(media.MAX_TRIES + 2):
        again()
        media.fetch_due(stranger)
    assert state(message)[0] == "waiting"
    again()
    fetch(emulator)
    assert state(message) == ("kept", "")


def test_a_full_disk_leaves_neither_row_nor_file_and_the_photo_comes_later(cast: Cast, emulator: Emulator) -> None:
    before, message = files(), send(emulator)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        fetch(emulator)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    message.refresh_from_db()
    assert (message.photo, state(message), files()) == (None, ("waiting", "disk"), before)
    again()
    fetch(emulator)
    assert state(message) == ("kept", "")


def test_whoever_died_in_the_middle_is_followed_by_another_and_not_for_ever(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator)
    Media.objects.update(claimed_at=clock.now() + timedelta(days=9000))
    assert media.fetch_due(source(emulator.url)) == 0
    Media.objects.update(claimed_at=clock.now() - timedelta(days=1), tries=media.MAX_TRIES)
    fetch(emulator)
    assert state(message) == ("failed", "died")


def test_two_workers_keep_one_photo(fresh: str, emulator: Emulator) -> None:
    play.build()
    messages = [send(emulator) for _ in range(3)]
    before = files()

    def work() -> None:
        fetch(emulator)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [state(message) for message in messages] == [("kept", "")] * 3
    assert len(files() - before) == 3


# --- a provider that misbehaves ---


class Odd:
    """A provider that answers as it is told: `file` is what the second call gets."""

    def __init__(self, file: Callable[[BaseHTTPRequestHandler], None], url: str = "", size: int = 0):
        self.calls: list[tuple[str, str | None]] = []
        odd = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None: ...

            def do_GET(self) -> None:
                odd.calls.append((self.path, self.headers.get("Authorization")))
                if self.path.startswith("/v26.0/"):
                    answer = {"url": url or f"{odd.url}/berkas", "mime_type": "image/jpeg", "file_size": size,
                              "sha256": hashlib.sha256(b"").hexdigest(), "id": "1"}  # fmt: skip
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(json.dumps(answer).encode())
                else:
                    file(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def odd() -> Iterator[Callable[..., Odd]]:
    made: list[Odd] = []

    def begin(*given: Any, **more: Any) -> Odd:
        made.append(Odd(*given, **more))
        return made[-1]

    yield begin
    for one in made:
        one.server.shutdown()
        one.server.server_close()


def _whole(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(play.photo())


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/berkas", "http://169.254.169.254/latest/", "https://lookaside.fbsbx.com.contoh.id/x", "file:///etc/passwd",
        "http://lookaside.fbsbx.com/x", "https://lookaside.fbsbx.com:8443/x", "https://a:b@lookaside.fbsbx.com/x", "gopher://x", "//x", "",
    ],
)  # fmt: skip
def test_no_other_host_sees_the_token(cast: Cast, odd: Callable[..., Odd], address: str) -> None:
    provider = odd(_whole, url=address or "http://[")
    message = received("image", "1")
    media.fetch_due(source(provider.url))
    assert state(message) == ("unfit", "host")
    assert [path for path, _token in provider.calls] == ["/v26.0/1"]


def test_the_list_of_hosts_is_a_setting_and_a_provider_may_have_its_own_way(cast: Cast) -> None:
    one = media.Source("https://waba.contoh.id", "/{media_id}", ("D360-API-KEY", "x"), ("lookaside.fbsbx.com",), "https://waba.contoh.id")
    assert str(one._allowed("https://lookaside.fbsbx.com/a?mid=1&ext=2")) == "https://waba.contoh.id/a?mid=1&ext=2"
    assert str(source("https://graph.contoh.id")._allowed("https://lookaside.fbsbx.com/a?mid=1")) == "https://lookaside.fbsbx.com/a?mid=1"


def test_a_redirect_is_not_followed(cast: Cast, odd: Callable[..., Odd]) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/jebakan")
        handler.end_headers()

    provider = odd(elsewhere)
    message = received("image", "1")
    media.fetch_due(source(provider.url))
    assert state(message) == ("unfit", "redirect")
    assert [path for path, _token in provider.calls] == ["/v26.0/1", "/berkas"]


def test_a_stream_without_end_is_cut_off(cast: Cast, odd: Callable[..., Odd]) -> None:
    sent = [0]

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while sent[0] < 100 * 1024 * 1024:
                sent[0] += handler.wfile.write(bytes(1024 * 1024))
        except (BrokenPipeError, ConnectionResetError):
            pass

    message = received("image", "1")
    media.fetch_due(source(odd(endless).url))
    assert state(message) == ("unfit", "photo_heavy")
    assert sent[0] < 40 * 1024 * 1024


def test_what_is_said_to_be_too_large_is_not_begun(cast: Cast, odd: Callable[..., Odd]) -> None:
    provider = odd(_whole, size=50 * 1024 * 1024)
    message = received("image", "1")
    media.fetch_due(source(provider.url))
    assert state(message) == ("unfit", "photo_heavy")
    assert len(provider.calls) == 1


def test_a_stream_that_only_drips_is_left(cast: Cast, odd: Callable[..., Odd], monkeypatch: pytest.MonkeyPatch) -> None:
    def dripping(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                threading.Event().wait(0.05)
        except (BrokenPipeError, ConnectionResetError):
            pass

    monkeypatch.setattr(media, "DEADLINE", 0.3)
    message = received("image", "1")
    media.fetch_due(source(odd(dripping).url))
    assert state(message) == ("waiting", "slow")


@pytest.mark.parametrize("name", ["../../etc/passwd", "1/../2", "1?x=2", "1 2", "http://x"])
def test_an_id_that_is_none_asks_for_nothing(cast: Cast, odd: Callable[..., Odd], name: str) -> None:
    provider = odd(_whole)
    message = received("image", name)
    media.fetch_due(source(provider.url))
    assert state(message) == ("gone", "gone")
    assert provider.calls == []


# --- answered once ---


def test_a_burst_is_answered_once_with_the_tip_for_the_one_that_is_bad(cast: Cast, emulator: Emulator) -> None:
    [dark] = ph.photographs(3, 1, ("dark",))
    for content in (play.photo(1), dark.content, play.photo(1)):
        send(emulator, content)
    assert photos.answer_due() == 0
    fetch(emulator)
    [(name, params)] = answers()
    assert name == "photos"
    assert params["lines"].split("\n") == [
        "3 foto diterima dan kami simpan untuk petugas.", "1 di antaranya foto yang sama.",
        "Foto ke-2: Foto terlalu gelap, tulisan di berkas tidak terbaca. Coba foto lagi di tempat terang, tanpa lampu kilat.",
    ]  # fmt: skip
    assert answers() == []


def test_nobody_is_answered_while_she_is_still_sending(cast: Cast, emulator: Emulator) -> None:
    send(emulator)
    fetch(emulator)
    assert talks.bursts_due(silence=3600, patience=7200) == []
    assert talks.bursts_due(silence=0, patience=7200) == [contact().pk]


def test_what_cannot_be_fetched_yet_is_told_after_a_while_and_a_clean_photo_needs_no_second_word(
    cast: Cast, emulator: Emulator
) -> None:
    message = send(emulator, fault="truncated_once")
    fetch(emulator)
    assert talks.bursts_due(silence=0, patience=3600) == []
    assert "Foto Anda sudah kami terima" in answers()[0][1]["lines"]
    again()
    fetch(emulator)
    assert state(message) == ("kept", "")
    assert answers() == []


def test_what_is_gone_after_it_was_told_as_arrived_is_asked_for_again(cast: Cast, emulator: Emulator) -> None:
    send(emulator, fault="truncated_once")
    fetch(emulator)
    assert len(answers()) == 1
    again()
    emulator.advance(8 * 24 * 3600)
    fetch(emulator)
    assert "kirim lagi" in answers()[0][1]["lines"]


def test_a_second_bad_photo_goes_to_a_person_and_into_no_wall(cast: Cast, emulator: Emulator) -> None:
    said = []
    for one in ph.photographs(3, 1, ("dark", "blurred")):
        send(emulator, one.content)
        fetch(emulator)
        said += [name for name, _params in answers()]
    assert said == ["photos", "photos_person"]
    assert contact().waiting_since is not None


def test_a_photo_for_a_request_that_waits_for_one_is_looked_at_by_an_officer(cast: Cast, emulator: Emulator) -> None:
    receipt = play.file(cast, phone=PHONE)
    kind = Document.objects.values_list("kind", flat=True)[0]
    verdict = applications.Verdict(receipt.code, "return", "Foto buram, tolong foto ulang", (kind,))
    assert applications.decide([verdict], by=cast.verifier, at=clock.now())[0].problem is None
    send(emulator)
    fetch(emulator)
    [(name, params)] = answers()
    assert (name, params["code"]) == ("photos_case", receipt.code)
    assert contact().waiting_since is not None


def test_the_answer_is_silent_while_a_person_has_the_chat_and_for_what_came_late(cast: Cast, emulator: Emulator) -> None:
    talks.claim(contact().pk, by=cast.counter, at=clock.now())
    message = send(emulator)
    fetch(emulator)
    assert answers() == []
    assert state(message) == ("kept", "")
    talks.release(contact().pk, by=cast.counter, at=clock.now())
    received("audio", "1", late=timedelta(hours=2))
    assert answers() == []


def test_an_answer_that_was_not_committed_is_given_once_by_the_next(fresh: str, emulator: Emulator) -> None:
    play.build()
    send(emulator)
    fetch(emulator)
    with transaction.atomic():
        assert photos.answer_due(0, 0) == 1
        # The worker dies before the commit.
        transaction.set_rollback(True)
    racing = [threading.Thread(target=lambda: (photos.answer_due(0, 0), connections.close_all())) for _ in range(3)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert list(Message.objects.filter(outgoing=True).values_list("notice", flat=True)) == ["photos"]


def test_the_answer_is_english_for_whoever_reads_english(cast: Cast, emulator: Emulator) -> None:
    talks.speak(contact(), "en")
    [dark] = ph.photographs(3, 1, ("dark",))
    send(emulator, dark.content)
    fetch(emulator)
    lines = answers()[0][1]["lines"].split("\n")
    assert lines[0] == "We have your photo and keep it for an officer."
    assert lines[1].startswith("The photo is too dark")


# --- looked at, and deleted ---


def test_staff_see_a_photo_and_the_reading_is_recorded_before(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator)
    fetch(emulator)
    browser = Client()
    page = f"/petugas/obrolan/foto/{message.pk}/"
    assert browser.get(page).status_code == 302
    browser.login(username="counter", password=PASSWORD)
    answer = browser.get(page)
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "image/jpeg", kept(message))
    entry = Entry.objects.get(action="read.chat_photo")
    assert (entry.actor, json.loads(entry.body)["message"]) == (cast.counter.name, str(message.pk))


def test_another_office_and_other_roles_see_no_photo(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator)
    fetch(emulator)
    for stranger in (cast.stranger, cast.printer, cast.head):
        with pytest.raises(Refusal):
            talks.photo(message.pk, by=stranger, at=clock.now())
    assert not Entry.objects.filter(action="read.chat_photo").exists()


def test_a_photo_of_a_chat_is_deleted_after_its_days_and_the_trail_says_so(cast: Cast, emulator: Emulator) -> None:
    old, new = send(emulator), send(emulator, play.photo(3))
    fetch(emulator)
    old.refresh_from_db()
    Media.objects.filter(pk=old.pk).update(settled_at=clock.now() - timedelta(days=31))
    assert jobs.delete_old_photos(CILEGON) == 1
    assert old.photo not in files()
    assert state(old)[0] == "deleted"
    assert kept(new)
    body = json.loads(Entry.objects.get(action="chat.photos_deleted").body)
    assert (body["count"], body["files"]) == (1, [str(old.photo)])
    with pytest.raises(Refusal, match="masa simpan"):
        talks.photo(old.pk, by=cast.counter, at=clock.now())
    assert jobs.delete_old_photos(CILEGON) == 0


def test_the_photos_of_a_case_follow_its_end(cast: Cast) -> None:
    code = play.file(cast).code
    applications.cancel(code, by=cast.resident, at=clock.now())
    rows = set(Document.objects.values_list("pk", flat=True))
    assert jobs.delete_old_photos(CILEGON) == 0
    clock.move_to(clock.now() + timedelta(days=31))
    assert jobs.delete_old_photos(CILEGON) == len(rows)
    assert not rows & files()
    assert Entry.objects.filter(action="case.photos_deleted").count() == 1
    assert applications.open_case(code, purpose="case", by=cast.verifier, at=clock.now()).documents == []


def test_files_that_no_row_names_are_swept_and_young_ones_stay(cast: Cast, emulator: Emulator) -> None:
    message = send(emulator)
    fetch(emulator)
    message.refresh_from_db()
    used = {message.photo, *Document.objects.values_list("pk", flat=True)}
    old, young = uuid7(at_ms=1_600_000_000_000), uuid7()
    store.store([(old, b"x"), (young, b"x")], crypto.system_key())
    jobs.sweep_files()
    assert old not in files()
    assert young in files()
    assert used <= files()


def test_every_room_that_stores_files_says_which_it_uses() -> None:
    """Else the sweep would delete what a room holds."""
    package = Path(jobs.__file__).parent
    storing = {
        path.relative_to(package).parts[0] for path in package.rglob("*.py") if re.search(r"\b(media|store)\.store\(", path.read_text())
    } - {"simulate", "web", "core"}  # a city to try on; the forms of residents, which `applications.drafts` names; the store itself
    saying = {room.__module__.split(".")[1] for room in jobs.FILES_IN_USE}
    assert storing == saying


def test_the_database_refuses_a_kept_file_without_its_digest(cast: Cast) -> None:
    message = received("image", "1")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversations_media SET state = 'kept', settled_at = now() WHERE message_id = %s", [message.pk]
        )


# --- what the worker sees in the papers of a case ---


def test_the_officer_sees_what_is_wrong_with_a_photo_and_where_else_it_is(cast: Cast) -> None:
    [blurred] = ph.photographs(3, 1, ("blurred",))
    first = play.file(cast)
    while applications.judge_due():
        pass
    second = play.file(cast)
    spoiled = play.filing()
    third = applications.file(
        play.filing(papers=[Paper(paper.kind, blurred.content) for paper in spoiled.papers]),
        by=cast.resident, at=clock.now(),
    )  # fmt: skip
    while applications.judge_due():
        pass
    twins = {row.application.code: row.twin.code for row in Document.objects.exclude(twin=None).select_related("twin", "application")}
    assert twins[second.code] in (first.code, second.code)
    assert set(Document.objects.filter(application__code=third.code).values_list("fault", flat=True)) == {"blurred"}
    browser = Client()
    browser.login(username="verifier", password=PASSWORD)
    page = browser.get(f"/petugas/k/{third.code}/").content.decode()
    assert "Foto buram" in page


def test_one_family_card_for_a_whole_family_is_no_news(cast: Cast) -> None:
    same = "3672991503120077"
    for name in ("Siti Aisyah", "Ahmad Fauzi"):
        play.file(cast, kk_number=same, name=name)
    while applications.judge_due():
        pass
    assert not Document.objects.exclude(twin=None).exists()
    assert Document.objects.filter(unjudged=False).exclude(look=None).count() == Document.objects.count()
