"""An entry and its page made into one: the list says that something was published, the page says it in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from canbang.fetch.guard import Response
from canbang.fetch.listing import Listed
from canbang.fetch.page import Article, read_article
from canbang.item import Confidence, DateSource

Reader = Callable[[Response, datetime], Article]
"""Reads the answer to a request made at a moment; a learned recipe may stand in its place."""

_ZONE = timedelta(hours=7)


def read(reply: Response, fetched: datetime) -> Article:
    """The page by our own readers."""
    return read_article(reply.body, url=reply.url, content_type=reply.content_type, fetched=fetched)


def merged(entry: Listed, article: Article) -> Listed:
    """The entry with what its page adds. The longer text wins; title and lead stay the list's where it has them."""
    entry = replace(
        entry,
        title=entry.title or article.title, lead=entry.lead or article.lead, section=entry.section or article.section,
        text=article.text if len(article.text) > len(entry.text) else entry.text,
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
