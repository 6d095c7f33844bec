"""Search in titles and leads: words typed without diacritics find any spelling, words typed with them only that one."""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from canbang.desk.models import Item
from canbang.text.normalise import nfc, strip_accents

_WORD = re.compile(r"\w+")
_MARKS = "-/.:@+_=&%#?~,"
"""What makes PostgreSQL read a path, a number or an address in place of words."""
WORDS_MAX = 12


def folded(title: str, lead: str) -> str:
    """Title and lead without diacritics and in lower case: the column that a word without diacritics is looked for in."""
    return strip_accents(nfc(f"{title} {lead}").lower())


def words_of(query: str) -> tuple[list[str], list[str]]:
    """The words of a query: those without diacritics, and those with."""
    found = _WORD.findall(nfc(query).lower())[:WORDS_MAX]
    bare = [word for word in found if strip_accents(word) == word]
    return bare, [word for word in found if strip_accents(word) != word]


def search(items: QuerySet[Item], query: str) -> QuerySet[Item]:
    """Items that hold every word of ``query``; all of them where it has no word."""
    bare, spelt = words_of(query)
    if not bare and not spelt:
        return items
    if connection.vendor == "postgresql":
        for text, words in (("desk_item.folded", bare), ("desk_item.title || ' ' || desk_item.lead", spelt)):
            if words:
                where = f"to_tsvector('simple', translate({text}, %s, %s)) @@ plainto_tsquery('simple', %s)"
                values = [_MARKS, " " * len(_MARKS), " ".join(words)]
                items = items.extra(where=[where], params=values)  # noqa: S610  (the text is one of the two above)
        return items
    quoted = [f'folded : "{word}"' for word in bare] + [f'spelt : "{word}"' for word in spelt]
    rows = RawSQL("SELECT rowid FROM desk_item_fts WHERE desk_item_fts MATCH %s", [" AND ".join(quoted)])
    return items.filter(pk__in=rows)
