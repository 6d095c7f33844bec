"""Search in titles and leads: words typed without diacritics find any spelling, words typed with them only that one."""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from canbang.desk.models import Item
from canbang.text.normalise import nfc, strip_accents

_WORD = re.compile(r"\w+")
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
        if bare:
            items = items.extra(
                where=["to_tsvector('simple', desk_item.folded) @@ plainto_tsquery('simple', %s)"],
                params=[" ".join(bare)],
            )
        if spelt:
            items = items.extra(
                where=[
                    "to_tsvector('simple', desk_item.title || ' ' || desk_item.lead) @@ plainto_tsquery('simple', %s)"
                ],
                params=[" ".join(spelt)],
            )
        return items
    quoted = [f'folded : "{word}"' for word in bare] + [f'spelt : "{word}"' for word in spelt]
    rows = RawSQL("SELECT rowid FROM desk_item_fts WHERE desk_item_fts MATCH %s", [" AND ".join(quoted)])
    return items.filter(pk__in=rows)
