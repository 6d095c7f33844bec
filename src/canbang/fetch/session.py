"""The HTTP session that all clients share: no cookies, no proxy from the environment, nothing undone for us."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from canbang import __version__
from canbang.fetch.address import VettedResolver, Vetting

USER_AGENT = f"canbang/{__version__} (+https://github.com/canbang/canbang)"


def open_session(deadline: float, headers: Mapping[str, str], vetting: Vetting | None = None) -> aiohttp.ClientSession:
    """A session whose every request ends within ``deadline`` seconds; bodies come as they were sent.

    With ``vetting`` it connects to nothing that is not vetted, and to a host by one connection at a time; without, to
    whatever the operator's own file names.
    """
    connector = (
        aiohttp.TCPConnector(
            resolver=VettedResolver(vetting), limit_per_host=1, use_dns_cache=False, socket_factory=vetting.open_socket
        )
        if vetting
        else None
    )
    return aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": USER_AGENT, **headers},
        auto_decompress=False,  # a decoder without a bound is how bombs go off
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=deadline),
        trust_env=False,
    )
