"""Opinions are written once; marks lie between 1 and 4."""

from django.db import migrations

from loket.core.sql import append_only, append_only_reverse

TABLE = "insight_survey_answer"


class Migration(migrations.Migration):
    dependencies = [("insight", "0002_surveys"), ("core", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {TABLE} ADD CONSTRAINT insight_survey_nine_marks "
            f"CHECK (cardinality(marks) = 9 AND 1 <= ALL (marks) AND 4 >= ALL (marks));{append_only(TABLE)}",
            f"ALTER TABLE {TABLE} DROP CONSTRAINT insight_survey_nine_marks;{append_only_reverse(TABLE)}",
        ),
    ]
