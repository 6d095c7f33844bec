"""Search: FTS5 kept by triggers on SQLite, two expression indexes on PostgreSQL."""

from django.db import migrations

SQLITE = (
    "CREATE VIRTUAL TABLE desk_item_fts USING fts5("
    "folded, spelt, content='', tokenize='unicode61 remove_diacritics 0')",
)
# the same expressions as in domain/search.py: PostgreSQL takes "30/4" for a path and "-19" for a number
POSTGRESQL = (
    "CREATE INDEX item_folded ON desk_item USING gin (to_tsvector('simple', translate(folded, '-/.:@+_=&%#?~,', '              ')))",
    "CREATE INDEX item_spelt ON desk_item USING gin (to_tsvector('simple', translate(title || ' ' || lead, '-/.:@+_=&%#?~,', '              ')))",
)
# contentless: the texts stand in desk_item already; a removal has to name what was indexed
_OLD = "INSERT INTO desk_item_fts(desk_item_fts, rowid, folded, spelt) VALUES ('delete', old.id, old.folded, old.title || ' ' || old.lead);"
_NEW = "INSERT INTO desk_item_fts(rowid, folded, spelt) VALUES (new.id, new.folded, new.title || ' ' || new.lead);"
TRIGGERS = (
    f"CREATE TRIGGER desk_item_fts_insert AFTER INSERT ON desk_item BEGIN {_NEW} END",
    f"CREATE TRIGGER desk_item_fts_delete AFTER DELETE ON desk_item BEGIN {_OLD} END",
    f"CREATE TRIGGER desk_item_fts_update AFTER UPDATE OF folded, title, lead ON desk_item BEGIN {_OLD} {_NEW} END",
)


def forwards(apps, schema_editor):  # type: ignore[no-untyped-def]
    vendor = schema_editor.connection.vendor
    statements = POSTGRESQL if vendor == "postgresql" else (*SQLITE, *TRIGGERS)
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def backwards(apps, schema_editor):  # type: ignore[no-untyped-def]
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            cursor.execute("DROP INDEX item_folded")
            cursor.execute("DROP INDEX item_spelt")
            return
        for name in ("insert", "delete", "update"):
            cursor.execute(f"DROP TRIGGER desk_item_fts_{name}")
        cursor.execute("DROP TABLE desk_item_fts")


class Migration(migrations.Migration):
    """Search."""

    dependencies = [("desk", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
