"""What a page says of itself: JSON-LD, then Open Graph, then microdata. Dates keep their source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from canbang.item import VIETNAM, DateSource
from canbang.text.dates import parse_date
from canbang.text.encodings import decode
from canbang.text.normalise import plain

_ARTICLES = {
    "newsarticle",
    "article",
    "reportagenewsarticle",
    "blogposting",
    "videoobject",
    "socialmediaposting",
}
_FEED_TYPES = ("application/rss+xml", "application/atom+xml")


@dataclass(frozen=True, slots=True)
class PageMeta:
    """Title, lead, section and date as the page declares them; empty where it does not."""

    title: str
    lead: str
    section: str
    published_at: datetime | None
    date_source: DateSource


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        yield from _walk(value.get("@graph"))
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part)


def _json_ld(tree: LexborHTMLParser) -> dict[str, Any]:
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            parsed = json.loads(node.text(deep=True), strict=False)
        except (ValueError, RecursionError):
            continue
        for block in _walk(parsed):
            kinds = block.get("@type")
            names = kinds if isinstance(kinds, list) else [kinds]
            if any(str(name).lower() in _ARTICLES for name in names):
                return block
    return {}


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str:
    node = tree.css_first(selector)
    return plain((node.attributes.get(name) or "") if node else "")


def _when(text: str) -> datetime | None:
    dated = parse_date(text)
    return dated.when.astimezone(VIETNAM) if dated else None


def parse(body: bytes) -> LexborHTMLParser:
    """The page as a tree, decoded by our own rule."""
    return LexborHTMLParser(decode(body))


def read_page(body: bytes) -> PageMeta:
    """Metadata of an article page; nothing is guessed from running text."""
    tree = parse(body)
    block = _json_ld(tree)

    def said(key: str) -> str:
        value = block.get(key)
        return plain(value) if isinstance(value, str) else ""

    candidates = (
        (said("datePublished") or said("uploadDate"), DateSource.JSON_LD),
        (_attribute(tree, 'meta[property="article:published_time"]', "content"), DateSource.OPEN_GRAPH),
        (
            _attribute(tree, '[itemprop="datePublished"]', "content")
            or _attribute(tree, '[itemprop="datePublished"]', "datetime"),
            DateSource.MICRODATA,
        ),
    )
    when, source = next(
        ((found, kind) for text, kind in candidates if text and (found := _when(text))),
        (None, DateSource.JSON_LD),
    )
    heading = tree.css_first("title")
    return PageMeta(
        title=said("headline")
        or _attribute(tree, 'meta[property="og:title"]', "content")
        or plain(heading.text() if heading else ""),
        lead=said("description")
        or _attribute(tree, 'meta[property="og:description"]', "content")
        or _attribute(tree, 'meta[name="description"]', "content"),
        section=said("articleSection") or _attribute(tree, 'meta[property="article:section"]', "content"),
        published_at=when,
        date_source=source,
    )


def feed_links(body: bytes, url: str) -> list[str]:
    """Feeds that a page names in its head, in the page's order."""
    found = []
    for node in parse(body).css('link[rel~="alternate"]'):
        if (node.attributes.get("type") or "").lower() in _FEED_TYPES and node.attributes.get("href"):
            found.append(urljoin(url, node.attributes["href"] or ""))
    return found


def meta_content(body: bytes, name: str) -> list[str]:
    """Contents of every ``<meta name=...>`` of this name."""
    return [node.attributes.get("content") or "" for node in parse(body).css(f'meta[name="{name}"]')]
