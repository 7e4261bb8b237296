"""Guards that the database itself holds, shared by every append-only table."""

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION loket_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
"""


def append_only(table: str) -> str:
    """Triggers that refuse UPDATE, DELETE and TRUNCATE of a table, whoever tries."""
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION loket_append_only();
CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION loket_append_only();
"""


def append_only_reverse(table: str) -> str:
    """Takes those triggers away, for a migration run backwards."""
    return f"""
DROP TRIGGER {table}_append_only ON {table};
DROP TRIGGER {table}_not_truncated ON {table};
"""
