"""Invitations to many: recipients frozen with their consent, sent in batches that the day's reach allows, stopped by gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from loket.audit import actions as audit
from loket.conversations import number, pacing, templates
from loket.conversations.keys import CONTACT
from loket.conversations.models import Campaign, Contact, Course, Invitation
from loket.conversations.rules import Lane
from loket.core import crypto
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.core.ids import uuid7
from loket.offices import queries as offices

# Why a campaign stands still, beside the codes of `failures`.
REASONS = {
    "person": N_("Dihentikan oleh petugas."),
    "pilot": N_("Percobaan pertama selesai. Lihat hasilnya, lalu lanjutkan kalau baik."),
    "quality": N_("Mutu nomor kantor turun: banyak warga memblokir atau melaporkan pesannya."),
    "alert": N_("WhatsApp memberi peringatan tentang akun kantor."),
    "failed_share": N_("Terlalu banyak ajakan yang gagal. Periksa daftar nomornya."),
    "opted_out_share": N_("Terlalu banyak warga yang meminta berhenti. Periksa kata-kata dan penerimanya."),
    "queue_age": N_("Warga yang menulis sudah terlalu lama menunggu petugas."),
}
# What a quick reply of the invitation says, by the id of its button.
ANSWERS = {"menu:1:apply": "swap", "invite:1:has_card": "has_card", "menu:1:stop": "stop"}
_MAY = (Role.HEAD, Role.ADMIN)

_MEET = """
INSERT INTO conversations_contact (id, office_id, data_key, phone, phone_index, language, unread, owner, bot_step, bot_tries, created_at)
SELECT t.id, %s, t.data_key, t.phone, t.phone_index, 'id', 0, '', '', 0, %s
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[]) AS t(id, data_key, phone, phone_index)
ON CONFLICT (office_id, phone_index) DO NOTHING
"""
_INVITE = """
INSERT INTO conversations_invitation (campaign_id, contact_id, consent, answer)
SELECT %s, t.contact_id, t.consent, '' FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS t(contact_id, consent, n)
ORDER BY t.n ON CONFLICT (campaign_id, contact_id) DO NOTHING
"""
_NEXT = """
SELECT id, contact_id FROM conversations_invitation WHERE campaign_id = %s AND message_id IS NULL ORDER BY id LIMIT %s FOR UPDATE
"""
_QUEUE = """
WITH made AS (
    INSERT INTO conversations_message (id, contact_id, outgoing, kind, notice, params, author, state, due_at, at, error, tries,
                                       media_id, lane, campaign_id)
    SELECT t.id, t.contact_id, true, 'notice', %(notice)s, '{}', 'loket:campaign', 'queued', %(at)s, %(at)s, '', 0, '', %(lane)s,
           %(campaign)s
    FROM unnest(%(ids)s::uuid[], %(contacts)s::uuid[]) WITH ORDINALITY AS t(id, contact_id, n) ORDER BY t.n RETURNING id)
UPDATE conversations_invitation i SET message_id = t.id
FROM unnest(%(invitations)s::bigint[], %(ids)s::uuid[]) AS t(invitation, id) WHERE i.id = t.invitation
"""
# A person who had stopped before the invitation left is no failure of it.
_COURSE = """
SELECT count(*) FILTER (WHERE m.state NOT IN ('queued', 'by_hand', 'sending') AND m.error <> 'opted_out'),
       count(*) FILTER (WHERE m.state IN ('failed', 'dead') AND m.error <> 'opted_out'),
       count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'read') AND c.opted_out_at >= m.at)
FROM conversations_message m JOIN conversations_contact c ON c.id = m.contact_id
WHERE m.campaign_id = %s AND m.at >= %s
"""
_WAITING = """
SELECT min(waiting_since) FROM conversations_contact
WHERE office_id = %s AND waiting_since IS NOT NULL AND person_since IS NOT NULL
"""
_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE i.message_id IS NULL), count(*) FILTER (WHERE m.state IN ('queued', 'by_hand', 'sending', 'unknown')),
       count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'read')), count(*) FILTER (WHERE m.state IN ('delivered', 'read')),
       count(*) FILTER (WHERE m.state IN ('failed', 'dead') AND m.error <> 'opted_out'),
       count(*) FILTER (WHERE m.error = 'opted_out'), count(*) FILTER (WHERE i.answer = 'swap'),
       count(*) FILTER (WHERE i.answer = 'has_card'), count(*) FILTER (WHERE i.answer = 'stop')
FROM conversations_invitation i LEFT JOIN conversations_message m ON m.id = i.message_id WHERE i.campaign_id = %s
"""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to invite: a known contact, or a number (E.164). `consent` says where and when she agreed."""

    consent: str
    contact_id: UUID | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a campaign is; `underway` are queued or on their way, `sent` were taken by the provider."""

    invited: int
    left: int
    underway: int
    sent: int
    delivered: int
    failed: int
    spared: int
    swap: int
    has_card: int
    stop: int


# --- made, started, stopped by a person ---


@transaction.atomic
def create(
    name: str,
    recipients: Sequence[Recipient],
    *,
    notice: str = "suket_invite",
    pilot: int = 50,
    daily: int | None = None,
    office_hours: bool = True,
    gates: dict[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> Campaign:
    """A campaign with its recipients, frozen from now on; each person once. The same name again gives the same campaign.

    `daily` is what operators can answer in a day, None when the day's reach alone sizes a batch; `pilot` people are invited
    before a person decides whether it goes on, 0 for none.
    """
    require(by, *_MAY)
    name = " ".join(name.split())[:80]
    before = Campaign.objects.filter(office_id=by.office, name=name).first()
    if before is not None:
        return before
    _check(name, recipients, notice, pilot, daily)
    campaign = Campaign.objects.create(
        office_id=by.office, name=name, notice=notice, pilot=pilot, daily=daily, office_hours=office_hours,
        gates=asdict(pacing.gates_from(gates or {})), by=by.name, at=at,
    )  # fmt: skip
    contacts = _contacts(recipients, by.office, at)
    with connection.cursor() as cursor:
        cursor.execute(_INVITE, [campaign.pk, contacts, [one.consent.strip()[:120] for one in recipients]])
        invited = cursor.rowcount
    audit.record([audit.Fact("campaign.create", body={"campaign": str(campaign.pk), "recipients": invited})], by=by, at=at)
    return campaign


def _check(name: str, recipients: Sequence[Recipient], notice: str, pilot: int, daily: int | None) -> None:
    if not name:
        raise Refusal("name_missing", N_("Beri nama kampanye ini."), field="nama")
    if not recipients:
        raise Refusal("nobody", N_("Belum ada penerima yang punya nomor WhatsApp."), field="penerima")
    if any(len(one.consent.strip()) < 5 for one in recipients):
        raise Refusal(
            "consent_missing",
            N_("Tulis di mana dan kapan warga setuju dihubungi lewat WhatsApp, misalnya: formulir Suket 2019, kotak persetujuan."),
            field="bukti",
        )
    if notice not in templates.NOTICES:
        raise Refusal("notice_unknown", N_("Pesan ini tidak punya templat."), field="pesan")
    if pilot < 0 or (daily is not None and daily < 1):
        raise Refusal("batch", N_("Jumlah per hari paling sedikit 1, percobaan paling sedikit 0."), field="harian")


def _contacts(recipients: Sequence[Recipient], office: str, at: datetime) -> list[UUID]:
    """A contact for each recipient, in the same order; whoever is new is met in one statement."""
    ring = crypto.keyring()
    indexes = {one.phone: crypto.index("phone", one.phone, ring) for one in recipients if one.contact_id is None}
    rows = []
    for phone, index in indexes.items():
        row = uuid7()
        wrapped = crypto.wrap(crypto.new_data_key(), row, ring)
        rows.append((row, wrapped, crypto.unwrap(wrapped, row, ring).seal(CONTACT, "phone", row, phone), index))
    with connection.cursor() as cursor:
        if rows:
            cursor.execute(_MEET, [office, at, *(list(column) for column in zip(*rows, strict=True))])
        cursor.execute(
            "SELECT phone_index, COALESCE(merged_into_id, id) FROM conversations_contact "
            "WHERE office_id = %s AND phone_index = ANY(%s)",
            [office, list(indexes.values())],
        )
        by_index = {bytes(index): contact for index, contact in cursor.fetchall()}
    given = {one.contact_id for one in recipients if one.contact_id}
    known = set(Contact.objects.filter(office_id=office, pk__in=given).values_list("pk", flat=True))
    if given - known:
        raise Refusal("contact_unknown", N_("Ada penerima yang bukan warga kantor ini."), field="penerima")
    return [one.contact_id or by_index[indexes[one.phone]] for one in recipients]


@transaction.atomic
def start(campaign_id: UUID, *, by: Actor, at: datetime) -> None:
    """A person starts a campaign, or lets it go on after it stopped. Gates count anew from here."""
    require(by, *_MAY)
    campaign = _locked(campaign_id, by)
    if campaign.state not in (Course.DRAFT, Course.PAUSED):
        raise Refusal("campaign_runs", N_("Kampanye ini sudah berjalan atau sudah selesai."), status=409)
    if Campaign.objects.filter(office_id=by.office, state=Course.RUNNING).exists():
        raise Refusal("campaign_other", N_("Kampanye lain sedang berjalan. Hentikan dulu yang itu."), status=409)
    before = campaign.state
    if campaign.paused_why == "pilot":
        campaign.pilot_passed_at = at
    campaign.state, campaign.paused_why = Course.RUNNING, ""
    campaign.started_at, campaign.resumed_at = campaign.started_at or at, at
    campaign.save(update_fields=["state", "paused_why", "pilot_passed_at", "started_at", "resumed_at"])
    body = {"campaign": str(campaign.pk), "state": [before, campaign.state]}
    audit.record([audit.Fact("campaign.start", body=body)], by=by, at=at)


@transaction.atomic
def pause(campaign_id: UUID, *, by: Actor, at: datetime) -> None:
    """A person stops a campaign: what is queued stays, and goes when she lets it go on."""
    require(by, *_MAY)
    campaign = _locked(campaign_id, by)
    if campaign.state != Course.RUNNING:
        raise Refusal("campaign_stands", N_("Kampanye ini tidak sedang berjalan."), status=409)
    campaign.state, campaign.paused_why = Course.PAUSED, "person"
    campaign.save(update_fields=["state", "paused_why"])
    audit.record([audit.Fact("campaign.pause", body={"campaign": str(campaign.pk)})], by=by, at=at)


def _locked(campaign_id: UUID, by: Actor) -> Campaign:
    campaign = Campaign.objects.select_for_update().filter(pk=campaign_id, office_id=by.office).first()
    if campaign is None:
        raise Refusal("campaign_unknown", N_("Kampanye ini tidak ada di kantor Anda."), status=404)
    return campaign


# --- by itself ---


@transaction.atomic
def advance(office: str, *, at: datetime) -> int:
    """Queue the next invitations of the running campaign, as many as may go now; stop it when a gate shuts, end it when all
    have theirs. Returns how many were queued."""
    campaign = Campaign.objects.select_for_update().filter(office_id=office, state=Course.RUNNING).first()
    if campaign is None:
        return 0
    counts = counts_of(campaign.pk)
    gate = pacing.shut_gate(course(campaign, at), pacing.gates_from(campaign.gates))
    if not gate and campaign.pilot and not campaign.pilot_passed_at and counts.invited - counts.left >= campaign.pilot:
        gate = "" if counts.underway or not counts.left else "pilot"
        if not gate and counts.left:
            return 0
    if gate:
        number.pause_campaigns(office, gate, at)
        return 0
    if not counts.left:
        if not counts.underway:
            Campaign.objects.filter(pk=campaign.pk).update(state=Course.FINISHED, finished_at=at)
        return 0
    return _queue(campaign, _size(campaign, counts, at), at)


def _size(campaign: Campaign, counts: Counts, at: datetime) -> int:
    view = offices.office(campaign.office_id)
    own = view.settings
    if campaign.office_hours and not pacing.may_invite_at(at, view.zone, view.holidays):
        return 0
    if pacing.quiet_until(at, view.zone, own.quiet_from_hour, own.quiet_until_hour):
        return 0
    midnight = at.astimezone(ZoneInfo(view.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE reach_at IS NULL AND state IN ('queued', 'sending')), count(*) FILTER (WHERE at >= %s) "
            "FROM conversations_message WHERE campaign_id = %s",
            [midnight, campaign.pk],
        )
        underway, today = cursor.fetchone()
    # Looked up after what is under way: a message that leaves in between is counted twice rather than not at all.
    used, _frees = number.reached(campaign.office_id, at)
    pilot_left = campaign.pilot - (counts.invited - counts.left) if campaign.pilot and not campaign.pilot_passed_at else None
    return pacing.batch_size(
        tier=number.seen(campaign.office_id).tier, used=used, underway=underway, reserve=own.notice_reserve,
        daily=campaign.daily, today=today, pilot_left=pilot_left,
    )  # fmt: skip


def _queue(campaign: Campaign, size: int, at: datetime) -> int:
    if not size:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [campaign.pk, size])
        rows = cursor.fetchall()
        cursor.execute(
            _QUEUE,
            {
                "notice": campaign.notice, "at": at, "lane": int(Lane.CAMPAIGN), "campaign": campaign.pk,
                "ids": [uuid7() for _ in rows], "contacts": [row[1] for row in rows], "invitations": [row[0] for row in rows],
            },
        )  # fmt: skip
    return len(rows)


def answered(contact_id: UUID, button: str, *, at: datetime) -> bool:
    """A quick reply of an invitation is kept with it, once; whether it was one."""
    answer = ANSWERS.get(button)
    if answer is None:
        return False
    latest = Invitation.objects.filter(contact_id=contact_id, message__isnull=False).order_by("-id").first()
    if latest is None:
        return False
    return bool(Invitation.objects.filter(pk=latest.pk, answer="").update(answer=answer, answered_at=at))


# --- looked at ---


def counts_of(campaign_id: UUID) -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [campaign_id])
        return Counts(*cursor.fetchone())


def course(campaign: Campaign, at: datetime) -> pacing.Course:
    """How it went since a person last started it: what the gates look at."""
    with connection.cursor() as cursor:
        cursor.execute(_COURSE, [campaign.pk, campaign.resumed_at or campaign.at])
        sent, failed, opted_out = cursor.fetchone()
        cursor.execute(_WAITING, [campaign.office_id])
        since = cursor.fetchone()[0]
    # In office hours: a night is nobody's fault.
    waiting = offices.office(campaign.office_id).hours.between(since, at) if since else timedelta()
    return pacing.Course(sent, failed, opted_out, waiting, number.seen(campaign.office_id).quality)


def all_of(office: str) -> list[tuple[Campaign, Counts]]:
    """Every campaign of an office with how far it is, the newest first."""
    return [(one, counts_of(one.pk)) for one in Campaign.objects.filter(office_id=office).order_by("-at")]
