"""An entry and its page made into one: the list says that something was published, the page says it in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from canbang.fetch.listing import Listed
from canbang.fetch.page import Article, Draft
from canbang.item import Confidence, DateSource
from canbang.text.date_places import Places

BATCH = 20
"""Entries between two times that everything is judged and put on disk."""
_ROOM = 4 << 20
"""Characters of pages that may wait: hostile ones are as large as they like."""
_ZONE = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class OnPage:
    """An entry whose page was read. It is made whole as late as can be: pages read after it may tell what its date is worth."""

    entry: Listed
    draft: Draft
    places: Places

    @property
    def size(self) -> int:
        """Characters that wait with it."""
        return len(self.draft.text) + len(self.draft.meta.lead)

    def whole(self) -> Listed | str:
        """The entry with its page, or the reason why that page is no item."""
        article = self.draft.article(self.places)
        return article.reason or merged(self.entry, article)


def enough(waiting: Sequence[object]) -> bool:
    """Whether it is time to judge the pages that wait, and to put them on disk."""
    return len(waiting) >= BATCH or sum(page.size for page in waiting if isinstance(page, OnPage)) > _ROOM


def merged(entry: Listed, article: Article) -> Listed:
    """The entry with what its page adds. The longer text wins; title and lead stay the list's where it has them."""
    entry = replace(
        entry,
        title=entry.title or article.title, lead=entry.lead or article.lead, section=entry.section or article.section,
        text=article.text if len(article.text) > len(entry.text) else entry.text, converted=article.converted or entry.converted,
    )  # fmt: skip
    said = article.published
    if said is None:
        return entry
    page = replace(entry, when=said.when, date_source=said.source, date_confidence=said.confidence)
    if entry.when is None:
        return page
    sure = said.confidence is Confidence.SURE
    if entry.date_confidence is not Confidence.SURE:
        return page if sure else entry
    apart = abs(entry.when - said.when)
    if sure and apart == _ZONE:  # local time with a "GMT" behind it: the page shows the clock that readers see
        return page
    if sure and apart >= timedelta(days=1) and entry.date_source is not DateSource.SITEMAP:
        return replace(entry, date_confidence=Confidence.LIKELY)  # two sure dates a day apart: a person looks
    return entry
