from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stock", "0003_search_path")]

    operations = [
        migrations.AddConstraint(
            model_name="movement",
            constraint=models.CheckConstraint(
                condition=models.Q(("document", ""), ("actor", ""), ("key", ""), _connector="OR", _negated=True),
                name="stock_movement_has_document_actor_and_key",
            ),
        )
    ]
