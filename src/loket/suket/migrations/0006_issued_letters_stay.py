"""A letter that Loket issued stands on paper, with a code that anybody may check: it ends with an outcome and is never deleted."""

from __future__ import annotations

from django.db import migrations

STAYS = """
CREATE FUNCTION suket_issued_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE EXCEPTION 'an issued letter is never deleted' USING ERRCODE = 'check_violation', CONSTRAINT = 'suket_issued_stays';
END $$;
CREATE TRIGGER suket_issued_stays BEFORE DELETE ON suket_letter
    FOR EACH ROW WHEN (OLD.code IS NOT NULL) EXECUTE FUNCTION suket_issued_stays();
"""
REVERSE = "DROP TRIGGER suket_issued_stays ON suket_letter; DROP FUNCTION suket_issued_stays();"


class Migration(migrations.Migration):
    dependencies = [("suket", "0005_issued_letters")]
    operations = [migrations.RunSQL(STAYS, REVERSE)]
