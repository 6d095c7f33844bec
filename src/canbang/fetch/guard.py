"""The guard in front of the network: everything fetched goes through here, nothing else opens a connection.

http and https on ports 80 and 443; every address that a name resolves to must be public, and the connection goes to
the vetted address itself; each redirect is vetted again; robots.txt is obeyed; sizes, decompression and total time are
bounded. ``allow_loopback`` is the test switch: it lets through loopback addresses, on any port, and nothing else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import zlib
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from protego import Protego

from canbang import __version__
from canbang.errors import InputError

USER_AGENT = f"canbang/{__version__} (+https://github.com/canbang/canbang)"
PAGE_MAX, FEED_MAX, SITEMAP_MAX = 5 << 20, 10 << 20, 50 << 20
MAX_REDIRECTS = 5
DEADLINE = 30.0
GAP = 1.0
_CHUNK = 1 << 16
_PORTS = {80, 443}
_TRANSLATED = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]


class FetchError(InputError):
    """Something could not be fetched; the message says what and the way out."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; ``url`` is the address after redirects, ``body`` is decompressed."""

    url: str
    status: int
    content_type: str
    body: bytes


def is_public(address: str) -> bool:
    """Whether an IP address may be connected to: global unicast, looked at behind IPv4-in-IPv6 forms."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in net for net in _TRANSLATED):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _VettedResolver(AbstractResolver):
    """Resolves a name and refuses it where any of its addresses is not public."""

    def __init__(self, allow_loopback: bool) -> None:
        self.allow_loopback = allow_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        found = [(info[0], str(info[4][0])) for info in infos]
        for _, address in found:
            self.vet(host, address)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in found
        ]

    def vet(self, host: str, address: str) -> None:
        """Raise :class:`FetchError` for an address that may not be connected to."""
        if not is_public(address) and not (self.allow_loopback and ipaddress.ip_address(address).is_loopback):
            raise FetchError(f"{host}: địa chỉ {address} không phải địa chỉ công khai trên Internet, không tải.")

    async def close(self) -> None:
        """Nothing is held."""


class Guard:
    """An asynchronous context: ``async with Guard() as guard: await guard.get(url)``.

    One request per host at a time, ``gap`` seconds apart.
    """

    def __init__(self, *, allow_loopback: bool = False, deadline: float = DEADLINE, gap: float = GAP) -> None:
        self.allow_loopback = allow_loopback
        self.deadline = deadline
        self.gap = gap
        self._robots: dict[str, Protego | None] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._last: dict[str, float] = {}
        self._resolver = _VettedResolver(allow_loopback)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Guard:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=self._resolver, limit_per_host=1, use_dns_cache=False),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Accept-Language": "vi"},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self.deadline),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    def check_address(self, url: str) -> None:
        """Refuse what can be refused by looking at the address alone."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise FetchError(f"{url}: địa chỉ không hợp lệ.") from error
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host:
            raise FetchError(f"{url}: chỉ tải địa chỉ http:// hoặc https://.")
        if parts.username or parts.password:
            raise FetchError(f"{url}: địa chỉ có kèm tên đăng nhập, không tải. Bỏ phần trước dấu @.")
        literal = _literal(host)
        local = host == "localhost" or (literal is not None and literal.is_loopback)
        if port not in _PORTS and not (self.allow_loopback and local):
            raise FetchError(f"{url}: chỉ tải qua cổng 80 và 443.")
        if literal is not None:
            self._resolver.vet(host, str(literal))

    async def get(self, url: str, *, limit: int = PAGE_MAX, robots: bool = True) -> Response:
        """Fetch ``url``; any final status comes back. Raises :class:`FetchError` where nothing could be fetched."""
        try:
            async with asyncio.timeout(self.deadline):
                return await self._follow(url, limit, robots)
        except TimeoutError as error:
            raise FetchError(
                f"{url}: quá {self.deadline:.0f} giây chưa tải xong. Thử lại sau, hoặc dùng tệp xuất."
            ) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise FetchError(
                f"{url}: chứng thư TLS của trang không hợp lệ ({error.certificate_error}). Báo đơn vị quản trị trang."
            ) from error
        except socket.gaierror as error:
            raise FetchError(f"{url}: không tìm thấy máy chủ “{urlsplit(url).hostname}”. Kiểm tra địa chỉ.") from error
        except (aiohttp.ClientError, OSError, zlib.error, ValueError) as error:
            if isinstance(error, FetchError):
                raise
            raise FetchError(
                f"{url}: không kết nối được ({_cause(error)}). Kiểm tra địa chỉ, hoặc dùng tệp xuất."
            ) from error

    async def _follow(self, url: str, limit: int, robots: bool) -> Response:
        for _ in range(MAX_REDIRECTS + 1):
            self.check_address(url)
            if robots and not await self._allowed(url):
                raise FetchError(
                    f"{url}: robots.txt của trang không cho tải. Mở quyền cho “canbang”, hoặc dùng tệp xuất."
                )
            answer, location = await self._one(url, limit)
            if not location:
                return answer
            url = urljoin(url, location)
        raise FetchError(f"{url}: chuyển hướng quá {MAX_REDIRECTS} lần.")

    async def _one(self, url: str, limit: int) -> tuple[Response, str]:
        assert self._session is not None, "use `async with Guard()`"
        host = urlsplit(url).netloc
        async with self._locks.setdefault(host, asyncio.Lock()):
            loop = asyncio.get_running_loop()
            wait = self._last.get(host, -self.gap) + self.gap - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                async with self._session.get(url, allow_redirects=False) as reply:
                    location = reply.headers.get("Location", "") if 300 <= reply.status < 400 else ""
                    body = b"" if location else await _bounded(reply, limit, url)
                    kind = reply.headers.get("Content-Type", "")
                    return Response(url, reply.status, kind, body), location
            finally:
                self._last[host] = loop.time()

    async def _allowed(self, url: str) -> bool:
        parts = urlsplit(url)
        root = f"{parts.scheme}://{parts.netloc}"
        if root not in self._robots:
            self._robots[root] = await self._read_robots(root)
        rules = self._robots[root]
        return rules is None or bool(rules.can_fetch(url, USER_AGENT))

    async def _read_robots(self, root: str) -> Protego | None:
        """The rules of a host; RFC 9309: none where the file is absent (4xx), all closed where the host fails (5xx)."""
        url = f"{root}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            self.check_address(url)
            answer, location = await self._one(url, 1 << 20)
            if not location:
                break
            url = urljoin(url, location)
        if answer.status >= 500:
            return Protego.parse("User-agent: *\nDisallow: /")
        return Protego.parse(answer.body.decode("utf-8", "replace")) if answer.status == 200 else None

    def sitemaps(self, url: str) -> list[str]:
        """Sitemaps that the robots.txt of this host names, once something was fetched from it."""
        parts = urlsplit(url)
        rules = self._robots.get(f"{parts.scheme}://{parts.netloc}")
        return list(rules.sitemaps) if rules else []


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return None


def _cause(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.split("\n")[0][:120]


async def _bounded(reply: aiohttp.ClientResponse, limit: int, url: str) -> bytes:
    """The body, decompressed in small steps: a gzip bomb stops at ``limit``, not after it has gone off."""
    unzip = zlib.decompressobj(31) if reply.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip") else None
    parts: list[bytes] = []
    size = 0
    async for block in reply.content.iter_chunked(_CHUNK):
        pending = block
        while pending:
            out = unzip.decompress(pending, _CHUNK) if unzip else pending
            pending = unzip.unconsumed_tail if unzip else b""
            size += len(out)
            if size > limit:
                raise FetchError(f"{url}: nội dung lớn hơn {limit >> 20} MB, không đọc tiếp.")
            parts.append(out)
    return b"".join(parts)
