"""The database refuses a step that no move makes, a closing by one person alone, and a changed answer."""

from django.db import migrations

from loket.integrity import sql


class Migration(migrations.Migration):
    dependencies = [("integrity", "0001_initial"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(sql.guards(), sql.REVERSE),
    ]
