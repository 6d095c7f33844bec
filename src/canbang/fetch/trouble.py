"""What can go wrong on the way to a page: a closed list of names, so that a ledger can count them."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit

from canbang.errors import InputError

_SECRETS = re.compile(
    r"(?i)((?:access_?token|refresh_?token|token|key|api_?key|secret|app_?secret|code|password)=)[^&#\s]+"
)


class Trouble(StrEnum):
    """Why nothing came. The value is what stands in ``coverage.jsonl``."""

    ADDRESS = "address"  # not http(s), a port, a login, a malformed address
    PRIVATE = "private"  # resolves to this machine or a private network
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    DEADLINE = "deadline"
    REDIRECTS = "redirects"
    ROBOTS = "robots"
    TOO_BIG = "too_big"
    ENCODING = "encoding"  # a compression nobody asked for, or a broken one
    BUSY = "busy"  # the host asks to wait
    PAUSED = "paused"  # the circuit breaker holds the host
    STATUS = "status"
    GONE = "gone"  # 404, 410
    OUTSIDE = "outside"  # a redirect out of the enrolled channel
    ENROLMENT = "enrolment"
    UNREADABLE = "unreadable"  # came, but is no feed, sitemap or page that can be read
    EMPTY = "empty"  # a feed or sitemap without a single entry
    NOTHING_FOUND = "nothing_found"  # a site without feed or sitemap


class FetchError(InputError):
    """Something could not be fetched; the message says what and the way out.

    ``passing``: the same request may succeed in a moment. ``wait``: seconds the host asked for, 0 where it did not.
    """

    def __init__(
        self, message: str, trouble: Trouble = Trouble.STATUS, *, passing: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.passing = passing
        self.wait = wait


def shown(url: str) -> str:
    """An address as messages may show it: keys in its query are masked, and it is not endless."""
    masked = _SECRETS.sub(r"\1***", url)
    return masked if len(masked) <= 300 else masked[:299] + "…"


def host_of(url: str) -> str:
    """The host whose turn a request takes: http and https of one name are one host; other ports (tests) are others."""
    parts = urlsplit(url)
    port = parts.port
    return f"{parts.hostname}:{port}" if port and port not in (80, 443) else parts.hostname or ""
