"""Every figure by name: what it counts in one sentence, in what unit, and the query that counts it from the trail.

A query (`SOURCES`) yields (on_date, measure, kelurahan, value) for the days of [start, end) of the office's calendar and reads
what is only ever added to: the trail, the ledger of blanks, and letters whose registration and outcome never change. Kelurahan
is that of the request when it was filed; `-` says that it is not known, '' that the measure is not counted by kelurahan.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loket.applications import queries as cases
from loket.applications import rules as case_rules
from loket.core.errors import N_

UNKNOWN = "-"
# Days that a median looks back on, and after how many a card that nobody fetched counts as forgotten.
WINDOW, SHELF_DAYS = 30, 14
# Recordings at the kecamatan so many days before a request belong to it.
RECORDED_BEFORE = 90
# Longer than any promise: requests of these days may fall due on the day that is counted.
LOOK_BACK = 90


class Kind(StrEnum):
    """COUNT: things that happened on a day, may be added up. LEVEL: how many there are when the day ends. TYPICAL: a median or
    a 90th percentile over the last WINDOW days; there is none where nothing happened."""

    COUNT = "count"
    LEVEL = "level"
    TYPICAL = "typical"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: `label` names it, `how` says what it counts (Indonesian, English in the catalogue), `source` counts it."""

    name: str
    kind: Kind
    unit: str
    source: str
    label: str
    how: str
    per_kelurahan: bool = False
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure as a part of others, over any days: sum of `above` divided by sum of `below`. `unit` is `share` (0 to 1)
    or what one has per case."""

    name: str
    unit: str
    above: tuple[str, ...]
    below: tuple[str, ...]
    label: str
    how: str


_REQUESTS, _CARDS, _BLANKS, _LETTERS, _MINUTES = N_("permohonan"), N_("kartu"), N_("keping"), N_("Suket"), N_("menit")
_ROLES = {
    "verifier": (N_("Verifikasi"), N_("Permohonan yang disetujui, dikembalikan, atau ditolak pada hari itu.")),
    "printer": (N_("Cetak"), N_("Kartu yang dicetak atau rusak pada hari itu.")),
    "dispatcher": (N_("Pengiriman"), N_("Kartu yang dimasukkan ke amplop pada hari itu.")),
    "counter": (N_("Loket"), N_("Permohonan yang dicatat dan kartu yang diserahkan di loket pada hari itu.")),
    "recorder": (N_("Perekaman"), N_("Perekaman di kecamatan pada hari itu, juga yang harus diulang.")),
    "chat": (N_("Percakapan"), N_("Jawaban petugas dalam percakapan pada hari itu.")),
}
WORK = tuple(_ROLES)


def _rows() -> list[Measure]:
    count, level, typical = Kind.COUNT, Kind.LEVEL, Kind.TYPICAL
    rows = [
        Measure("filed.online", count, _REQUESTS, "filed", N_("Permohonan online"),
                N_("Permohonan yang diajukan pada hari itu lewat WhatsApp atau halaman ini, menurut jejak."), True),
        Measure("filed.counter", count, _REQUESTS, "filed", N_("Permohonan di loket"),
                N_("Permohonan yang dicatat petugas loket pada hari itu, menurut jejak."), True),
        Measure("finished.online", count, _REQUESTS, "moved", N_("Permohonan online selesai"),
                N_("Permohonan online yang kartunya diterima warga atau dokumennya dikirim pada hari itu."), True),
        Measure("finished.counter", count, _REQUESTS, "moved", N_("Permohonan loket selesai"),
                N_("Permohonan loket yang kartunya diterima warga atau dokumennya dikirim pada hari itu."), True),
        Measure("ended.rejected", count, _REQUESTS, "moved", N_("Permohonan ditolak"),
                N_("Permohonan yang ditolak dengan alasan pada hari itu."), True),
        Measure("ended.cancelled", count, _REQUESTS, "moved", N_("Permohonan dibatalkan"),
                N_("Permohonan yang dibatalkan pemohonnya pada hari itu."), True),
        Measure("ended.withdrawn", count, _CARDS, "moved", N_("Kartu ditarik dari rak"),
                N_("Kartu yang tidak pernah diambil dan ditarik dari rak pada hari itu."), True),
        Measure("chosen.post", count, _REQUESTS, "moved", N_("Memilih Kantor Pos"),
                N_("Pemohon yang memilih dikirim lewat Kantor Pos pada hari itu; pilihan yang diubah dihitung lagi."), True),
        Measure("chosen.pickup", count, _REQUESTS, "moved", N_("Memilih ambil sendiri"),
                N_("Pemohon yang memilih mengambil di kantor pada hari itu; pilihan yang diubah dihitung lagi."), True),
        Measure("promises.kept", count, _REQUESTS, "moved", N_("Janji ditepati"),
                N_("Kartu dicetak atau dokumen dikirim pada hari itu, paling lambat pada tanggal janji yang pertama."), True),
        Measure("promises.broken", count, _REQUESTS, "moved", N_("Janji terlambat"),
                N_("Kartu dicetak atau dokumen dikirim pada hari itu, sesudah tanggal janji yang pertama; janji baru tidak menghapusnya."),
                True),
        Measure("visits.online", count, N_("kunjungan"), "moved", N_("Kunjungan permohonan online"),
                N_("Kunjungan yang diperlukan permohonan online yang selesai pada hari itu: mengambil kartu, dan perekaman sejak 90 hari "
                   "sebelum diajukan."), True),
        Measure("visits.counter", count, N_("kunjungan"), "moved", N_("Kunjungan permohonan loket"),
                N_("Kunjungan yang diperlukan permohonan loket yang selesai pada hari itu: mengajukan, mengambil kartu, dan perekaman "
                   "sejak 90 hari sebelum diajukan."), True),
        Measure("open.online", level, _REQUESTS, "open", N_("Permohonan online terbuka"),
                N_("Permohonan online yang belum berakhir pada akhir hari."), True),
        Measure("open.counter", level, _REQUESTS, "open", N_("Permohonan loket terbuka"),
                N_("Permohonan loket yang belum berakhir pada akhir hari."), True),
        Measure("open.overdue", level, _REQUESTS, "standing", N_("Lewat janji"),
                N_("Permohonan yang pada akhir hari menunggu kantor dan sudah melewati tanggal janji yang pertama."), True),
        Measure("cards.uncollected", level, _CARDS, "standing", N_("Kartu belum diterima"),
                N_("Kartu yang pada akhir hari sudah dicetak paling sedikit 14 hari dan belum di tangan warga."), True),
        Measure("open.age.median", typical, _MINUTES, "age", N_("Umur permohonan terbuka"),
                N_("Nilai tengah umur permohonan yang belum berakhir pada akhir hari, sejak diajukan.")),
        Measure("blanks.printed", count, _BLANKS, "ledger", N_("Blangko dicetak"),
                N_("Blangko yang menjadi kartu pada hari itu, menurut buku mutasi.")),
        Measure("blanks.spoiled", count, _BLANKS, "ledger", N_("Blangko rusak"),
                N_("Blangko yang gagal cetak, gagal rekam cip, atau cacat pada hari itu, menurut buku mutasi.")),
        Measure("blanks.received", count, _BLANKS, "ledger", N_("Blangko diterima"),
                N_("Blangko yang diterima dari pusat pada hari itu, menurut buku mutasi.")),
        Measure("blanks.on_hand", level, _BLANKS, "ledger.held", N_("Blangko"),
                N_("Blangko di gudang dan di laci operator pada akhir hari, belum dicetak, menurut buku mutasi.")),
        Measure("suket.registered", count, _LETTERS, "suket", N_("Suket tercatat"),
                N_("Suket yang masuk daftar pada hari itu; daftar yang dibatalkan tidak dihitung."), True),
        Measure("suket.settled", count, _LETTERS, "suket", N_("Suket selesai"),
                N_("Suket yang mendapat hasil pada hari itu, apa pun hasilnya."), True),
        Measure("suket.outstanding", level, _LETTERS, "suket.held", N_("Sisa Suket"),
                N_("Semua Suket di daftar pada akhir hari, dikurangi yang sudah ada hasilnya. Yang belum bisa dihubungi tetap dihitung."),
                True),
        Measure("complaints.received", count, N_("keluhan"), "complaints", N_("Keluhan masuk"),
                N_("Keluhan yang masuk pada hari itu, juga yang tanpa nama.")),
        Measure("complaints.in_time", count, N_("keluhan"), "complaints", N_("Keluhan dijawab tepat waktu"),
                N_("Jawaban keluhan pada hari itu, paling lambat pada batas jawab yang dikatakan kepada warga.")),
        Measure("complaints.late", count, N_("keluhan"), "complaints", N_("Keluhan dijawab terlambat"),
                N_("Jawaban keluhan pada hari itu, sesudah batas jawab yang dikatakan kepada warga.")),
        Measure("complaints.open", level, N_("keluhan"), "complaints.held", N_("Keluhan belum dijawab"),
                N_("Keluhan yang pada akhir hari belum dijawab, atau dibuka lagi oleh warga.")),
    ]  # fmt: skip
    for outcome, label in OUTCOMES.items():
        rows.append(
            Measure(f"suket.settled.{outcome}", count, _LETTERS, "suket", label,
                    N_("Suket dengan hasil ini, menurut hari hasilnya dicatat dengan bukti."), True)
        )  # fmt: skip
    for channel in ("online", "counter"):
        rows += [
            Measure(f"waiting.{part}.{channel}", typical, _MINUTES, "waiting", _WAITING[part, channel], _UNTIL_PRINTED[part])
            for part in ("median", "p90")
        ]
        rows += [
            Measure(f"hand.{part}.{channel}", typical, _MINUTES, "waiting", _HAND[part, channel], _UNTIL_HAND[part])
            for part in ("median", "p90")
        ]
    for role, (label, how) in _ROLES.items():
        rows.append(Measure(f"work.{role}", count, N_("pekerjaan"), "work", label, how, is_public=False))
        rows.append(
            Measure(f"people.{role}", count, N_("orang"), "work", label, N_("Banyaknya orang yang mengerjakannya pada hari itu."),
                    is_public=False)
        )  # fmt: skip
    return rows


OUTCOMES = {
    "exchanged": N_("Suket ditukar"), "died": N_("Pemegang meninggal"), "moved": N_("Pemegang pindah"),
    "duplicate": N_("Suket ganda"), "holds_card": N_("Sudah punya kartu"),
}  # fmt: skip
_WAITING = {
    ("median", "online"): N_("Waktu tunggu online, nilai tengah"), ("p90", "online"): N_("Waktu tunggu online, 9 dari 10"),
    ("median", "counter"): N_("Waktu tunggu loket, nilai tengah"), ("p90", "counter"): N_("Waktu tunggu loket, 9 dari 10"),
}  # fmt: skip
_HAND = {
    ("median", "online"): N_("Sampai di tangan, online, nilai tengah"), ("p90", "online"): N_("Sampai di tangan, online, 9 dari 10"),
    ("median", "counter"): N_("Sampai di tangan, loket, nilai tengah"), ("p90", "counter"): N_("Sampai di tangan, loket, 9 dari 10"),
}  # fmt: skip
_UNTIL_PRINTED = {
    "median": N_("Dari berkas lengkap sampai kartu dicetak: separuh kartu yang dicetak dalam 30 hari sampai hari itu lebih cepat."),
    "p90": N_("Dari berkas lengkap sampai kartu dicetak: sembilan dari sepuluh kartu dalam 30 hari sampai hari itu lebih cepat."),
}
_UNTIL_HAND = {
    "median": N_("Dari berkas lengkap sampai kartu di tangan warga: separuh kartu dalam 30 hari sampai hari itu lebih cepat."),
    "p90": N_("Dari berkas lengkap sampai kartu di tangan warga: sembilan dari sepuluh kartu dalam 30 hari sampai hari itu lebih cepat."),
}

MEASURES: dict[str, Measure] = {row.name: row for row in _rows()}
RATIOS: dict[str, Ratio] = {
    row.name: row
    for row in (
        Ratio("online.share", "share", ("filed.online",), ("filed.online", "filed.counter"), N_("Bagian online"),
              N_("Permohonan online dibagi semua permohonan.")),
        Ratio("post.share", "share", ("chosen.post",), ("chosen.post", "chosen.pickup"), N_("Bagian Kantor Pos"),
              N_("Pilihan Kantor Pos dibagi semua pilihan cara terima.")),
        Ratio("promises.share", "share", ("promises.kept",), ("promises.kept", "promises.broken"), N_("Janji ditepati"),
              N_("Janji ditepati dibagi semua kartu dicetak dan dokumen dikirim.")),
        Ratio("spoilage.share", "share", ("blanks.spoiled",), ("blanks.spoiled", "blanks.printed"), N_("Bagian rusak"),
              N_("Blangko rusak dibagi semua blangko yang dicetak atau rusak.")),
        Ratio("complaints.share", "share", ("complaints.in_time",), ("complaints.in_time", "complaints.late"),
              N_("Keluhan dijawab tepat waktu"), N_("Jawaban tepat waktu dibagi semua jawaban keluhan.")),
        Ratio("visits.per_case.online", N_("kunjungan"), ("visits.online",), ("finished.online",),
              N_("Kunjungan per permohonan online"), N_("Kunjungan permohonan online dibagi permohonan online yang selesai.")),
        Ratio("visits.per_case.counter", N_("kunjungan"), ("visits.counter",), ("finished.counter",),
              N_("Kunjungan per permohonan loket"), N_("Kunjungan permohonan loket dibagi permohonan loket yang selesai.")),
    )
}  # fmt: skip

_RANGE = "at >= %(from)s AND at < %(to)s"
_DAY = "(at AT TIME ZONE %(zone)s)::date"


def _of_request(column: str = "filed.body") -> str:
    return f"COALESCE(NULLIF({column} ->> 'kelurahan', ''), '{UNKNOWN}')"


# Entries of cases in a range, each with what was written when its case was filed: channel, kelurahan and the first promise.
_DEEDS = f"""
SELECT e.case_id, e.subject_id, e.seq, e.action, e.at, (e.at AT TIME ZONE %(zone)s)::date AS day, e.body::jsonb AS body,
       filed.at AS filed_at, filed.body ->> 'channel' AS channel, {_of_request()} AS kelurahan,
       (filed.body ->> 'promise_on')::date AS promise_on
FROM audit_entry e CROSS JOIN LATERAL (
    SELECT f.at, f.body::jsonb AS body FROM audit_entry f
    WHERE f.case_id = e.case_id AND f.action = 'application.file' ORDER BY f.seq LIMIT 1) filed
WHERE e.office = %(office)s AND e.at >= %(from)s{{since}} AND e.at < %(to)s AND e.action = ANY(ARRAY[{{actions}}])
"""


def _deeds(*actions: str, since: str = "") -> str:
    names = ", ".join(f"'application.{action}'" for action in actions)
    return _DEEDS.format(actions=names, since=f" - interval '{since}'" if since else "")


_MOVED = f"""
WITH deed AS MATERIALIZED ({_deeds("deliver", "collect", "send", "print", "reject", "cancel", "withdraw", "choose", "shelve", "unshelve")}),
finished AS (SELECT * FROM deed WHERE action IN ('application.deliver', 'application.collect', 'application.send'))
SELECT day AS on_date, 'finished.' || channel AS measure, kelurahan, count(*)::int AS value FROM finished GROUP BY 1, 2, 3
UNION ALL
SELECT day, CASE action WHEN 'application.reject' THEN 'ended.rejected' WHEN 'application.cancel' THEN 'ended.cancelled'
                        ELSE 'ended.withdrawn' END, kelurahan, count(*)::int
FROM deed WHERE action IN ('application.reject', 'application.cancel', 'application.withdraw') GROUP BY 1, 2, 3
UNION ALL
SELECT day, 'chosen.' || (body -> 'method' ->> 1), kelurahan, count(*)::int FROM deed
WHERE body -> 'method' ->> 0 IS DISTINCT FROM body -> 'method' ->> 1 AND body -> 'method' ->> 1 IN ('post', 'pickup') GROUP BY 1, 2, 3
UNION ALL
SELECT day, CASE WHEN day <= promise_on THEN 'promises.kept' ELSE 'promises.broken' END, kelurahan, count(*)::int
FROM deed WHERE action IN ('application.print', 'application.send') AND promise_on IS NOT NULL GROUP BY 1, 2, 3
UNION ALL
SELECT day, 'visits.' || channel, kelurahan,
       sum((channel = 'counter')::int + (action = 'application.collect')::int + (
           SELECT count(*) FROM audit_entry r WHERE r.subject_id = finished.subject_id AND r.action = 'visit.record'
             AND r.at >= finished.filed_at - interval '{RECORDED_BEFORE} days' AND r.at <= finished.at))::int
FROM finished GROUP BY 1, 2, 3
"""
_FINAL = tuple(move.name for move in case_rules.MOVES.values() if move.target in case_rules.FINAL)
_OPEN = f"""
SELECT {_DAY} AS on_date, 'open.' || (body::jsonb ->> 'channel') AS measure, {_of_request("body::jsonb")} AS kelurahan, count(*)::int AS value
FROM audit_entry WHERE office = %(office)s AND {_RANGE} AND action = 'application.file' GROUP BY 1, 2, 3
UNION ALL
SELECT day, 'open.' || channel, kelurahan, -count(*)::int FROM ({_deeds(*_FINAL)}) deed GROUP BY 1, 2, 3
"""
# A case counts as overdue from the day of its promise (or of its correction, when that came later) until the office has done its
# part; a card as forgotten from the fourteenth day after printing until it is in a hand or off the shelf. Both are spans: what
# begins a span, and what ends it. Only cases with something in the last months can begin or end one in the range.
_STANDING = f"""
WITH touched AS (
    SELECT DISTINCT case_id FROM audit_entry
    WHERE office = %(office)s AND at >= %(from)s - interval '{LOOK_BACK} days' AND at < %(to)s AND case_id IS NOT NULL),
step AS (
    SELECT e.case_id, e.seq, replace(e.action, 'application.', '') AS name, (e.at AT TIME ZONE %(zone)s)::date AS day, e.body
    FROM touched t CROSS JOIN LATERAL (
        SELECT * FROM audit_entry e WHERE e.case_id = t.case_id AND e.at < %(to)s AND e.action = ANY(ARRAY[
            'application.file', 'application.correct', 'application.return', 'application.print', 'application.send',
            'application.reject', 'application.cancel', 'application.deliver', 'application.collect', 'application.withdraw'])
        OFFSET 0) e),
filed AS (
    SELECT DISTINCT ON (case_id) case_id, {_of_request("body::jsonb")} AS kelurahan, (body::jsonb ->> 'promise_on')::date AS promise_on
    FROM step WHERE name = 'file' ORDER BY case_id, seq),
span AS (
    SELECT 'open.overdue' AS measure, case_id, name IN ('file', 'correct') AS begins, day,
           lead(day) OVER (PARTITION BY case_id ORDER BY seq) AS until
    FROM step WHERE name NOT IN ('deliver', 'collect', 'withdraw')
    UNION ALL
    SELECT 'cards.uncollected', case_id, name = 'print', day, lead(day) OVER (PARTITION BY case_id ORDER BY seq)
    FROM step WHERE name IN ('print', 'deliver', 'collect', 'withdraw')),
known AS (
    SELECT measure, kelurahan, until,
           CASE measure WHEN 'open.overdue' THEN GREATEST(promise_on, day) ELSE day + {SHELF_DAYS} END AS since
    FROM span JOIN filed USING (case_id) WHERE begins AND (measure <> 'open.overdue' OR promise_on IS NOT NULL)),
edge AS (
    SELECT since AS on_date, measure, kelurahan, 1 AS value FROM known WHERE until IS NULL OR until > since
    UNION ALL SELECT until, measure, kelurahan, -1 FROM known WHERE until > since)
SELECT on_date, measure, kelurahan, sum(value)::int AS value FROM edge
WHERE on_date >= %(start)s AND on_date < %(end)s GROUP BY 1, 2, 3
"""
_WAITING_SQL = f"""
WITH deed AS MATERIALIZED (
    SELECT d.day, d.channel, CASE d.action WHEN 'application.print' THEN 'waiting' ELSE 'hand' END AS until,
           extract(epoch FROM d.at - COALESCE((
               SELECT (c.body::jsonb -> 'complete_at' ->> 1)::timestamptz FROM audit_entry c
               WHERE c.case_id = d.case_id AND c.action = 'application.correct' AND c.seq < d.seq ORDER BY c.seq DESC LIMIT 1),
               d.filed_at)) / 60 AS minutes
    FROM ({_deeds("print", "deliver", "collect", since=f"{WINDOW - 1} days")}) d),
typical AS (
    SELECT g::date AS on_date, until, channel, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY minutes) AS minutes
    FROM deed CROSS JOIN LATERAL generate_series(
        GREATEST(day, %(start)s::date), LEAST(day + {WINDOW - 1}, %(end)s::date - 1), interval '1 day') g
    GROUP BY 1, 2, 3)
SELECT on_date, until || part.name || channel AS measure, '' AS kelurahan, round(minutes[part.number])::int AS value
FROM typical CROSS JOIN (VALUES (1, '.median.'), (2, '.p90.')) AS part(number, name)
"""
# Found by the requests' own columns, which `insight.invariants` holds against the trail: the trail of all years need not be read
# for the few that were open.
_AGE = f"""
SELECT g::date AS on_date, 'open.age.median' AS measure, '' AS kelurahan,
       round(percentile_cont(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM (g::date + 1)::timestamp AT TIME ZONE %(zone)s - submitted_at) / 60))::int AS value
FROM applications_application a CROSS JOIN LATERAL generate_series(
    GREATEST(%(start)s::date, (submitted_at AT TIME ZONE %(zone)s)::date),
    LEAST(%(end)s::date, COALESCE((finished_at AT TIME ZONE %(zone)s)::date, %(end)s::date)) - 1, interval '1 day') g
WHERE office_id = %(office)s AND submitted_at < %(to)s
  AND (state NOT IN ({cases.written(case_rules.FINAL)}) OR finished_at >= %(from)s)
GROUP BY 1
"""
_PLACES_OF_BLANKS = "('store', 'drawer')"
_LEDGER = f"""
SELECT {_DAY} AS on_date, CASE to_place WHEN 'store' THEN 'blanks.received' ELSE 'blanks.' || to_place END AS measure,
       '' AS kelurahan, sum(quantity)::int AS value
FROM stock_movement WHERE office_id = %(office)s AND product = 'KTP_EL' AND {_RANGE}
  AND (to_place IN ('printed', 'spoiled') OR (to_place = 'store' AND from_place IN ('centre', 'in_transit'))) GROUP BY 1, 2
"""
_LEDGER_HELD = f"""
SELECT {_DAY} AS on_date, 'blanks.on_hand' AS measure, '' AS kelurahan,
       sum(quantity * ((to_place IN {_PLACES_OF_BLANKS})::int - (from_place IN {_PLACES_OF_BLANKS})::int))::int AS value
FROM stock_movement WHERE office_id = %(office)s AND product = 'KTP_EL' AND {_RANGE} GROUP BY 1
"""
_LETTER = f"COALESCE(NULLIF(kelurahan, ''), '{UNKNOWN}')"


def _letters(instant: str, measure: str, sign: str = "") -> str:
    return f"""SELECT ({instant} AT TIME ZONE %(zone)s)::date AS on_date, {measure} AS measure, {_LETTER} AS kelurahan,
       {sign}count(*)::int AS value
FROM suket_letter WHERE office_id = %(office)s AND {instant} >= %(from)s AND {instant} < %(to)s GROUP BY 1, 2, 3"""


_ACTIONS_OF_WORK = """(VALUES ('application.approve', 'verifier'), ('application.return', 'verifier'), ('application.reject', 'verifier'),
    ('application.print', 'printer'), ('card.spoil', 'printer'), ('application.envelope', 'dispatcher'),
    ('application.collect', 'counter'), ('application.file', 'counter'), ('visit.record', 'recorder'), ('chat.answer', 'chat'))"""
_WORK = f"""
WITH deed AS (
    SELECT {_DAY} AS day, work.role, actor FROM audit_entry JOIN {_ACTIONS_OF_WORK} AS work(action, role) USING (action)
    WHERE office = %(office)s AND {_RANGE} AND (action <> 'application.file' OR body::jsonb ->> 'channel' = 'counter'))
SELECT day AS on_date, 'work.' || role AS measure, '' AS kelurahan, count(*)::int AS value FROM deed GROUP BY 1, 2
UNION ALL SELECT day, 'people.' || role, '', count(DISTINCT actor)::int FROM deed GROUP BY 1, 2
"""
_COMPLAINTS = f"""
SELECT {_DAY} AS on_date,
       CASE WHEN action = 'complaint.file' THEN 'complaints.received'
            WHEN {_DAY} <= (body::jsonb ->> 'answer_by')::date THEN 'complaints.in_time' ELSE 'complaints.late' END AS measure,
       '' AS kelurahan, count(*)::int AS value
FROM audit_entry WHERE office = %(office)s AND {_RANGE} AND action IN ('complaint.file', 'complaint.answer') GROUP BY 1, 2
"""
_COMPLAINTS_HELD = f"""
SELECT {_DAY} AS on_date, 'complaints.open' AS measure, '' AS kelurahan,
       sum(CASE action WHEN 'complaint.answer' THEN -1 ELSE 1 END)::int AS value
FROM audit_entry WHERE office = %(office)s AND {_RANGE}
  AND action IN ('complaint.file', 'complaint.answer', 'complaint.reopen') GROUP BY 1
"""

# Of a LEVEL a source yields by how much it changed on each day.
SOURCES: dict[str, str] = {
    "filed": f"""
        SELECT {_DAY} AS on_date, 'filed.' || (body::jsonb ->> 'channel') AS measure, {_of_request("body::jsonb")} AS kelurahan,
               count(*)::int AS value
        FROM audit_entry WHERE office = %(office)s AND {_RANGE} AND action = 'application.file' GROUP BY 1, 2, 3""",
    "moved": _MOVED,
    "open": _OPEN,
    "standing": _STANDING,
    "age": _AGE,
    "waiting": _WAITING_SQL,
    "ledger": _LEDGER,
    "ledger.held": _LEDGER_HELD,
    "suket": f"""
        {_letters("registered_at", "'suket.registered'")}
        UNION ALL {_letters("settled_at", "'suket.settled'")}
        UNION ALL {_letters("settled_at", "'suket.settled.' || outcome")}""",
    "suket.held": f"""
        {_letters("registered_at", "'suket.outstanding'")} UNION ALL {_letters("settled_at", "'suket.outstanding'", "-")}""",
    "complaints": _COMPLAINTS,
    "complaints.held": _COMPLAINTS_HELD,
    "work": _WORK,
}
# What everybody may see by kelurahan. None of them is the sum or the difference of others: what one hides, no other tells.
OPEN_BY_KELURAHAN = ("suket.outstanding", "filed.online", "filed.counter", "chosen.post", "chosen.pickup")
# What a list that is read or taken back may change in the past.
OF_LETTERS = ("suket", "suket.held")


def of_source(source: str) -> list[Measure]:
    """The measures that one query counts; they are all of one kind."""
    return [measure for measure in MEASURES.values() if measure.source == source]
