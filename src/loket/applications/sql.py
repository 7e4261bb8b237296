"""The table of moves as a guard in the database, made from `applications.rules`."""

from __future__ import annotations

from loket.applications import rules

MOVES_REVERSE = """
DROP TRIGGER applications_moves ON applications_application;
DROP FUNCTION applications_check_move();
"""


def moves() -> str:
    """A trigger that refuses every step which no move makes; a new move needs a migration that runs this again."""
    steps = ", ".join(f"'{source}>{target}'" for source, target in rules.pairs())
    return f"""
CREATE OR REPLACE FUNCTION applications_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state || '>' || NEW.state NOT IN ({steps}) THEN
        RAISE EXCEPTION 'no move leads from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'applications_moves';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS applications_moves ON applications_application;
CREATE TRIGGER applications_moves BEFORE UPDATE OF state ON applications_application
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION applications_check_move();
"""
