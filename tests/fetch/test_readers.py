"""Feeds and sitemaps of any shape: what fuzzing feeds the readers, a little in each run and much in the slow suite."""

from __future__ import annotations

import gzip

from hypothesis import given, settings
from hypothesis import strategies as st

from canbang.errors import InputError
from canbang.fetch.feed import parse_feed
from canbang.fetch.listing import Listing
from canbang.fetch.sitemap import read_listing

WORDS = st.sampled_from([
    "", "Thông xe cầu Khe Dâu", "<b>đậm</b>", "&lt;p&gt;", "&nbsp;", "&#x0;", "&a;", "]]>", "<![CDATA[x]]>", "<![CDATA[", "<!--", "\0", "\ud800".encode("utf-8", "replace").decode(),
    "https://a.vn/tin/1.html", "http://[", "//", "javascript:x", "Sat, 05 Sep 2026 08:15:00 +0700", "Sat, 05 Sep 2026 08:15:00 GMT",
    "2026-09-05T08:15:00+07:00", "2026-09-05", "5/9/2026", "0000-00-00", "9999-12-31T23:59:59Z", "Sat, 31 Feb 2026 25:61:61 +9999", "hôm qua",
])  # fmt: skip
TEXT = st.one_of(WORDS, st.text(max_size=30))
TAGS = st.sampled_from([
    "title", "link", "guid", "pubDate", "description", "content:encoded", "category", "author", "updated", "published", "id", "summary",
    "dc:date", "media:content", "item", "x", "loc", "lastmod", "url", "news:news", "news:title", "news:publication_date", "image:loc",
])  # fmt: skip
HEADS = st.sampled_from([
    "", '<?xml version="1.0" encoding="utf-8"?>', '<?xml version="1.0" encoding="utf-16"?>', '<?xml version="1.0" encoding="windows-1258"?>',
    '<?xml version="1.0" encoding="utf-7"?>', '<?xml version="1.0" encoding="khong-co"?>', "\ufeff", "<!DOCTYPE rss>", "<!DOCTYPE r [<!ENTITY a 'b'>]>", "\n\n", "Warning: x\n",
])  # fmt: skip
CODECS = st.sampled_from(["utf-8", "utf-8", "utf-16", "utf-16-le", "cp1258", "latin-1", "utf-7"])
NAMESPACES = " xmlns:news='http://www.google.com/schemas/sitemap-news/0.9' xmlns:image='i' xmlns:media='http://search.yahoo.com/mrss/' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'"


@st.composite
def _document(draw: st.DrawFn, roots: list[tuple[str, str, str]]) -> bytes:
    root, entry, close = draw(st.sampled_from(roots))
    entries = draw(st.lists(st.lists(st.tuples(TAGS, TEXT), max_size=6), max_size=4))
    inner = "".join(
        f"<{entry}>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in fields) + f"</{entry}>" for fields in entries
    )
    body = (draw(HEADS) + f"<{root}{NAMESPACES}>" + inner + close).encode(draw(CODECS), "replace")
    for _ in range(draw(st.integers(0, 2))):  # a cut or a foreign byte somewhere
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        body = body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 9)) :]
    packed = draw(st.integers(0, 9))
    return gzip.compress(body)[: -1 if packed == 1 else None] if packed < 2 else body


def feeds() -> st.SearchStrategy[bytes]:
    """Bytes that are nearly a feed, or nothing of the kind."""
    roots = [
        ("rss version='2.0'", "item", "</rss>"),
        ("rss><channel", "item", "</channel></rss>"),
        ("feed", "entry", "</feed>"),
        ("rdf:RDF", "item", ""),
    ]
    return st.one_of(_document(roots), st.binary(max_size=200))


def sitemaps() -> st.SearchStrategy[bytes]:
    """Bytes that are nearly a sitemap, or nothing of the kind."""
    roots = [("urlset", "url", "</urlset>"), ("sitemapindex", "sitemap", "</sitemapindex>"), ("sm:urlset", "url", "")]
    return st.one_of(_document(roots), st.binary(max_size=200))


@settings(max_examples=150, deadline=None)
@given(feeds())
def test_a_feed_is_read_or_refused_in_one_line(body: bytes) -> None:
    try:
        _, listing = parse_feed(body, "https://a.vn/rss")
    except InputError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(listing, Listing)
    for entry in listing.entries:
        assert entry.item("a.vn", "x") and entry.digest


@settings(max_examples=150, deadline=None)
@given(sitemaps())
def test_a_sitemap_is_read_or_refused_in_one_line(body: bytes) -> None:
    try:
        listing = read_listing([body], "https://a.vn/sitemap.xml")
    except InputError as error:
        assert "\n" not in str(error)
        return
    for entry in (*listing.entries, *listing.further):
        assert entry.url and entry.digest


def test_a_sitemap_reads_its_own_places_only() -> None:
    """An image's address and a child's title are not the page's."""
    body = (
        f"<urlset{NAMESPACES}><url><image:image><image:loc>https://a.vn/anh.jpg</image:loc></image:image><loc> https://a.vn/1 </loc>"
        "<news:news><news:publication><news:title>Báo</news:title></news:publication><news:title>Tin</news:title>"
        "<news:publication_date>2026-09-05T08:15:00+07:00</news:publication_date></news:news></url></urlset>"
    )
    (entry,) = read_listing([body.encode()], "x").entries
    assert (entry.url, entry.title, entry.written) == ("https://a.vn/1", "Tin", "2026-09-05T08:15:00+07:00")
