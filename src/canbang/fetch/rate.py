"""Politeness towards a host: one request at a time, a gap, ``Retry-After``, growing waits, and a circuit breaker."""

from __future__ import annotations

import asyncio
import email.utils
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from canbang.fetch.trouble import FetchError, Trouble

GAP = 1.0
GAP_MAX = 30.0
"""A ``Crawl-delay`` beyond this many seconds is cut to it: one reading must end."""
BREAK_AFTER = 5
BREAK_SECONDS = 600.0
BACKOFF, BACKOFF_MAX = 1.0, 30.0


def seconds(retry_after: str) -> float:
    """``Retry-After`` in seconds, from a number or a date; 0 where it says nothing."""
    try:
        said = float(retry_after)
        return said if 0 <= said < 1e9 else 0.0
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError, IndexError):
        return 0.0


def backoff(attempt: int, base: float = BACKOFF, most: float = BACKOFF_MAX) -> float:
    """Seconds before the next attempt: doubled each time, with jitter, so that many readers do not come back at once."""
    return float(min(base * 2**attempt, most) * random.uniform(0.5, 1))  # noqa: S311  (spreads load, guards nothing)


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    gap: float = 0.0
    next_at: float = 0.0
    held_until: float = 0.0
    broken_until: float = 0.0
    failures: int = 0


class Rate:
    """The turns of every host. ``gap`` seconds lie between the end of one request and the start of the next."""

    def __init__(self, gap: float = GAP) -> None:
        self.gap = gap
        self._hosts: dict[str, _Host] = {}

    def _host(self, host: str) -> _Host:
        return self._hosts.setdefault(host, _Host(gap=self.gap))

    def slow_down(self, host: str, gap: float) -> None:
        """Widen the gap of a host to what its robots.txt asks for."""
        known = self._host(host)
        known.gap = max(known.gap, min(gap, GAP_MAX))

    def hold(self, host: str, wait: float) -> None:
        """Let nothing reach this host for so many seconds: it asked for that."""
        known = self._host(host)
        known.held_until = max(known.held_until, time.monotonic() + wait)

    def check(self, host: str) -> None:
        """Raise :class:`FetchError` where the host is held or its circuit is open: nothing is sent, nothing waits."""
        known, now = self._host(host), time.monotonic()
        if known.held_until > now:
            left = known.held_until - now
            raise FetchError(f"{host}: máy chủ yêu cầu chờ {_span(left)}. Chạy lại sau đó.", Trouble.BUSY, wait=left)
        if known.broken_until > now:
            raise FetchError(
                f"{host}: tạm ngừng {_span(known.broken_until - now)} sau {known.failures} lần hỏng liên tiếp.",
                Trouble.PAUSED,
            )

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Hold the host's one connection; waits for the gap first."""
        known = self._host(host)
        async with known.lock:
            self.check(host)
            wait = known.next_at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                known.next_at = time.monotonic() + known.gap

    def went(self, host: str, well: bool) -> None:
        """Note how a request went; ``BREAK_AFTER`` failures in a row open the circuit, one success closes it.

        After ``BREAK_SECONDS`` one request is let through again, and a single failure opens it anew.
        """
        known = self._host(host)
        if well:
            known.failures = 0
            return
        known.failures += 1
        if known.failures >= BREAK_AFTER:
            known.broken_until = time.monotonic() + BREAK_SECONDS


def _span(left: float) -> str:
    return f"{left / 60:.0f} phút" if left >= 90 else f"{left:.0f} giây"
