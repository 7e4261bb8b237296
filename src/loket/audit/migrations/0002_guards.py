"""The trail is append-only in the database itself."""

from django.db import migrations

from loket.core import sql


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(sql.append_only("audit_entry"), sql.append_only_reverse("audit_entry")),
    ]
