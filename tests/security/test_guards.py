"""The guards that stand in the database itself: each is tried with plain SQL, past all Python."""

from __future__ import annotations

import psycopg
import pytest
from django.db import Error, IntegrityError, connection, transaction

from loket import home
from loket.core import clock
from loket.stock import actions as stock
from loket.stock import queries as ledger
from tests import cast as play
from tests.cast import CILEGON, Cast


def _sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["audit_entry", "stock_movement", "delivery_event"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_may_not_change_what_is_append_only(cast: Cast, table: str, verb: str) -> None:
    play.blanks(cast, 1)
    with pytest.raises(Error, match=r"permission denied|must be owner"):
        _sql(verb.format(table))


@pytest.mark.parametrize("table", ["audit_entry", "stock_movement"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_not_even_a_superuser_changes_it_by_mistake(fresh: str, table: str, verb: str) -> None:
    cast = play.build()
    play.blanks(cast, 1)
    with psycopg.connect(fresh) as superuser, pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute(verb.format(table))


def test_balances_are_written_by_the_ledger_alone(cast: Cast) -> None:
    play.blanks(cast, 5)
    for verb in ("UPDATE stock_balance SET quantity = 99", "DELETE FROM stock_balance"):
        with pytest.raises(Error, match="permission denied"):
            _sql(verb)
    assert ledger.on_hand(CILEGON, stock.CARD) == 5


def test_a_balance_below_zero_is_refused_whoever_writes(cast: Cast) -> None:
    play.blanks(cast, 2)
    with pytest.raises(IntegrityError, match="stock_balance_not_negative"):
        _sql(
            "INSERT INTO stock_movement (office_id, product, from_place, to_place, quantity, document, document_id, "
            f"key, actor, counter_signer, reason, at) VALUES ('{CILEGON}', 'KTP_EL', 'store', 'missing', 3, 'count', "
            "'x', 'x', 'x', '', '', now())"
        )
    assert ledger.on_hand(CILEGON, stock.CARD) == 2


@pytest.mark.parametrize("column", ["document", "actor", "key"])
def test_a_movement_says_by_what_paper_whom_and_once(cast: Cast, column: str) -> None:
    play.blanks(cast, 2)
    values = {"document": "'count'", "actor": "'x'", "key": "'x'"} | {column: "''"}
    with pytest.raises(IntegrityError, match="stock_movement_has_document_actor_and_key"):
        _sql(
            "INSERT INTO stock_movement (office_id, product, from_place, to_place, quantity, document, document_id, key, actor, "
            f"counter_signer, reason, at) VALUES ('{CILEGON}', 'KTP_EL', 'store', 'missing', 1, {values['document']}, 'x', "
            f"{values['key']}, {values['actor']}, '', '', now())"
        )


def test_an_entry_that_was_changed_by_a_superuser_is_found(fresh: str) -> None:
    from loket.insight import invariants

    play.file(play.build())
    with psycopg.connect(fresh) as superuser:
        superuser.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        kept = superuser.execute("SELECT seq, actor FROM audit_entry WHERE action = 'application.file'").fetchone()
        assert kept
        superuser.execute("UPDATE audit_entry SET actor = 'orang lain' WHERE seq = %s", [kept[0]])
        superuser.commit()
        broken = [check for check in invariants.check() if not check.ok]
        assert [(check.name[:3], check.rows) for check in broken] == [("I13", [{"seq": kept[0]}])]
        superuser.execute("UPDATE audit_entry SET actor = %s WHERE seq = %s", [kept[1], kept[0]])
        superuser.execute("ALTER TABLE audit_entry ENABLE TRIGGER ALL")


def test_a_step_that_no_move_makes_is_refused(cast: Cast) -> None:
    receipt = play.file(cast)
    with pytest.raises(IntegrityError, match="no move leads from submitted to delivered"):
        _sql(f"UPDATE applications_application SET state = 'delivered' WHERE code = '{receipt.code}'")
    with pytest.raises(IntegrityError, match="applications_state_is_known|no move leads"):
        _sql(f"UPDATE applications_application SET state = 'hilang' WHERE code = '{receipt.code}'")


def test_a_suket_ends_only_with_a_date_and_evidence(cast: Cast) -> None:
    from loket.applications.models import Application

    case = Application.objects.get(code=play.file(cast, "SUKET_EXCHANGE").code)
    values = f"'{case.pk}', '{CILEGON}', '{case.resident_id}', now(), 'died', '', '', '\\x00', ''"
    with pytest.raises(IntegrityError, match="suket_outcome_has_date_and_evidence"):
        _sql(
            "INSERT INTO suket_letter (id, office_id, resident_id, registered_at, outcome, evidence, settled_by, "
            f"fingerprint, kelurahan) VALUES ({values})"
        )


def test_a_receipt_is_noted_once_per_letter(cast: Cast) -> None:
    from loket.core.errors import Refusal

    stock.receive(quantity=500, letter="470/12", by=cast.custodian, at=clock.now())
    with pytest.raises(Refusal) as refused:
        stock.receive(quantity=500, letter="470/12", by=cast.custodian, at=clock.now())
    assert refused.value.code == "receipt_known"
    assert ledger.on_hand(CILEGON, stock.CARD) == 500


def test_the_report_role_reads_figures_and_nothing_personal(server: str) -> None:
    with psycopg.connect(home.database_url("report"), autocommit=True) as report:
        report.execute("SELECT count(*) FROM insight_figure")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            report.execute("SELECT count(*) FROM residents_resident")
    with psycopg.connect(home.database_url("seal"), autocommit=True) as seal:
        seal.execute("SELECT count(*) FROM audit_entry")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            seal.execute("INSERT INTO audit_entry (actor) VALUES ('x')")
