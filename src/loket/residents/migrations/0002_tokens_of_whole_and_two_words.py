"""Names known so far get the tokens of whole words and of two words; without them nobody is found by a full name."""

from django.db import migrations

from loket.core import crypto

_AT_ONCE = 5_000


def again(apps, schema_editor):
    ring, last = crypto.keyring(), None
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT id, data_key, name FROM residents_resident WHERE %s::uuid IS NULL OR id > %s ORDER BY id LIMIT %s",
                [last, last, _AT_ONCE],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            names = [
                crypto.unwrap(bytes(wrapped), row, ring).open_text("residents_resident", "name", row, bytes(name))
                for row, wrapped, name in rows
            ]
            cursor.execute(
                "UPDATE residents_resident r SET name_tokens = t.tokens::int[] "
                "FROM unnest(%s::uuid[], %s::text[]) AS t(id, tokens) WHERE r.id = t.id",
                [[row[0] for row in rows], [f"{{{','.join(map(str, crypto.name_tokens(name, ring)))}}}" for name in names]],
            )


class Migration(migrations.Migration):
    dependencies = [("residents", "0001_initial")]

    operations = [migrations.RunPython(again, migrations.RunPython.noop)]
