"""What waits to enter the index of names is read by every search: it is kept short."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("residents", "0002_tokens_of_whole_and_two_words")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER INDEX residents_by_name SET (gin_pending_list_limit = 64); "
                    "SELECT gin_clean_pending_list('residents_by_name')",
                    "ALTER INDEX residents_by_name RESET (gin_pending_list_limit)",
                )
            ],
            state_operations=[
                migrations.RemoveIndex("resident", "residents_by_name"),
                migrations.AddIndex(
                    "resident",
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["name_tokens"], gin_pending_list_limit=64, name="residents_by_name"
                    ),
                ),
            ],
        )
    ]
