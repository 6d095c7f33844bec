"""robots.txt as RFC 9309 reads it: absent (4xx) means open, failing (5xx) means closed, at most 500 KiB are read."""

from __future__ import annotations

from dataclasses import dataclass

from protego import Protego

ROBOTS_MAX = 512 << 10
AGENT = "canbang"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one host. ``closed``: its robots.txt could not be had, so nothing may be fetched."""

    parsed: Protego | None = None
    closed: bool = False

    def allow(self, url: str) -> bool:
        """Whether ``url`` may be fetched."""
        return not self.closed and (self.parsed is None or bool(self.parsed.can_fetch(url, AGENT)))

    @property
    def delay(self) -> float:
        """Seconds between requests that the file asks for, 0 where it does not."""
        return float(self.parsed.crawl_delay(AGENT) or 0.0) if self.parsed else 0.0

    @property
    def sitemaps(self) -> list[str]:
        """Sitemaps that the file names."""
        return list(self.parsed.sitemaps) if self.parsed else []


def read_rules(status: int, body: bytes) -> Rules:
    """Rules from the answer to ``GET /robots.txt``."""
    if status >= 500 or status == 429:
        return Rules(closed=True)
    if status != 200:
        return Rules()
    return Rules(Protego.parse(body[:ROBOTS_MAX].decode("utf-8-sig", "replace")))
