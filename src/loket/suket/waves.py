"""Waves: holders chosen, sized and called by the way that was not tried yet; what came of it teaches the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import ceil, inf
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from loket.applications import statuses
from loket.audit import actions as audit
from loket.conversations import campaigns, number
from loket.conversations.models import Campaign
from loket.core import crypto
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.offices import actions as offices_actions
from loket.offices import queries as offices
from loket.suket import actions, sizing
from loket.suket.issuing import months_later
from loket.suket.models import Channel, Handout, Invitee, Wave
from loket.suket.queries import PLACED, RESIDENT, given
from loket.suket.rules import Segment
from loket.suket.sizing import Capacity, Limit, Seen

SEGMENTS = (Segment.PRINTABLE, Segment.SILENT, Segment.UNREACHABLE, Segment.BLOCKED)
INVITERS = (Role.HEAD, Role.ADMIN)
CALLERS = (Role.VERIFIER, Role.COUNTER, Role.ADMIN)
# Whoever was invited is left in peace so long, unless the call did not arrive; so old a wave tells how people answer.
REST = SEEN_AFTER = timedelta(days=14)
# What somebody who went there or rang found, and whether that reached the holder. Of a death or a move the evidence is asked for.
RESULTS = {"reached": True, "not_found": False, "moved": False, "died": False}
ENDS = ("moved", "died")
_FED_FOR = timedelta(days=60)

# By which way each is called: the first that was not tried yet. The message says that the card can be made, so whoever has to
# be recorded first is called by people.
_CANDIDATES = f"""
SELECT p.id, p.resident_id, p.kelurahan, p.code IS NOT NULL AS asked,
       CASE WHEN r.phone IS NULL THEN 'kelurahan'
            WHEN %(by_message)s AND NOT COALESCE('whatsapp' = ANY (t.channels), false) THEN 'whatsapp'
            WHEN NOT COALESCE('phone' = ANY (t.channels), false) THEN 'phone'
            ELSE 'kelurahan' END AS way,
       COALESCE(m.opted_out_at, c.opted_out_at) IS NOT NULL AS stopped,
       EXISTS (SELECT FROM suket_invitee i JOIN suket_wave w ON w.id = i.wave_id
               WHERE i.letter_id = p.id AND w.at > %(rested)s
                 AND NOT EXISTS (SELECT FROM suket_attempt a WHERE a.letter_id = p.id AND a.at >= w.at AND NOT a.reached)) AS resting,
       r.data_key, r.phone
FROM ({PLACED}) p JOIN residents_resident r ON r.id = p.resident_id
LEFT JOIN conversations_contact c ON c.office_id = %(office)s AND c.phone_index = r.phone_index
LEFT JOIN conversations_contact m ON m.id = c.merged_into_id
LEFT JOIN LATERAL (SELECT array_agg(channel) AS channels FROM suket_attempt WHERE letter_id = p.id) t ON true
WHERE p.segment = %(segment)s AND (%(kelurahan)s = '' OR p.kelurahan = %(kelurahan)s)
  AND (%(segment)s <> 'blocked' OR p.status = ANY (%(record)s))
  AND (%(until)s::date IS NULL OR p.issued_on <= %(until)s)
ORDER BY COALESCE(p.issued_on, '0001-01-01'), p.id
"""
_TAKE = """
INSERT INTO suket_invitee (wave_id, letter_id, channel, contact_id, kelurahan)
SELECT %(wave)s, l.id, t.channel, CASE WHEN t.channel = 'whatsapp' THEN COALESCE(c.merged_into_id, c.id) END, l.kelurahan
FROM unnest(%(letters)s::uuid[], %(channels)s::text[]) WITH ORDINALITY AS t(letter_id, channel, n)
JOIN suket_letter l ON l.id = t.letter_id JOIN residents_resident r ON r.id = l.resident_id
LEFT JOIN conversations_contact c ON c.office_id = l.office_id AND c.phone_index = r.phone_index
ORDER BY t.n
"""
# What came of each invitee until the next wave called her again.
_FATES = """
SELECT w.id AS wave, w.number, w.at, i.channel, i.kelurahan, i.letter_id,
       a.id IS NOT NULL OR EXISTS (SELECT FROM suket_attempt t WHERE t.letter_id = l.id AND t.reached AND t.at >= w.at AND t.at < n.until) AS reached,
       a.id IS NOT NULL AS filed,
       l.outcome = 'exchanged' AND l.settled_at >= w.at AND l.settled_at < n.until AS exchanged,
       l.outcome NOT IN ('', 'exchanged') AND l.settled_at >= w.at AND l.settled_at < n.until AS ended,
       COALESCE(c.opted_out_at >= w.at AND c.opted_out_at < n.until, false) AS stopped,
       COALESCE(v.answer = 'has_card', false) AS has_card,
       l.outcome = '' AS outstanding
FROM suket_wave w JOIN suket_invitee i ON i.wave_id = w.id JOIN suket_letter l ON l.id = i.letter_id
LEFT JOIN conversations_contact c ON c.id = i.contact_id
LEFT JOIN conversations_invitation v ON v.campaign_id = w.campaign_id AND v.contact_id = i.contact_id
CROSS JOIN LATERAL (SELECT COALESCE(min(o.at), 'infinity') AS until FROM suket_invitee x JOIN suket_wave o ON o.id = x.wave_id
                    WHERE x.letter_id = i.letter_id AND o.at > w.at) n
LEFT JOIN LATERAL (SELECT id FROM applications_application WHERE resident_id = l.resident_id AND slot = 'card'
                     AND submitted_at >= w.at AND submitted_at < n.until AND state NOT IN ('rejected', 'cancelled') LIMIT 1) a ON true
WHERE w.office_id = %(office)s
"""
_SUMS = f"""
SELECT wave, channel, kelurahan, count(*), count(*) FILTER (WHERE reached), count(*) FILTER (WHERE filed),
       count(*) FILTER (WHERE exchanged), count(*) FILTER (WHERE ended), count(*) FILTER (WHERE stopped), count(*) FILTER (WHERE has_card)
FROM ({_FATES}) fates WHERE %(wave)s::uuid IS NULL OR wave = %(wave)s GROUP BY 1, 2, 3
"""
_SEEN = f"""
SELECT number, channel, at <= %(seen)s AS old, count(*), count(*) FILTER (WHERE filed),
       count(*) FILTER (WHERE NOT filed AND outstanding AND NOT stopped)
FROM ({_FATES}) fates GROUP BY 1, 2, 3
"""
# News of a message that is final for now; a failed one that is sent again and arrives is a second attempt.
_NEWS = """
SELECT i.letter_id, m.id::text || CASE WHEN m.state IN ('delivered', 'read') THEN ':sampai' ELSE ':gagal' END, m.state IN ('delivered', 'read')
FROM suket_wave w JOIN suket_invitee i ON i.wave_id = w.id AND i.channel = 'whatsapp'
JOIN conversations_invitation v ON v.campaign_id = w.campaign_id AND v.contact_id = i.contact_id
JOIN conversations_message m ON m.id = v.message_id
WHERE w.office_id = %(office)s AND w.at > %(since)s AND m.state IN ('delivered', 'read', 'failed', 'dead') AND m.error <> 'opted_out'
  AND NOT EXISTS (SELECT FROM suket_attempt a WHERE a.letter_id = i.letter_id AND a.channel = 'whatsapp'
    AND a.key = m.id::text || CASE WHEN m.state IN ('delivered', 'read') THEN ':sampai' ELSE ':gagal' END)
LIMIT 2000
"""
_LYING = """
SELECT count(*), count(*) FILTER (WHERE printed_at < %(long)s) FROM applications_application
WHERE office_id = %(office)s AND state IN ('printed', 'on_shelf', 'returned_home')
"""
_ENTRIES = """
SELECT i.letter_id, l.resident_id, r.data_key, r.name, r.address, r.phone, i.kelurahan, l.outcome, t.key
FROM suket_invitee i JOIN suket_letter l ON l.id = i.letter_id JOIN residents_resident r ON r.id = l.resident_id
LEFT JOIN LATERAL (SELECT key FROM suket_attempt WHERE letter_id = l.id AND channel = i.channel AND key LIKE %(mark)s
                   ORDER BY id DESC LIMIT 1) t ON true
WHERE i.wave_id = %(wave)s AND i.channel = %(channel)s AND i.kelurahan = %(kelurahan)s ORDER BY i.id
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a wave is for: a segment, a kelurahan (empty for all), letters at least so many months old, and at most how many."""

    segment: Segment
    kelurahan: str = ""
    months: int = 0
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    letter: UUID
    resident: UUID
    channel: str
    data_key: bytes
    phone: bytes | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A wave before it is made: all that fit, who is left out and why, the bounds, who would be called by which way, and how
    many of them are expected to ask."""

    fitting: int
    asked: int
    stopped: int
    resting: int
    limits: tuple[Limit, ...]
    notes: tuple[Limit, ...]
    size: int
    counts: dict[str, int]
    expected: int | None


@dataclass(frozen=True, slots=True)
class Response:
    """What came of some of the invited."""

    invited: int = 0
    reached: int = 0
    filed: int = 0
    exchanged: int = 0
    ended: int = 0
    stopped: int = 0
    has_card: int = 0

    def __add__(self, other: Response) -> Response:
        return Response(*(mine + theirs for mine, theirs in zip(asdict(self).values(), asdict(other).values(), strict=True)))

    @property
    def share(self) -> float:
        return self.filed / self.invited if self.invited else 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: the holder as whoever visits or rings her needs to know her, and what was found last."""

    letter: UUID
    name: str
    address: str
    phone: str
    outcome: str
    result: str


# --- chosen and made ---


def preview(choice: Choice, capacity: Capacity, office: str, *, at: datetime) -> Preview:
    """What a wave would be now."""
    return _weigh(choice, capacity, office, at)[0]


def _weigh(choice: Choice, capacity: Capacity, office: str, at: datetime) -> tuple[Preview, list[_Candidate]]:
    _check(choice, office)
    left_out: Counter[str] = Counter()
    free: list[_Candidate] = []
    fitting = 0
    for letter, resident, _kelurahan, asked, way, stopped, resting, key, phone in _candidates(choice, office, at):
        fitting += 1
        why = "asked" if asked else "stopped" if stopped else "resting" if resting else ""
        if why:
            left_out[why] += 1
        else:
            free.append(_Candidate(letter, resident, way, bytes(key), bytes(phone) if phone else None))
    learned = seen(office, at=at)
    bounds = sizing.limits(capacity, learned, prints=choice.segment != Segment.BLOCKED, cap=choice.cap)
    reach = sizing.reach(capacity)
    most = min((limit.value for limit in bounds if limit.value is not None), default=len(free))
    taken = _take(free, most, reach.value if reach else None)
    counts = dict(Counter(one.channel for one in taken))
    if reach is not None and any(one.channel == Channel.WHATSAPP for one in free):
        bounds = (*bounds, reach)
    # What holds it back is said first.
    bounds = tuple(sorted(bounds, key=lambda limit: inf if limit.value is None else limit.value))
    shown = Preview(
        fitting, left_out["asked"], left_out["stopped"], left_out["resting"], bounds, tuple(sizing.learned(capacity, learned)),
        len(taken), counts, sizing.expected(counts, capacity, learned),
    )  # fmt: skip
    return shown, taken


def _take(free: Sequence[_Candidate], most: int, reach: int | None) -> list[_Candidate]:
    """The first of them, no more by WhatsApp than it reaches."""
    taken: list[_Candidate] = []
    by_message = 0
    for one in free:
        if len(taken) == most:
            break
        if one.channel == Channel.WHATSAPP:
            if by_message == reach:
                continue
            by_message += 1
        taken.append(one)
    return taken


def _check(choice: Choice, office: str) -> None:
    if choice.segment not in SEGMENTS:
        raise Refusal("segment_unknown", N_("Bagian ini tidak ada. Kembali ke daftar Suket."), field="segmen")
    if choice.kelurahan and choice.kelurahan not in offices.office(office).kelurahan:
        raise Refusal("kelurahan_unknown", N_("Pilih kelurahan dari daftar."), field="kelurahan")
    if not 0 <= choice.months <= 120:
        raise Refusal("wave_age", N_("Umur Suket paling banyak 120 bulan."), field="umur")
    if choice.cap is not None and choice.cap < 1:
        raise Refusal("wave_cap", N_("Jumlah paling sedikit 1 orang."), field="jumlah")
    if choice.segment == Segment.BLOCKED and choice.cap is None:
        raise Refusal("wave_recording", N_("Tulis berapa orang yang bisa direkam: batas cetak tidak berlaku di sini."), field="jumlah")


def _candidates(choice: Choice, office: str, at: datetime) -> list[tuple[Any, ...]]:
    today = offices.office(office).today()
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            {
                **given(office), "segment": choice.segment.value, "kelurahan": choice.kelurahan, "rested": at - REST,
                "record": list(statuses.TO_BE_RECORDED), "by_message": choice.segment != Segment.BLOCKED,
                "until": months_later(today, -choice.months) if choice.months else None,
            },
        )  # fmt: skip
        return list(cursor.fetchall())


@transaction.atomic
def create(key: UUID, choice: Choice, name: str, basis: str, capacity: Capacity, *, by: Actor, at: datetime) -> Wave:
    """A wave, its holders frozen; the same `key` again gives the same wave. Whom WhatsApp reaches get a campaign that a person
    starts; the others stand in lists."""
    require(by, *INVITERS)
    basis, name = " ".join(basis.split())[:120], " ".join(name.split())[:60]
    if len(basis) < 5:
        raise Refusal(
            "basis_missing",
            N_("Tulis dasar menghubungi warga: di mana dan kapan mereka setuju, atau aturannya. Contoh: formulir Suket 2019."),
            field="dasar",
        )
    # Whoever makes a wave at the same time waits here, and then finds these holders invited.
    serial = offices_actions.next_number(by.office, "ajakan-suket")
    before = Wave.objects.filter(pk=key).first()
    if before is not None:
        if before.office_id != by.office:
            raise Refusal("wave_unknown", N_("Ajakan ini tidak ada di kantor Anda."), status=404)
        # The number was not needed.
        transaction.set_rollback(True)
        return before
    shown, taken = _weigh(choice, capacity, by.office, at)
    if not taken:
        raise Refusal("wave_nobody", N_("Tidak ada yang bisa diajak sekarang. Lihat batas dan alasannya di bawah."), status=409)
    wave = Wave.objects.create(
        id=key, office_id=by.office, number=serial, name=name, segment=choice.segment.value, kelurahan=choice.kelurahan,
        months=choice.months, basis=basis, limits=[asdict(limit) for limit in (*shown.limits, *shown.notes)],
        expected=shown.expected, campaign=_campaign(serial, taken, basis, by, at), actor=by.name, at=at,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"wave": key, "letters": [one.letter for one in taken], "channels": [one.channel for one in taken]})
    body = {"wave": str(key), "number": serial, "segment": choice.segment.value, "invited": shown.counts}
    audit.record([audit.Fact("suket.wave", body=body)], by=by, at=at)
    return wave


def _campaign(serial: int, taken: Sequence[_Candidate], basis: str, by: Actor, at: datetime) -> Campaign | None:
    ring = crypto.keyring()
    phones = [
        crypto.unwrap(one.data_key, one.resident, ring).open_text(RESIDENT, "phone", one.resident, one.phone)
        for one in taken
        if one.channel == Channel.WHATSAPP and one.phone
    ]
    if not phones:
        return None
    name = f"Ajakan Suket {serial}"
    if Campaign.objects.filter(office_id=by.office, name=name).exists():
        name = f"{name}, {at:%Y-%m-%d %H.%M}"
    recipients = [campaigns.Recipient(basis, phone=phone) for phone in dict.fromkeys(phones)]
    # Spread over the days that the size was taken from.
    return campaigns.create(name, recipients, daily=max(1, ceil(len(recipients) / sizing.DAYS)), by=by, at=at)


# --- called ---


def feed(office: str, *, by: Actor, at: datetime) -> int:
    """What became of the messages of a wave is kept with the letters: delivered has reached her, failed has not."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, {"office": office, "since": at - _FED_FOR})
        news = [actions.Attempt(letter, Channel.WHATSAPP, reached, key) for letter, key, reached in cursor.fetchall()]
    return actions.note_attempts(news, by=by, at=at)


@transaction.atomic
def entries(wave: Wave, channel: str, kelurahan: str, *, by: Actor, at: datetime) -> list[Entry]:
    """A list with names and addresses, and numbers where people ring; reading it is recorded for each holder. Never a NIK."""
    require(by, *CALLERS)
    with connection.cursor() as cursor:
        cursor.execute(
            _ENTRIES, {"wave": wave.pk, "channel": channel, "kelurahan": kelurahan, "mark": f"ajakan:{wave.number}:%"}
        )
        rows = cursor.fetchall()
    audit.record(
        [audit.Fact("read.suket_list", None, row[1], {"wave": str(wave.pk), "letter": str(row[0])}) for row in rows], by=by, at=at
    )
    return [_entry(*row, is_phone=channel == Channel.PHONE) for row in rows]


def _entry(
    letter: UUID, resident: UUID, data_key: bytes, name: bytes, address: bytes | None, phone: bytes | None, _kelurahan: str,
    outcome: str, found: str | None, *, is_phone: bool,
) -> Entry:  # fmt: skip
    key = crypto.unwrap(bytes(data_key), resident, crypto.keyring())

    def told(column: str, sealed: bytes | None) -> str:
        return key.open_text(RESIDENT, column, resident, bytes(sealed)) if sealed else ""

    return Entry(
        letter, told("name", name), told("address", address), told("phone", phone) if is_phone else "", outcome,
        found.rpartition(":")[2] if found else "",
    )  # fmt: skip


@transaction.atomic
def note(wave: Wave, channel: str, results: Mapping[UUID, str], *, by: Actor, at: datetime) -> int:
    """What those found who rang or went there, by letter; the same finding again changes nothing, another one is another attempt.
    Returns how many were new."""
    require(by, *CALLERS)
    if set(results.values()) - RESULTS.keys():
        raise Refusal("wave_result", N_("Pilih hasilnya: bertemu, tidak bertemu, pindah, atau meninggal."), field="hasil")
    listed = Invitee.objects.filter(wave=wave, wave__office=by.office, channel=channel, letter_id__in=results)
    if channel == Channel.WHATSAPP or listed.count() != len(results):
        raise Refusal("letter_unknown", N_("Suket ini tidak ada di daftar kantor Anda."), status=404)
    found = [
        actions.Attempt(letter, channel, RESULTS[result], f"ajakan:{wave.number}:{result}") for letter, result in results.items()
    ]
    return actions.note_attempts(found, by=by, at=at)


@transaction.atomic
def hand_out(wave: Wave, channel: str, kelurahan: str, receiver: str, *, by: Actor, at: datetime) -> None:
    """A list leaves the office; the same list again changes nothing."""
    require(by, *CALLERS, Role.HEAD)
    receiver = " ".join(receiver.split())[:80]
    if len(receiver) < 3:
        raise Refusal("receiver_missing", N_("Tulis siapa yang menerima daftar ini, misalnya Lurah Cibeber."), field="penerima")
    if not Invitee.objects.filter(wave=wave, channel=channel, kelurahan=kelurahan, wave__office=by.office).exists():
        raise Refusal("list_unknown", N_("Daftar ini tidak ada di ajakan itu."), status=404)
    _row, is_new = Handout.objects.get_or_create(
        wave=wave, channel=channel, kelurahan=kelurahan, defaults={"receiver": receiver, "by": by.name, "at": at}
    )
    if is_new:
        body = {"wave": str(wave.pk), "channel": channel, "kelurahan": kelurahan}
        audit.record([audit.Fact("suket.list_out", body=body)], by=by, at=at)


@transaction.atomic
def take_back(wave: Wave, channel: str, kelurahan: str, *, by: Actor, at: datetime) -> None:
    """A list came back."""
    require(by, *CALLERS, Role.HEAD)
    open_ = Handout.objects.filter(wave=wave, wave__office=by.office, channel=channel, kelurahan=kelurahan, back_at=None)
    if open_.update(back_by=by.name, back_at=at):
        body = {"wave": str(wave.pk), "channel": channel, "kelurahan": kelurahan}
        audit.record([audit.Fact("suket.list_back", body=body)], by=by, at=at)


# --- looked at ---


def wave(wave_id: UUID, office: str) -> Wave:
    found = Wave.objects.filter(pk=wave_id, office_id=office).first()
    if found is None:
        raise Refusal("wave_unknown", N_("Ajakan ini tidak ada di kantor Anda."), status=404)
    return found


def all_of(office: str) -> list[Wave]:
    """The newest first."""
    return list(Wave.objects.filter(office_id=office).order_by("-number")[:50])


def lists(wave: Wave) -> list[tuple[str, str, int, Handout | None]]:
    """The lists of a wave: channel, kelurahan, how many stand in it, and who has it."""
    handed = {(row.channel, row.kelurahan): row for row in Handout.objects.filter(wave=wave)}
    counted = Counter(Invitee.objects.filter(wave=wave).exclude(channel=Channel.WHATSAPP).values_list("channel", "kelurahan"))
    return [(channel, kelurahan, count, handed.get((channel, kelurahan))) for (channel, kelurahan), count in sorted(counted.items())]


def responses(office: str, wave_id: UUID | None = None) -> dict[UUID, dict[tuple[str, str], Response]]:
    """What came of each wave, by channel and kelurahan; each invitee is counted until the next wave calls her."""
    found: dict[UUID, dict[tuple[str, str], Response]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"office": office, "wave": wave_id})
        for wave_, channel, kelurahan, *counts in cursor.fetchall():
            found.setdefault(wave_, {})[channel, kelurahan] = Response(*counts)
    return found


def seen(office: str, *, at: datetime) -> Seen:
    """What the waves so far tell about how people answer."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"office": office, "seen": at - SEEN_AFTER})
        rows = cursor.fetchall()
    old = [row for row in rows if row[2]]
    channels = {channel: (sum(row[3] for row in old if row[1] == channel), sum(row[4] for row in old if row[1] == channel)) for channel in {row[1] for row in old}}
    return Seen(
        waves=tuple(sorted({row[0] for row in old})), invited=sum(row[3] for row in old), filed=sum(row[4] for row in old),
        by_channel=tuple((channel, *counts) for channel, counts in sorted(channels.items())),
        open=sum(row[5] for row in rows if not row[2]), days=SEEN_AFTER.days,
    )  # fmt: skip


def uncollected(office: str, *, at: datetime) -> tuple[int, int]:
    """Printed cards that are in the office and in nobody's hand: all, and those that lie there longer than two weeks."""
    with connection.cursor() as cursor:
        cursor.execute(_LYING, {"office": office, "long": at - REST})
        lying, long = cursor.fetchone()
    return lying, long


def is_invited(contact_id: UUID) -> bool:
    """Whether this chat was invited to exchange a letter that is still outstanding."""
    return Invitee.objects.filter(contact_id=contact_id, letter__outcome="").exists()


def tier(office: str) -> tuple[int | None, int]:
    """How many people WhatsApp lets the office reach in a day, and how many of them are kept for news."""
    return number.seen(office).tier, offices.office(office).settings.notice_reserve
