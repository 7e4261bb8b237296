"""Rows on their way into the database: kept per table, written by COPY, so that a city takes seconds."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import connection

# Column and PostgreSQL type of what a history fills; everything else keeps its default.
COLUMNS: dict[str, dict[str, str]] = {
    "residents_resident": {
        "id": "uuid", "office_id": "varchar", "data_key": "bytea", "nik": "bytea", "nik_index": "bytea",
        "kk_number": "bytea", "kk_index": "bytea", "name": "bytea", "name_tokens": "int4[]", "birth_date": "bytea",
        "phone": "bytea", "phone_index": "bytea", "address": "bytea", "kelurahan": "varchar", "met_at": "timestamptz",
    },
    "residents_enrolment": {
        "office_id": "varchar", "nik_index": "bytea", "status": "varchar", "as_of": "date", "at": "timestamptz",
    },
    "conversations_contact": {
        "id": "uuid", "office_id": "varchar", "data_key": "bytea", "phone": "bytea", "phone_index": "bytea",
        "name": "bytea", "language": "varchar", "last_inbound_at": "timestamptz", "last_message_at": "timestamptz",
        "unread": "int4", "owner": "varchar", "bot_step": "varchar", "bot_tries": "int2", "created_at": "timestamptz",
    },
    "conversations_message": {
        "id": "uuid", "contact_id": "uuid", "outgoing": "bool", "provider_id": "varchar", "kind": "varchar",
        "body": "bytea", "notice": "varchar", "params": "jsonb", "author": "varchar", "state": "varchar",
        "error": "varchar", "tries": "int2", "media_id": "varchar", "at": "timestamptz",
    },
    "applications_application": {
        "id": "uuid", "office_id": "varchar", "code": "varchar", "service": "varchar", "service_version": "int2",
        "product": "varchar", "slot": "varchar", "channel": "varchar", "state": "varchar", "state_at": "timestamptz",
        "resident_id": "uuid", "contact_id": "uuid", "priority": "int2", "complete_at": "timestamptz",
        "submitted_at": "timestamptz", "promise_on": "date", "filed_by": "varchar", "verifier": "varchar",
        "verified_at": "timestamptz", "printed_at": "timestamptz", "finished_at": "timestamptz", "claims": "bytea",
        "fix_fields": "varchar[]", "reason": "bytea", "method": "varchar", "chosen_at": "timestamptz", "fee": "int4",
    },
    "applications_document": {
        "id": "uuid", "application_id": "uuid", "kind": "varchar", "size": "int4", "digest": "bytea", "at": "timestamptz",
    },
    "applications_draft": {
        "id": "uuid", "office_id": "varchar", "token_hash": "bytea", "answers": "bytea", "started_at": "timestamptz",
        "expires_at": "timestamptz",
    },
    "printing_batch": {
        "id": "uuid", "office_id": "varchar", "number": "int4", "operator": "varchar", "size": "int4",
        "opened_at": "timestamptz", "closed_at": "timestamptz",
    },
    "printing_item": {
        "batch_id": "uuid", "application_id": "uuid", "position": "int4", "result": "varchar", "spoiled": "int2",
        "settled_at": "timestamptz",
    },
    "delivery_manifest": {
        "id": "uuid", "office_id": "varchar", "number": "int4", "opened_by": "varchar", "opened_at": "timestamptz",
        "closed_at": "timestamptz", "count": "int4", "handed_at": "timestamptz", "courier": "varchar",
    },
    "delivery_parcel": {
        "id": "uuid", "manifest_id": "uuid", "application_id": "uuid", "tracking_number": "varchar", "fee": "int4",
        "attempts": "int2", "handed_at": "timestamptz", "ended_at": "timestamptz", "outcome": "varchar",
    },
    "delivery_event": {
        "scan_id": "varchar", "parcel_id": "uuid", "outcome": "varchar", "reason": "varchar", "actor": "varchar",
        "at": "timestamptz",
    },
    "delivery_pickup_code": {
        "application_id": "uuid", "digest": "bytea", "sealed": "bytea", "made_at": "timestamptz",
        "used_at": "timestamptz",
    },
    "delivery_handover": {
        "application_id": "uuid", "method": "varchar", "receiver": "bytea", "relation": "varchar", "suket": "varchar",
        "actor": "varchar", "at": "timestamptz",
    },
    "suket_letter": {
        "id": "uuid", "office_id": "varchar", "resident_id": "uuid", "number": "bytea", "fingerprint": "bytea",
        "issued_on": "date", "kelurahan": "varchar", "registered_at": "timestamptz", "outcome": "varchar",
        "outcome_on": "date", "evidence": "varchar", "settled_by": "varchar", "settled_at": "timestamptz",
    },
    "stock_movement": {
        "office_id": "varchar", "product": "varchar", "from_place": "varchar", "to_place": "varchar",
        "quantity": "int4", "document": "varchar", "document_id": "varchar", "case_id": "uuid", "key": "varchar",
        "actor": "varchar", "counter_signer": "varchar", "reason": "varchar", "at": "timestamptz",
    },
    "audit_entry": {
        "xid": "int8", "office": "varchar", "actor": "varchar", "action": "varchar", "case_id": "uuid",
        "subject_id": "uuid", "body": "text", "salt": "bytea", "leaf": "bytea", "at": "timestamptz",
        "recorded_at": "timestamptz",
    },
}  # fmt: skip

# What a history leaves out of a row.
DEFAULTS: dict[str, Any] = {
    "unread": 0, "owner": "", "bot_step": "", "bot_tries": 0, "language": "id", "service_version": 1, "priority": 5,
    "verifier": "", "fix_fields": [], "method": "", "spoiled": 0, "result": "", "opened_by": "", "courier": "",
    "attempts": 0, "outcome": "", "reason": "", "evidence": "", "settled_by": "", "fingerprint": bytes(16),
    "counter_signer": "", "notice": "", "params": "{}", "error": "", "tries": 0, "media_id": "", "author": "",
    "kelurahan": "",
}  # fmt: skip


class Rows:
    """Rows per table, in the order in which a history made them."""

    def __init__(self) -> None:
        self.kept: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def add(self, table: str, **values: Any) -> None:
        """One row; columns that are not named get the default of this module, or NULL."""
        row = []
        for column in COLUMNS[table]:
            if column in values:
                row.append(values[column])
            elif (table, column) == ("applications_application", "reason"):
                row.append(None)  # sealed there, plain elsewhere
            else:
                row.append(DEFAULTS.get(column))
        self.kept[table].append(tuple(row))

    def write(self) -> None:
        """Copy everything in, parents before children, and forget it."""
        for table, columns in COLUMNS.items():
            rows = self.kept.pop(table, [])
            if rows:
                _copy(table, columns, rows)


def _copy(table: str, columns: dict[str, str], rows: list[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)
