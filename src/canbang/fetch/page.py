"""An article page: bytes in, an article with its date's source and confidence out, or the reason why it is none.

Decoded once by our rule, TCVN3 and VNI undone before anything reads it; metadata before running text. No person's name is
read: neither metadata nor lines look for an author.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from canbang.fetch.body import read_body
from canbang.fetch.lines import page_lines
from canbang.fetch.metadata import Metadata, is_list, read_metadata, selected
from canbang.fetch.not_item import why_not_article
from canbang.fetch.recipe import Layout, Verdict, read_date
from canbang.fetch.recipe_sheet import Lesson
from canbang.fetch.recipe_watch import Watch
from canbang.item import VIETNAM, Confidence, DateSource
from canbang.text.date_places import Places
from canbang.text.dates import Doubt, parse_date
from canbang.text.encodings import decode_page
from canbang.text.normalise import match_key
from canbang.text.page_dates import Line, PageDate, Shown, find_dates

_FEED_TYPES = ("application/rss+xml", "application/atom+xml")
_STAMP = timedelta(minutes=10)
_TAGS_MAX = 30_000


@dataclass(frozen=True, slots=True)
class PageMeta:
    """Title, lead, section and date as the page declares them; empty where it does not."""

    title: str
    lead: str
    section: str
    published_at: datetime | None
    date_source: DateSource


@dataclass(frozen=True, slots=True)
class PublishedAt:
    """When a page was published: where that was read, how far it may be trusted, and the words it was read from."""

    when: datetime
    has_time: bool
    source: DateSource
    confidence: Confidence
    written: str


@dataclass(frozen=True, slots=True)
class Article:
    """A page as read. ``reason`` says why it is no item ("" for an article); ``published`` is ``None`` where undated.

    ``url`` is the canonical address where the page names one on its own host, else the one it was fetched from;
    ``converted`` is "tcvn3" or "vni" where a font encoding was undone, and belongs on record beside the item.
    """

    title: str
    lead: str
    text: str
    section: str
    url: str
    published: PublishedAt | None
    codec: str
    converted: str
    reason: str


def parse(body: bytes, content_type: str = "") -> LexborHTMLParser:
    """The page as a tree, decoded by our own rule."""
    return LexborHTMLParser(_within_bounds(decode_page(body, content_type).text))


def _within_bounds(markup: str) -> str:
    """The page up to ``_TAGS_MAX`` tags: a tree takes sixty times what a page made of tags alone takes."""
    if markup.count("<") <= _TAGS_MAX:
        return markup
    at = -1
    for _ in range(_TAGS_MAX):
        at = markup.index("<", at + 1)
    return markup[:at]


def _declared(dates: Sequence[tuple[str, DateSource]], fetched: datetime | None, zone: tzinfo) -> PublishedAt | None:
    """The first declared date that can be read; an open day/month order makes it likely only, a future day is none."""
    for text, source in dates:
        dated = parse_date(text, now=fetched, zone=zone)
        if dated is None or (fetched and dated.when > fetched + timedelta(days=1)):
            continue
        sure = dated.doubt is Doubt.NONE
        return PublishedAt(
            dated.when, dated.has_time, source, Confidence.SURE if sure else Confidence.LIKELY, text[:100]
        )
    return None


def _weakly(meta: Metadata, fetched: datetime | None, zone: tzinfo) -> PublishedAt | None:
    """A date by a weak name: likely, until the page shows the same to its readers."""
    said = _declared([(meta.weak, DateSource.MICRODATA)], fetched, zone) if meta.weak else None
    return replace(said, confidence=Confidence.LIKELY) if said else None


def _wants_check(said: PublishedAt, fetched: datetime | None) -> bool:
    """Whether the page's text is worth asking beside a declared date.

    Systems are known that declare the moment of serving as the date, and that write local time with a Z behind it.
    """
    if said.source is DateSource.RECIPE:  # learnt from what pages show: asking them again makes it no surer
        return False
    if said.confidence is not Confidence.SURE:
        return True
    serving = fetched is not None and abs(said.when - fetched) <= _STAMP
    return serving or (said.has_time and said.when.utcoffset() == timedelta(0))


def _checked(said: PublishedAt, shown: PageDate | None, fetched: datetime | None, zone: tzinfo) -> PublishedAt:
    """A declared date against the one that readers see."""
    serving = fetched is not None and abs(said.when - fetched) <= _STAMP
    if shown is None or shown.confidence is not Confidence.SURE:
        # A live page can be fetched within minutes of its birth, and nothing shown says otherwise: a person looks.
        confidence = Confidence.LIKELY if serving else said.confidence
        return PublishedAt(said.when, said.has_time, said.source, confidence, said.written)
    local = said.when.astimezone(zone)
    seen = shown.when.astimezone(zone)
    if shown.has_time and said.has_time and said.when.utcoffset() == timedelta(0):
        naive = said.when.replace(tzinfo=None, second=0, microsecond=0)
        if naive == seen.replace(tzinfo=None, second=0, microsecond=0):
            return _from_text(shown, zone)  # the Z is wrong: the clock shown to readers is local
    if seen.date() == local.date():
        return PublishedAt(said.when, said.has_time, said.source, Confidence.SURE, said.written)
    if said.confidence is Confidence.LIKELY:
        return _from_text(shown, zone)
    return PublishedAt(said.when, said.has_time, said.source, Confidence.LIKELY, said.written)


def _from_text(shown: PageDate, zone: tzinfo, source: DateSource = DateSource.PAGE_TEXT) -> PublishedAt:
    return PublishedAt(shown.when.astimezone(zone), shown.has_time, source, shown.confidence, shown.line[:100])


@dataclass(frozen=True, slots=True)
class Draft:
    """A page as read, its date still to be judged: the site's other pages tell whether what it shows is a clock.

    ``declared`` is the date of its metadata, or of the site's recipe; ``shown`` are those among its lines, ``None`` where
    nothing is to be asked of them. ``links`` as :func:`canbang.fetch.not_item.why_not_article` takes them; ``verdict`` says
    what the site's recipe made of it, ``None`` where none was at work.
    """

    meta: Metadata
    text: str
    url: str
    codec: str
    converted: str
    declared: PublishedAt | None
    shown: Shown | None
    fetched: datetime | None
    zone: tzinfo
    links: tuple[int, float, float]
    verdict: Verdict | None = None

    def article(self, places: Places | None = None) -> Article:
        """The page judged by what is known of its site; ``None`` where it stands alone."""
        published = self._published(places)
        if published is not None:
            published = _local(published, self.zone)
        meta, text = self.meta, _below_headline(self.text, self.meta.title, published)
        count, share, listed = self.links
        reason = why_not_article(
            meta.title, meta.lead, text, declares_list=is_list(meta), dated=published is not None, front=_is_front(self.url),
            links=count, link_share=share, linked_body=listed,
        )  # fmt: skip
        return Article(
            title=meta.title, lead=meta.lead, text=text, section=meta.section, url=_own(meta.canonical, self.url),
            published=published, codec=self.codec, converted=self.converted, reason=reason or "",
        )  # fmt: skip

    def _published(self, places: Places | None) -> PublishedAt | None:
        if self.shown is None:
            return self.declared
        shown = self.shown.pick(places)
        if self.declared is None:
            return _from_text(shown, self.zone) if shown else None
        return _checked(self.declared, shown, self.fetched, self.zone)


def _by_recipe(
    layout: Layout | None, tree: LexborHTMLParser, fetched: datetime | None, zone: tzinfo
) -> PublishedAt | None:
    found = read_date(layout, tree, fetched, zone) if layout and layout.date else None
    return _from_text(found, zone, DateSource.RECIPE) if found else None


def read_draft(
    body: bytes,
    *,
    url: str = "",
    content_type: str = "",
    fetched: datetime | None = None,
    watch: Watch | None = None,
    zone: tzinfo = VIETNAM,
) -> Draft:
    """Read a page that was fetched from ``url`` at ``fetched`` (aware); never raises.

    ``content_type`` is the reply's header; ``watch`` the site's recipe at work, trafilatura alone without one; ``zone``
    reads dates that name none.
    """
    decoded = decode_page(body, content_type)
    markup = _within_bounds(decoded.text)
    tree = LexborHTMLParser(markup)
    meta = read_metadata(tree, url)
    reading = watch.read(url, markup, tree, fetched, meta.title) if watch else None
    text = reading.body if reading else read_body(markup)
    layout = reading.layout if reading else None
    if layout and layout.lead and meta.described:
        meta = replace(meta, lead=selected(tree, layout.lead) or meta.lead)
    if watch and layout and not layout.date_sure and not meta.dates:
        watch.undated(Lesson(url, markup, "", fetched))
    declared = (
        _declared(meta.dates, fetched, zone) or _by_recipe(layout, tree, fetched, zone) or _weakly(meta, fetched, zone)
    )
    asked = declared is None or _wants_check(declared, fetched)
    lines = page_lines(tree) if asked else ()
    shown = find_dates(lines, title=meta.title, fetched=fetched, zone=zone) if asked else None
    links = _links(lines, _below_headline(text, meta.title, None))
    return Draft(
        meta, text, url, decoded.codec, decoded.converted, declared, shown, fetched, zone, links,
        reading.verdict if reading else None,
    )  # fmt: skip


def read_article(
    body: bytes, *, url: str = "", content_type: str = "", fetched: datetime | None = None, zone: tzinfo = VIETNAM
) -> Article:
    """Read a page that stands alone, by nothing but itself; never raises. Arguments as :func:`read_draft`."""
    return read_draft(body, url=url, content_type=content_type, fetched=fetched, zone=zone).article()


def _below_headline(text: str, title: str, published: PublishedAt | None) -> str:
    """The body without the headline and the date line, which an extractor may take for its first paragraphs."""
    lines = text.split("\n")
    shown = published.written if published and published.source is DateSource.PAGE_TEXT else None
    while lines and (lines[0] == shown or match_key(lines[0]) == match_key(title)):
        del lines[0]
    return "\n".join(lines)


def _local(published: PublishedAt, zone: tzinfo) -> PublishedAt:
    when = published.when.astimezone(zone)
    return PublishedAt(when, published.has_time, published.source, published.confidence, published.written)


def _links(lines: Sequence[Line], body: str) -> tuple[int, float, float]:
    """How many lines are mostly links, the share of the page's text in links, and of the body's lines that are such."""
    linked = {line.text for line in lines if line.linked * 2 > len(line.text)}
    count = sum(1 for line in lines if line.linked * 2 > len(line.text))
    share = sum(line.linked for line in lines) / max(1, sum(len(line.text) for line in lines))
    own = body.split("\n") if body else []
    # No body at all beside many links: the page is its links.
    listed = sum(1 for line in own if line.strip("- ") in linked) / len(own) if own else 1.0
    return count, share, listed


def _is_front(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    path = parts.path.rstrip("/").lower()
    return (
        bool(parts.netloc) and not parts.query and path in ("", "/index.html", "/index.php", "/default.aspx", "/home")
    )


def _own(canonical: str, url: str) -> str:
    """The canonical address, unless it leads to another host or to the front page: both are systems' mistakes."""
    try:
        here, there = urlsplit(url), urlsplit(canonical)
    except ValueError:
        return url
    hosts = {(parts.hostname or "").removeprefix("www.").removeprefix("m.") for parts in (here, there)}
    if not canonical or there.scheme not in ("http", "https") or (url and len(hosts) > 1):
        return url
    return url if url and _is_front(canonical) else canonical


def read_page(body: bytes) -> PageMeta:
    """Metadata of an article page; nothing is guessed from running text."""
    meta = read_metadata(parse(body))
    said = _declared(meta.dates, None, VIETNAM)
    sure = said if said and said.confidence is Confidence.SURE else None
    when, source = (sure.when.astimezone(VIETNAM), sure.source) if sure else (None, DateSource.JSON_LD)
    return PageMeta(meta.title, meta.lead, meta.section, when, source)


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
