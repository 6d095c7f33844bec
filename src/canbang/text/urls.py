"""Addresses: their canonical form, and those that stand in a text."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|zarsrc|igsh|igshid|si|ref|ref_src|share|mibextid|__\w+|_ga)$")
_LINK = re.compile(r"https?://[^\s<>\"'“”]+", re.IGNORECASE)
_TAIL = ".,;:!?)]}…"
_MAX = 2048


def canonical_url(url: str) -> str:
    """The address without scheme, "www.", "m.", tracking, fragment and last slash; "" for what is no address."""
    try:
        parts = urlsplit(url.strip()[:_MAX])
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    path = re.sub(r"/(?:amp/?|index\.(?:html?|php|aspx))?$", "", parts.path)
    query = urlencode(sorted((k, v) for k, v in parse_qsl(parts.query) if not _TRACKING.match(k)))
    return f"{host}{path}?{query}" if query else f"{host}{path}"


def links(text: str) -> list[str]:
    """Canonical addresses in a text, those of a bare site ("https://abc.vn/") left out: they name no item."""
    found = (canonical_url(match.group(0).rstrip(_TAIL)) for match in _LINK.finditer(text))
    return [url for url in found if "/" in url or "?" in url]
