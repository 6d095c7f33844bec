"""Where a site keeps its feeds and sitemaps: what it says first, what content systems usually do after that."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urljoin, urlsplit

from canbang.fetch.page import parse
from canbang.text.normalise import heading_key

FEEDS_MAX = 40
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")
_FEED_PATHS = ("/rss", "/rss.html", "/rss.xml", "/feed", "/rss/home.rss")
_SITEMAP_PATHS = (
    "/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/google-news-sitemap.xml", "/sitemap.xml", "/sitemap_index.xml",
)  # fmt: skip
_FEED_HREF = re.compile(
    r"(?:\.rss|\.rdf|/rss/[^?#]+|rss\.aspx\?|/feed/?|listfeed\.aspx\?|get_rss|[?&]rss=|/rss/?\?)", re.IGNORECASE
)
# Comments of readers are never collected.
_COMMENTS = re.compile(r"comment|binh-?luan|y-?kien|bình luận", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Portal:
    """A content system and the places of its feeds, from ``data/portals.toml``."""

    name: str
    marks: tuple[str, ...]
    links: tuple[str, ...]
    built: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]

    def feeds(self, source: str) -> Iterator[str]:
        """Addresses, as they stand in the page or as they are made."""
        for pattern in self.links:
            yield from (html.unescape(match.group(1)) for match in re.finditer(pattern, source, re.IGNORECASE))
        for pattern, made in self.built:
            yield from (made.format(*match.groups()) for match in re.finditer(pattern, source))
        yield from self.paths


@cache
def portals() -> tuple[Portal, ...]:
    """The systems on file."""
    said = tomllib.loads((files("canbang") / "data" / "portals.toml").read_text("utf-8"))["portal"]
    return tuple(
        Portal(
            one["name"], tuple(one["marks"]), tuple(one["links"]), tuple(map(tuple, one["built"])), tuple(one["paths"])
        )
        for one in said
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """Addresses to try together. ``all``: each of them is read, else the first that can be read is enough."""

    why: str
    urls: tuple[str, ...]
    all: bool = False


def _unique(urls: Iterator[str], base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for url in urls:
        try:
            whole = urljoin(base, url.strip()).split("#", 1)[0]
        except ValueError:
            continue
        if urlsplit(whole).scheme in ("http", "https") and not _COMMENTS.search(whole):
            found.setdefault(whole)
    return tuple(found)[:FEEDS_MAX]


def declared_feeds(body: bytes, url: str) -> tuple[str, ...]:
    """Feeds that a page names in its head, those of readers' comments left out."""
    nodes = parse(body).css('link[rel~="alternate"]')
    return _unique((
        node.attributes.get("href") or ""
        for node in nodes
        if (node.attributes.get("type") or "").lower() in _FEED_TYPES and not _COMMENTS.search(node.attributes.get("title") or "")
    ), url)  # fmt: skip


def linked_feeds(body: bytes, url: str) -> tuple[str, ...]:
    """Feeds that a page of feeds ("/rss.html") links to."""
    own = url.split("#", 1)[0]
    return tuple(found for found in _unique((
        node.attributes.get("href") or "" for node in parse(body).css("a[href]") if _is_feed(node.attributes.get("href") or "", node.text())
    ), url) if found != own)  # fmt: skip


def _is_feed(href: str, text: str) -> bool:
    return bool(_FEED_HREF.search(href)) or (heading_key(text) == "rss" and ".xml" in href.lower())


def ways(body: bytes, url: str, sitemaps: list[str]) -> Iterator[Candidates]:
    """Where to look, in order: named in the page, in robots.txt, by the content system, by custom, news sitemaps."""
    yield Candidates("trang tự khai RSS", declared_feeds(body, url), all=True)
    yield Candidates("robots.txt khai sitemap", _unique(iter(sitemaps), url), all=True)
    source = body.decode("utf-8", "replace")
    low = source.lower()
    for portal in portals():
        if any(mark in low for mark in portal.marks):
            yield Candidates(f"hệ thống {portal.name}", _unique(portal.feeds(source), url), all=bool(portal.links))
    yield Candidates("trang danh sách RSS", linked_feeds(body, url), all=True)
    yield Candidates("địa chỉ RSS thường gặp", _unique(iter(_FEED_PATHS), url))
    yield Candidates("địa chỉ sitemap thường gặp", _unique(iter(_SITEMAP_PATHS), url))
