"""What must hold at every instant, one SQL query each; a query returns the rows that break it (none, when all is well).

The numbers are those of the list of invariants in `docs/invariants.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from loket.applications import rules
from loket.insight.measures import MEASURES, Kind

_STEPS = ", ".join(f"('{source}', '{target}')" for source, target in rules.pairs())
_FINAL = ", ".join(f"'{state}'" for state in sorted(rules.FINAL))
_LIMIT = 20


def _names(measures: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in measures)


_ENDS = _names(f"application.{move.name}" for move in rules.MOVES.values() if move.target in rules.FINAL)
_BY_KELURAHAN = _names(measure.name for measure in MEASURES.values() if measure.per_kelurahan)
_DAILY = _names(measure.name for measure in MEASURES.values() if measure.kind != Kind.TYPICAL)

QUERIES: dict[str, str] = {
    "I1 balances equal the sum of the movements": """
        WITH sums AS (
            SELECT office_id, product, place, SUM(delta) AS quantity FROM (
                SELECT office_id, product, to_place AS place, quantity AS delta FROM stock_movement
                UNION ALL SELECT office_id, product, from_place, -quantity FROM stock_movement
            ) sides GROUP BY 1, 2, 3)
        SELECT COALESCE(b.office_id, s.office_id) AS office, COALESCE(b.product, s.product) AS product,
               COALESCE(b.place, s.place) AS place, b.quantity AS balance, s.quantity AS movements
        FROM stock_balance b FULL JOIN sums s USING (office_id, product, place)
        WHERE COALESCE(b.quantity, 0) <> COALESCE(s.quantity, 0)""",
    "I2 no place is negative": """
        SELECT office_id, product, place, quantity FROM stock_balance WHERE quantity < 0 AND place <> 'centre'""",
    "I3 every movement has two sides, a document and an actor": """
        SELECT seq FROM stock_movement
        WHERE from_place = to_place OR quantity <= 0 OR document = '' OR document_id = '' OR actor = '' OR key = ''""",
    "I4 blanks in drawers are the unsettled cards of open batches": """
        SELECT d.office_id, d.cards, COALESCE(b.quantity, 0) AS drawer
        FROM (SELECT o.code AS office_id, count(i.id) AS cards FROM offices_office o
              LEFT JOIN printing_batch p ON p.office_id = o.code
              LEFT JOIN printing_item i ON i.batch_id = p.id AND i.result = '' GROUP BY 1) d
        LEFT JOIN stock_balance b ON b.office_id = d.office_id AND b.product = 'KTP_EL' AND b.place = 'drawer'
        WHERE d.cards <> COALESCE(b.quantity, 0)""",
    "I4 every printed card was drawn from the ledger exactly once": f"""
        SELECT a.code, a.state, count(m.seq) AS prints FROM applications_application a
        LEFT JOIN stock_movement m ON m.case_id = a.id AND m.to_place = 'printed'
        WHERE a.slot = 'card' AND (a.printed_at IS NOT NULL OR m.seq IS NOT NULL)
        GROUP BY a.id HAVING count(m.seq) <> 1 OR a.printed_at IS NULL LIMIT {_LIMIT}""",
    "I4 a card on its way is in exactly one envelope": f"""
        SELECT a.code, a.state, count(p.id) AS envelopes FROM applications_application a
        LEFT JOIN delivery_parcel p ON p.application_id = a.id AND p.outcome = ''
        WHERE a.state IN ('enveloped', 'manifested', 'in_transit') OR p.id IS NOT NULL
        GROUP BY a.id HAVING (a.state IN ('enveloped', 'manifested', 'in_transit')) <> (count(p.id) = 1) LIMIT {_LIMIT}""",
    "I4 a card in the hand has its proof": f"""
        SELECT a.code, a.state FROM applications_application a
        LEFT JOIN delivery_handover h ON h.application_id = a.id
        WHERE (a.state IN ('delivered', 'collected')) <> (h.application_id IS NOT NULL) LIMIT {_LIMIT}""",
    "I5 one open application per person and slot": f"""
        SELECT resident_id, slot, count(*) FROM applications_application WHERE state NOT IN ({_FINAL})
        GROUP BY 1, 2 HAVING count(*) > 1 LIMIT {_LIMIT}""",
    "I7 one message per provider id": f"""
        SELECT provider_id, count(*) FROM conversations_message WHERE provider_id IS NOT NULL
        GROUP BY 1 HAVING count(*) > 1 LIMIT {_LIMIT}""",
    "I7 what an update became is the message with its key": f"""
        SELECT e.id, e.message_id FROM conversations_event e LEFT JOIN conversations_message m ON m.id = e.message_id
        WHERE e.message_id IS NOT NULL AND (e.done_at IS NULL OR m.outgoing OR e.key IS DISTINCT FROM 'message|' || m.provider_id)
        LIMIT {_LIMIT}""",
    "I7 no message came of an update that is not done": f"""
        SELECT e.id FROM conversations_event e JOIN conversations_message m ON 'message|' || m.provider_id = e.key
        WHERE NOT m.outgoing AND (e.done_at IS NULL OR e.message_id IS DISTINCT FROM m.id) LIMIT {_LIMIT}""",
    "I7 every update that is kept came with a delivery": f"""
        SELECT e.id FROM conversations_event e LEFT JOIN conversations_delivery d ON d.id = e.delivery
        WHERE d.id IS NULL AND e.delivery >= (SELECT min(id) FROM conversations_delivery) LIMIT {_LIMIT}""",
    "I8 what was sent has a provider's id": f"""
        SELECT id, state FROM conversations_message
        WHERE outgoing AND state IN ('sent', 'delivered', 'read') AND provider_id IS NULL LIMIT {_LIMIT}""",
    "I8 each person of a campaign has one invitation, and each invitation one message": f"""
        SELECT m.id, m.campaign_id FROM conversations_message m
        LEFT JOIN conversations_invitation i ON i.message_id = m.id AND i.campaign_id = m.campaign_id
        WHERE m.campaign_id IS NOT NULL AND i.id IS NULL LIMIT {_LIMIT}""",
    "I9 a fee only by post": """
        SELECT code FROM applications_application WHERE (method = 'post') <> (fee IS NOT NULL)""",
    "I9 the fee of an envelope is the one the resident was told": f"""
        SELECT a.code, a.fee AS told, p.fee AS parcel FROM delivery_parcel p
        JOIN applications_application a ON a.id = p.application_id
        WHERE p.outcome IN ('', 'delivered') AND a.fee IS DISTINCT FROM p.fee LIMIT {_LIMIT}""",
    "I10 the trail of every case is a path of the table of moves": f"""
        WITH steps AS (
            SELECT case_id, seq, body::jsonb -> 'state' ->> 0 AS source, body::jsonb -> 'state' ->> 1 AS target,
                   lag(body::jsonb -> 'state' ->> 1) OVER (PARTITION BY case_id ORDER BY seq) AS before
            FROM audit_entry WHERE case_id IS NOT NULL AND action LIKE 'application.%%' AND body::jsonb ? 'state')
        SELECT case_id, seq, source, target FROM steps
        WHERE source IS DISTINCT FROM before
           OR (source IS NOT NULL AND (source, target) NOT IN (VALUES {_STEPS})) LIMIT {_LIMIT}""",
    "I10 every application stands where its trail ends": f"""
        SELECT a.code, a.state, last.target FROM applications_application a
        LEFT JOIN LATERAL (
            SELECT body::jsonb -> 'state' ->> 1 AS target FROM audit_entry e
            WHERE e.case_id = a.id AND e.action LIKE 'application.%%' AND e.body::jsonb ? 'state'
            ORDER BY seq DESC LIMIT 1) last ON true
        WHERE a.state IS DISTINCT FROM last.target LIMIT {_LIMIT}""",
    "I10 nothing waits for the printer without PRINT_READY_RECORD": f"""
        SELECT a.code FROM applications_application a JOIN residents_resident r ON r.id = a.resident_id
        LEFT JOIN residents_enrolment e ON e.office_id = r.office_id AND e.nik_index = r.nik_index
        WHERE a.state = 'ready' AND e.status IS DISTINCT FROM 'PRINT_READY_RECORD' LIMIT {_LIMIT}""",
    "I11 filer, verifier and printer of a card are different people": f"""
        SELECT a.code FROM printing_item i JOIN printing_batch b ON b.id = i.batch_id
        JOIN applications_application a ON a.id = i.application_id
        WHERE b.operator IN (a.verifier, a.filed_by) OR (a.verifier <> '' AND a.verifier = a.filed_by) LIMIT {_LIMIT}""",
    "I11 inside a batch cards stand in the order of service": f"""
        SELECT i.batch_id, i.position FROM printing_item i JOIN applications_application a ON a.id = i.application_id
        JOIN printing_item j ON j.batch_id = i.batch_id AND j.position = i.position + 1
        JOIN applications_application c ON c.id = j.application_id
        WHERE (a.priority, a.complete_at, a.queue_seq) > (c.priority, c.complete_at, c.queue_seq) LIMIT {_LIMIT}""",
    # The same text as `audit.actions.leaf` hashes: whoever changed an entry would have had to know that, too.
    "I13 every entry of the trail fits its salted leaf": f"""
        SELECT seq FROM audit_entry
        WHERE length(salt) <> 16 OR leaf <> sha256('\\x00'::bytea || salt || convert_to(concat(
            '{{"action":', to_json(action::text), ',"actor":', to_json(actor::text),
            ',"at":"', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '+00:00","body":', body,
            ',"case":', COALESCE(to_json(case_id::text)::text, 'null'), ',"office":', to_json(office::text),
            ',"subject":', COALESCE(to_json(subject_id::text)::text, 'null'), '}}'), 'UTF8')) LIMIT {_LIMIT}""",
    "I14 a settled Suket has a date, evidence and an actor": """
        SELECT id FROM suket_letter
        WHERE (outcome = '') <> (settled_at IS NULL) OR (outcome <> '' AND (evidence = '' OR settled_by = ''))""",
    "I14 whoever has the new card in the hand holds no outstanding Suket": f"""
        SELECT a.code FROM applications_application a JOIN suket_letter l ON l.resident_id = a.resident_id
        WHERE a.slot = 'card' AND a.state IN ('delivered', 'collected') AND l.outcome = ''
          AND l.registered_at <= a.finished_at LIMIT {_LIMIT}""",
    "I15 no message is in flight without a living worker": f"""
        SELECT id, state FROM conversations_message
        WHERE state = 'sending' AND claimed_at < clock_timestamp() - interval '150 seconds' LIMIT {_LIMIT}""",
    "I16 a contact that was merged away has no messages and one merge that says so": f"""
        SELECT c.id, c.merged_into_id FROM conversations_contact c
        LEFT JOIN conversations_merge g ON g.gone_id = c.id AND g.undone_at IS NULL
        WHERE c.merged_into_id IS DISTINCT FROM g.kept_id
           OR (c.merged_into_id IS NOT NULL AND EXISTS (SELECT 1 FROM conversations_message m WHERE m.contact_id = c.id))
        LIMIT {_LIMIT}""",
    "I17 what is held or withdrawn was never with the provider": f"""
        SELECT id, state FROM conversations_message
        WHERE state IN ('held', 'withdrawn') AND (provider_id IS NOT NULL OR tries > 0 OR NOT outgoing) LIMIT {_LIMIT}""",
    "I17 a held answer waits for a resident who has not written since": f"""
        SELECT m.id FROM conversations_message m JOIN conversations_contact c ON c.id = m.contact_id
        WHERE m.state = 'held' AND c.last_inbound_at >= date_trunc('second', m.at) LIMIT {_LIMIT}""",
    "I18 whoever has a conversation has it since an instant": f"""
        SELECT id FROM conversations_contact WHERE (owner <> '') <> (owned_at IS NOT NULL) LIMIT {_LIMIT}""",
    "I19 a chat holds a photo exactly while its file is kept": f"""
        SELECT m.id, m.photo, f.state FROM conversations_message m FULL JOIN conversations_media f ON f.message_id = m.id
        WHERE (m.photo IS NOT NULL) <> (f.state IS NOT DISTINCT FROM 'kept') AND NOT m.outgoing LIMIT {_LIMIT}""",
    "I20 a complaint is closed by a second person after an answer, never by whom it concerns": f"""
        SELECT c.number, c.closed_by FROM integrity_complaint c
        LEFT JOIN LATERAL (SELECT author FROM integrity_reply r WHERE r.complaint_id = c.id ORDER BY at DESC, id DESC LIMIT 1) last
               ON true
        WHERE c.state = 'closed' AND (last.author IS NULL OR last.author = c.closed_by OR c.closed_by = ANY (c.about))
        LIMIT {_LIMIT}""",
    "I21 nobody is asked for an opinion before delivery": f"""
        SELECT a.code, a.state FROM insight_survey_invitation i JOIN applications_application a ON a.id = i.application_id
        WHERE a.finished_at IS NULL OR i.at < a.finished_at OR a.state NOT IN ('delivered', 'collected', 'sent') LIMIT {_LIMIT}""",
    # What the figures read beside the trail itself: if these say what the trail says, every figure follows from it.
    "I22 when a request was filed and finished is what its trail says": f"""
        SELECT a.code, a.submitted_at, filed.at AS filed, a.finished_at, ended.at AS ended FROM applications_application a
        LEFT JOIN audit_entry filed ON filed.case_id = a.id AND filed.action = 'application.file'
        LEFT JOIN LATERAL (SELECT max(at) AS at FROM audit_entry e WHERE e.case_id = a.id AND e.action = ANY(ARRAY[{_ENDS}])) ended ON true
        WHERE a.submitted_at IS DISTINCT FROM filed.at OR a.finished_at IS DISTINCT FROM ended.at LIMIT {_LIMIT}""",
    "I22 a settled Suket is settled in the trail, once and at that moment": f"""
        SELECT l.id, l.outcome, l.settled_at, e.at, e.body FROM suket_letter l
        FULL JOIN (SELECT (body::jsonb ->> 'letter')::uuid AS letter, at, body FROM audit_entry WHERE action = 'suket.settle') e
               ON e.letter = l.id
        WHERE (l.outcome <> '' OR e.letter IS NOT NULL)
          AND (l.settled_at IS DISTINCT FROM e.at OR l.outcome IS DISTINCT FROM e.body::jsonb ->> 'outcome') LIMIT {_LIMIT}""",
    "I22 the parts by kelurahan add up to the office": f"""
        SELECT office_id, on_date, measure, sum(value) FILTER (WHERE kelurahan = '') AS whole,
               COALESCE(sum(value) FILTER (WHERE kelurahan <> ''), 0) AS parts
        FROM insight_figure WHERE measure = ANY(ARRAY[{_BY_KELURAHAN}])
        GROUP BY 1, 2, 3 HAVING sum(value) FILTER (WHERE kelurahan = '') IS DISTINCT FROM COALESCE(sum(value) FILTER (WHERE kelurahan <> ''), 0)
        LIMIT {_LIMIT}""",
    "I22 every frozen day has its row": f"""
        SELECT f.office_id, m.measure, count(i.id) AS days, f.until - f.since AS expected FROM insight_frozen f
        CROSS JOIN unnest(ARRAY[{_DAILY}]) AS m(measure)
        LEFT JOIN insight_figure i ON i.office_id = f.office_id AND i.measure = m.measure AND i.kelurahan = '' AND i.on_date >= f.since
              AND i.on_date < f.until
        GROUP BY 1, 2, 4 HAVING count(i.id) <> f.until - f.since LIMIT {_LIMIT}""",
    "I22 no frozen figure is known to differ from the trail": f"""
        SELECT office_id, on_date, measure, kelurahan, frozen, counted FROM insight_alarm WHERE settled_at IS NULL LIMIT {_LIMIT}""",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its name, whether it holds, and the rows that break it."""

    name: str
    ok: bool
    rows: list[dict[str, Any]] = field(default_factory=list)


def check() -> list[Check]:
    """Run every query on one snapshot of the database."""
    results = []
    with connection.cursor() as cursor:
        for name, query in QUERIES.items():
            cursor.execute(query.replace("%%", "%"))
            columns = [column[0] for column in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            results.append(Check(name, not rows, rows))
    return results
