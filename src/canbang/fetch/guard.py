"""The guard in front of the network: everything fetched goes through here, nothing else opens a connection.

http and https on ports 80 and 443; only public addresses, vetted by name, by answer and at the socket
(:mod:`canbang.fetch.address`); each redirect vetted again; robots.txt obeyed (:mod:`canbang.fetch.robots`); one request
per host at a time, with a gap, ``Retry-After`` and a circuit breaker (:mod:`canbang.fetch.rate`); sizes, decompression
(:mod:`canbang.fetch.decode`) and total time bounded. ``allow_loopback`` is the test switch: it lets through loopback
addresses, on any port, and nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from types import TracebackType
from typing import IO
from urllib.parse import urljoin, urlsplit

import aiohttp

from canbang.fetch.address import Vetting, is_public
from canbang.fetch.decode import FEED_MAX, PAGE_MAX, SITEMAP_MAX, STEP, Buffer, Gunzip, limit_of, too_big
from canbang.fetch.rate import GAP, Rate, backoff, seconds
from canbang.fetch.robots import ROBOTS_MAX, Rules, read_rules
from canbang.fetch.session import USER_AGENT, open_session
from canbang.fetch.trouble import FetchError, Trouble, host_of, shown

__all__ = [
    "FEED_MAX", "PAGE_MAX", "SITEMAP_MAX", "USER_AGENT", "FetchError", "Guard", "Known", "Response", "Trouble", "is_public", "open_guard",
]  # fmt: skip
MAX_REDIRECTS = 5
DEADLINE = 30.0
RETRIES = 2
WAIT_MAX = 30.0
"""A ``Retry-After`` beyond this many seconds is not waited for: the host is held and the next channel goes on."""
_AGAIN = frozenset({429, 500, 502, 503, 504})
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Known:
    """Validators of an earlier answer, for a conditional request (RFC 9110): an unchanged document comes back as 304."""

    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The conditions as request headers."""
        pairs = (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified))
        return {name: value for name, value in pairs if value}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; ``url`` is the address after redirects, ``body`` is decompressed. ``headers`` have lower-case names.

    Of a large sitemap ``body`` is the beginning, and ``file`` holds all of it, until :meth:`close`.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    file: IO[bytes] | None = None

    def pieces(self) -> Iterator[bytes]:
        """All that came, step by step."""
        source = self.file or BytesIO(self.body)
        source.seek(0)
        while block := source.read(STEP):
            yield block

    def digest(self) -> str:
        """The same for the same document."""
        found = hashlib.blake2b(digest_size=16)
        for piece in self.pieces():
            found.update(piece)
        return found.hexdigest()

    def close(self) -> None:
        """Let go of the file."""
        if self.file:
            self.file.close()

    @property
    def known(self) -> Known:
        """Its validators, for the next request."""
        return Known(self.headers.get("etag", "")[:200], self.headers.get("last-modified", "")[:60])


@dataclass(slots=True)
class _Request:
    """One thing asked for. ``left``: seconds that all its attempts and redirects may still take together."""

    limit: int | None
    robots: bool
    headers: Mapping[str, str]
    left: float


LOOPBACK_SWITCH = "CANBANG_TEST_LOOPBACK"
"""Environment variable that lets tests fetch from this machine; anything else private stays closed."""


def open_guard() -> Guard:
    """The guard for what somebody entered; the test switch opens loopback and drops the polite gap there."""
    switch = os.environ.get(LOOPBACK_SWITCH) == "1"
    return Guard(allow_loopback=True, gap=0.0) if switch else Guard()


class Guard:
    """An asynchronous context: ``async with Guard() as guard: await guard.get(url)``.

    ``deadline`` seconds bound one thing asked for, its redirects and retries included; waiting for the host's turn does
    not count. ``gap`` seconds lie between two requests to a host.
    """

    def __init__(
        self, *, allow_loopback: bool = False, deadline: float = DEADLINE, gap: float = GAP, retries: int = RETRIES
    ) -> None:
        self.allow_loopback = allow_loopback
        self.deadline = deadline
        self.gap = gap
        self.retries = retries
        self.rate = Rate(gap)
        self.requests: Counter[str] = Counter()  # by host
        self.vetting = Vetting(allow_loopback)
        self._robots: dict[str, Rules] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Guard:
        headers = {"Accept-Encoding": "gzip", "Accept-Language": "vi"}
        self._session = open_session(self.deadline, headers, self.vetting)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    def check_address(self, url: str) -> None:
        """Refuse what can be refused by looking at the address alone. Raises :class:`FetchError`."""
        self.vetting.check_address(url)

    async def get(
        self, url: str, *, limit: int | None = None, robots: bool = True, known: Known | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """Fetch ``url``; any final status comes back. ``limit`` bytes, or by kind of document where none is given.

        ``headers`` (an owner's token) are sent to the host of ``url`` only, never behind a redirect to another.
        Raises :class:`FetchError` where nothing could be fetched.
        """
        sent = {**(known.headers if known else {}), **(headers or {})}
        return await self._persist(url, _Request(limit, robots, sent, self.deadline))

    async def _persist(self, url: str, request: _Request) -> Response:
        """Attempts, until one comes through or none is left."""
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                reply = await self._attempt(url, request)
            except FetchError as error:
                if last or not error.passing or request.left < 1:
                    raise
                wait = backoff(attempt)
            else:
                if reply.status not in _AGAIN:
                    return reply
                asked = seconds(reply.headers.get("retry-after", ""))
                if asked > WAIT_MAX or (asked and last):
                    self.rate.hold(host_of(reply.url), asked)
                    self.rate.check(host_of(reply.url))
                if last:
                    return reply
                wait = asked or backoff(attempt)
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _attempt(self, url: str, request: _Request) -> Response:
        """One attempt with its redirects; what the libraries raise becomes a named trouble."""
        name = shown(url)
        try:
            return await self._follow(url, request)
        except FetchError:
            raise
        except TimeoutError as error:
            raise FetchError(
                f"{name}: quá {self.deadline:g} giây chưa tải xong. Thử lại sau, hoặc dùng tệp xuất.", Trouble.DEADLINE
            ) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise FetchError(
                f"{name}: chứng thư TLS của trang không hợp lệ ({error.certificate_error}). Báo đơn vị quản trị trang.",
                Trouble.TLS,
            ) from error
        except socket.gaierror as error:
            raise _no_host(url) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise _no_host(url) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(
                f"{name}: không kết nối được ({_cause(error)}). Kiểm tra địa chỉ, hoặc dùng tệp xuất.",
                Trouble.CONNECT,
                passing=isinstance(
                    error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | aiohttp.ClientPayloadError
                ),
            ) from error

    async def _follow(self, url: str, request: _Request) -> Response:
        first = host_of(url)
        for _ in range(MAX_REDIRECTS + 1):
            self.check_address(url)
            if request.robots and not await self._allowed(url, request):
                raise FetchError(
                    f"{shown(url)}: robots.txt của trang không cho tải. Mở quyền cho “canbang”, ghi văn bản đồng ý bằng "
                    "canbang channel consent, hoặc dùng tệp xuất.",
                    Trouble.ROBOTS,
                )
            answer = await self._one(url, request, request.headers if host_of(url) == first else {})
            location = answer.headers.get("location", "") if 300 <= answer.status < 400 else ""
            if not location:
                return answer
            url = urljoin(url, location)
        raise FetchError(f"{shown(url)}: chuyển hướng quá {MAX_REDIRECTS} lần.", Trouble.REDIRECTS)

    async def _one(self, url: str, request: _Request, headers: Mapping[str, str]) -> Response:
        """One request in its host's turn."""
        assert self._session is not None, "use `async with Guard()`"
        host, loop = host_of(url), asyncio.get_running_loop()
        well = False
        async with self.rate.turn(host):
            start = loop.time()
            self.requests[host] += 1
            try:
                async with asyncio.timeout(max(request.left, 0)):
                    async with self._session.get(url, headers=headers, allow_redirects=False) as reply:
                        body, file = await _bounded(reply, request.limit, shown(url))
                        well = reply.status not in _AGAIN
                        kept = {name.lower(): value for name, value in reply.headers.items()}
                        return Response(url, reply.status, kept.get("content-type", ""), body, kept, file)
            except FetchError as error:
                well = error.trouble in (Trouble.TOO_BIG, Trouble.PRIVATE)  # says nothing about how the host is
                raise
            finally:
                request.left -= loop.time() - start
                self.rate.went(host, well)

    async def _allowed(self, url: str, request: _Request) -> bool:
        parts = urlsplit(url)
        root = f"{parts.scheme}://{parts.netloc}"
        rules = self._robots.get(root)
        if rules is None:
            rules = self._robots[root] = await self._read_robots(root, request)
            self.rate.slow_down(host_of(root), rules.delay)
        return rules.allow(url)

    async def _read_robots(self, root: str, request: _Request) -> Rules:
        """The rules of a host; they count against the same deadline as what they are read for."""
        url = f"{root}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            self.check_address(url)
            asked = _Request(ROBOTS_MAX, False, {}, request.left)
            try:
                answer = await self._one(url, asked, {})
            except FetchError as error:
                if error.trouble is not Trouble.TOO_BIG:
                    raise
                return Rules(closed=True)
            finally:
                request.left = asked.left
            location = answer.headers.get("location", "") if 300 <= answer.status < 400 else ""
            if not location:
                return read_rules(answer.status, answer.body)
            url = urljoin(url, location)
        return Rules()  # RFC 9309: after five redirects the file counts as absent

    def sitemaps(self, url: str) -> list[str]:
        """Sitemaps that the robots.txt of this host names, once something was fetched from it."""
        parts = urlsplit(url)
        rules = self._robots.get(f"{parts.scheme}://{parts.netloc}")
        return rules.sitemaps if rules else []


def _no_host(url: str) -> FetchError:
    return FetchError(
        f"{shown(url)}: không tìm thấy máy chủ “{urlsplit(url).hostname}”. Kiểm tra địa chỉ.", Trouble.DNS
    )


def _cause(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.split("\n")[0][:120]


async def _bounded(reply: aiohttp.ClientResponse, limit: int | None, url: str) -> tuple[bytes, IO[bytes] | None]:
    """The body, decompressed in small steps; what came over the wire is bounded like what it unfolds to."""
    coding = reply.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise FetchError(f"{url}: máy chủ nén kiểu “{coding[:20]}” không ai yêu cầu, không đọc.", Trouble.ENCODING)
    unzip = Gunzip(url) if coding.endswith("gzip") else None
    body, head, wire, most = Buffer(), b"", 0, limit
    async for block in reply.content.iter_chunked(STEP):
        wire += len(block)
        for out in unzip.feed(block) if unzip else (block,):
            body.write(out)
            if most is None and len(head) < _HEAD:
                head += out[:_HEAD]
                most = limit_of(head) if len(head) >= _HEAD else None
            if max(body.size, wire) > (PAGE_MAX if most is None else most):
                raise too_big(url, PAGE_MAX if most is None else most)
    if unzip:
        unzip.finish()
    return body.finish()
