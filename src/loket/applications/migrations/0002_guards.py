"""The database refuses a step that no move of the table makes."""

from django.db import migrations

from loket.applications import sql


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]

    operations = [
        migrations.RunSQL(sql.moves(), sql.MOVES_REVERSE),
    ]
