"""What the database itself holds about complaints: the table of moves, and that nobody closes what he answered."""

from __future__ import annotations

from loket.core.sql import append_only, append_only_reverse
from loket.integrity import rules


def guards() -> str:
    """A step that no move makes is refused, and a closing without an answer or by the one who answered."""
    steps = ", ".join(f"'{source}>{target}'" for source, target in rules.pairs())
    return f"""
CREATE OR REPLACE FUNCTION integrity_check_move() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE answered_by text;
BEGIN
    IF OLD.state || '>' || NEW.state NOT IN ({steps}) THEN
        RAISE EXCEPTION 'no move leads from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'integrity_moves';
    END IF;
    IF NEW.state = 'closed' THEN
        SELECT author INTO answered_by FROM integrity_reply WHERE complaint_id = NEW.id ORDER BY at DESC, id DESC LIMIT 1;
        IF answered_by IS NULL OR answered_by = NEW.closed_by OR NEW.closed_by = ANY (NEW.about) THEN
            RAISE EXCEPTION 'a complaint is closed by a second person after an answer'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'integrity_two_people';
        END IF;
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS integrity_moves ON integrity_complaint;
CREATE TRIGGER integrity_moves BEFORE UPDATE OF state ON integrity_complaint
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION integrity_check_move();
""" + append_only("integrity_reply")


REVERSE = (
    """
DROP TRIGGER integrity_moves ON integrity_complaint;
DROP FUNCTION integrity_check_move();
"""
    + append_only_reverse("integrity_reply")
)
