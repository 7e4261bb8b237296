from django.db import migrations

from loket.stock import sql


class Migration(migrations.Migration):
    dependencies = [("stock", "0002_guards")]

    operations = [migrations.RunSQL(sql.LEDGER_PATH, sql.LEDGER_PATH_REVERSE)]
