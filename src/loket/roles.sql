-- What each role may do. Run after every migration; running it again changes nothing.
GRANT USAGE ON SCHEMA public TO loket_web, loket_worker, loket_seal, loket_report;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO loket_web, loket_worker;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO loket_web, loket_worker;

-- Append-only tables: nobody who runs the application changes or removes a row.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry, stock_movement, delivery_event, suket_attempt, suket_wave, suket_invitee, conversations_canned, integrity_reply,
    insight_survey_answer FROM loket_web, loket_worker;
-- Balances follow the movements by a trigger that runs as the owner.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON stock_balance FROM loket_web, loket_worker;
-- That two conversations were joined, and by whom, stays; only that it was undone is added. A wish for silence is for good.
REVOKE UPDATE, DELETE, TRUNCATE ON conversations_merge, conversations_suppression FROM loket_web, loket_worker;
GRANT UPDATE (undone_by, undone_at) ON conversations_merge TO loket_web, loket_worker;
-- The schema's history is the owner's.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM loket_web, loket_worker;

GRANT SELECT ON audit_entry TO loket_seal;
GRANT SELECT ON insight_figure, offices_office, offices_region TO loket_report;
