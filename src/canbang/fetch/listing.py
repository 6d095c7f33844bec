"""What a feed or a sitemap lists: entries that are items, or want their page read before they are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median

from canbang.fetch.not_item import why_not_item
from canbang.fetch.source import Reject
from canbang.item import Confidence, DateSource, Item

_START = 80
_IN_ORDER = 0.6
_LONE = 10
_LONE_LEAST = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry. ``key`` names the act on its platform (guid, else address); ``when`` is ``None`` where no date could be read.

    ``written`` is the date as it stood there, ``place`` where the entry stood, ``modified`` the sitemap's ``lastmod``;
    ``converted`` is "tcvn3" or "vni" where a font encoding was undone.
    """

    key: str
    url: str
    title: str = ""
    lead: str = ""
    text: str = ""
    section: str = ""
    when: datetime | None = None
    date_source: DateSource = DateSource.FEED
    date_confidence: Confidence = Confidence.SURE
    written: str = ""
    modified: str = ""
    place: str = ""
    converted: str = ""

    @property
    def digest(self) -> str:
        """Changes when what the list says of the entry changes."""
        said = "\0".join((self.url, self.title, self.lead, self.text, self.written, self.modified))
        return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).hexdigest()

    @property
    def complete(self) -> bool:
        """Whether it is an item without its page."""
        return bool(self.title) and self.when is not None

    def reject(self, source: str, reason: str) -> Reject:
        """The entry as one that does not count."""
        return Reject(source, self.place, reason, (self.title or self.lead or self.url)[:_START])

    def item(self, channel: str, source: str) -> Item | Reject:
        """The act of publishing, or why it is none."""
        reason = why_not_item(self.title, self.lead, self.text)
        if reason:
            return self.reject(source, reason)
        if self.when is None:
            said = f"ngày đăng không đọc được: “{self.written[:40]}”" if self.written else "thiếu ngày đăng"
            return self.reject(source, said)
        return Item(
            channel=channel, platform_id=self.key, title=self.title, published_at=self.when, lead=self.lead,
            text=self.text, url=self.url, date_source=self.date_source, date_confidence=self.date_confidence,
            section=self.section,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """One document read. ``kind`` is "feed", "sitemap" or "index"; ``further`` are the sitemaps of an index.

    ``reach``: whatever was published after this moment stands in the document, ``None`` where nothing can be said.
    """

    url: str
    kind: str
    entries: tuple[Listed, ...] = ()
    further: tuple[Listed, ...] = ()
    reach: datetime | None = None
    notes: tuple[str, ...] = field(default=())


def feed_reach(dates: Sequence[datetime]) -> datetime | None:
    """How far back a feed is complete, from its dates in the order in which they stand.

    A feed keeps the newest entries, so the last one marks the reach. The *oldest* one does not: a pinned entry of
    January at the top would claim the whole year. A feed without a clear order gives only its newest date.
    """
    if not dates:
        return None
    pairs = list(pairwise(dates))
    falling = sum(a >= b for a, b in pairs) / len(pairs) if pairs else 1.0
    if falling >= _IN_ORDER:
        return dates[-1]
    return dates[0] if falling <= 1 - _IN_ORDER else max(dates)


def sitemap_reach(dates: Sequence[datetime]) -> datetime | None:
    """How far back a sitemap is complete: its oldest date, lone old pages ("Liên hệ", 2015) left aside."""
    ordered = sorted(dates)
    if not ordered:
        return None
    gaps = [(b - a).total_seconds() for a, b in pairwise(ordered)]
    usual = max(_LONE_LEAST, _LONE * median(gaps)) if gaps else _LONE_LEAST
    return next((day for day, gap in zip(ordered, gaps, strict=False) if gap <= usual), ordered[-1])
