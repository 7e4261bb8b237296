"""The function behind every append-only table."""

from django.db import migrations

from loket.core import sql


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(sql.APPEND_ONLY, "DROP FUNCTION loket_append_only()"),
    ]
