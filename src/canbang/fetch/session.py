"""The HTTP session that guard and endpoint share: no cookies, no proxy from the environment, nothing undone for us."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from canbang import __version__

USER_AGENT = f"canbang/{__version__} (+https://github.com/canbang/canbang)"


def open_session(
    deadline: float, headers: Mapping[str, str], connector: aiohttp.TCPConnector | None = None
) -> aiohttp.ClientSession:
    """A session whose every request ends within ``deadline`` seconds; bodies come as they were sent."""
    return aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": USER_AGENT, **headers},
        auto_decompress=False,  # a decoder without a bound is how bombs go off
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=deadline),
        trust_env=False,
    )
