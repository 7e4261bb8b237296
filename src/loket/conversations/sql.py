"""Guards of conversations in the database: a held answer waits for the resident, whoever writes."""

# The provider's clock has whole seconds: a resident who writes in the second of the holding has written after it.
HELD_WAITS = """
CREATE FUNCTION conversations_held_waits() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF OLD.state = 'held' AND (NEW.state = 'withdrawn' OR NEW.state = 'queued' AND EXISTS (
        SELECT 1 FROM conversations_contact c
        WHERE c.id = NEW.contact_id AND c.last_inbound_at >= date_trunc('second', OLD.at))) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a % message cannot become %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER conversations_held_waits BEFORE UPDATE OF state ON conversations_message
    FOR EACH ROW WHEN (OLD.state IN ('held', 'withdrawn') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION conversations_held_waits();
ALTER TABLE conversations_message ADD CONSTRAINT conversations_held_is_an_answer
    CHECK (state NOT IN ('held', 'withdrawn') OR (outgoing AND notice = ''));
"""
HELD_WAITS_REVERSE = """
ALTER TABLE conversations_message DROP CONSTRAINT conversations_held_is_an_answer;
DROP TRIGGER conversations_held_waits ON conversations_message;
DROP FUNCTION conversations_held_waits();
"""
# Presence is written every few seconds and worth nothing after a crash: it costs no write-ahead log and no flush.
PRESENCE = "ALTER TABLE conversations_presence SET UNLOGGED"
PRESENCE_REVERSE = "ALTER TABLE conversations_presence SET LOGGED"
