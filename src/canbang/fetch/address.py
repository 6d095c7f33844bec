"""Which addresses may be connected to, by their spelling and by what they resolve to.

Three gates stand one behind the other: the spelling (:func:`check_address`), every address that the name resolves to
(:class:`VettedResolver`), and the socket itself (:meth:`Vetting.open_socket`), which sees the very address that is
connected to. The last one holds whatever a parser, a resolver or a name that changes its meaning made of the first two.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from canbang.fetch.trouble import FetchError, Trouble, shown

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = frozenset({80, 443})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Local NAT64, 6to4 and Teredo carry an IPv4 address somewhere inside; no publisher lives there.
_CARRIERS = [ipaddress.ip_network(net) for net in ("64:ff9b:1::/48", "2002::/16", "2001::/32")]
# What the C library reads as an IPv4 address: 127.1, 2130706433, 0x7f000001, 0177.0.0.1.
_NUMERIC = re.compile(r"^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?$", re.IGNORECASE)
_STRANGE = re.compile(r"[\x00-\x20\x7f\\^`{|}<>\"]")


def is_public(address: str) -> bool:
    """Whether an IP address may be connected to: global unicast, looked at behind IPv4-in-IPv6 forms."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:  # networks without IPv4 reach the whole Internet this way: judge what is inside
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if any(ip in net for net in _CARRIERS):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def literal(host: str) -> Address | None:
    """The IP address that a host is, in any spelling that a C library understands; ``None`` for a name."""
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        pass
    if not _NUMERIC.match(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Vetting:
    """What may be connected to. ``allow_loopback`` is the test switch: loopback on any port, and nothing else."""

    allow_loopback: bool = False

    def vet(self, host: str, address: str) -> None:
        """Raise :class:`FetchError` for an address that may not be connected to."""
        loopback = ipaddress.ip_address(address.split("%", maxsplit=1)[0]).is_loopback
        if not is_public(address) and not (self.allow_loopback and loopback):
            raise FetchError(
                f"{host}: địa chỉ {address} không phải địa chỉ công khai trên Internet, không tải.", Trouble.PRIVATE
            )

    def open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The socket for an address that is about to be connected to, vetted once more (rebinding ends here)."""
        family, kind, proto, _, where = info
        self.vet(str(where[0]), str(where[0]))
        made = socket.socket(family=family, type=kind, proto=proto)
        made.setblocking(False)
        return made

    def check_address(self, url: str) -> None:
        """Refuse what can be refused by looking at the address alone."""
        parts, port = _parts(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host:
            raise FetchError(f"{shown(url)}: chỉ tải địa chỉ http:// hoặc https://.", Trouble.ADDRESS)
        if parts.username or parts.password or "@" in parts.netloc:
            raise FetchError(
                f"{parts.scheme}://***@{parts.netloc.rpartition('@')[2]}: địa chỉ có kèm tên đăng nhập, không tải. "
                "Bỏ phần trước dấu @.",
                Trouble.ADDRESS,
            )
        ip = literal(host)
        local = host == "localhost" or (ip is not None and ip.is_loopback)
        if port not in PORTS and not (self.allow_loopback and local):
            raise FetchError(f"{shown(url)}: chỉ tải qua cổng 80 và 443.", Trouble.ADDRESS)
        if ip is not None:
            self.vet(host, str(ip))


def _parts(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise FetchError(f"{shown(url)}: địa chỉ không hợp lệ.", Trouble.ADDRESS) from error
    # Two parsers that disagree about where the host ends would let one host be checked and another fetched.
    if _STRANGE.search(parts.netloc):
        raise FetchError(f"{shown(url)}: tên máy chủ có ký tự lạ, không tải.", Trouble.ADDRESS)
    return parts, port


class VettedResolver(AbstractResolver):
    """Resolves a name and refuses it where any of its addresses is not public."""

    def __init__(self, vetting: Vetting) -> None:
        self.vetting = vetting

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of ``host``. Raises :class:`FetchError`, ``socket.gaierror``."""
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        found = [(info[0], str(info[4][0])) for info in infos]
        for _, address in found:
            self.vetting.vet(host, address)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""
