"""Requests to a platform's programming interface: the guard's address rules, the owner's token, pace and retries.

A token travels in a header over TLS and nowhere else: not in an address, a message or a log. Redirects are not followed,
since they would carry it elsewhere. robots.txt is not asked: the owner of the channel granted the token for this.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from canbang.errors import InputError
from canbang.fetch.guard import Guard
from canbang.fetch.rate import backoff, seconds
from canbang.fetch.session import open_session
from canbang.fetch.trouble import FetchError, Trouble
from canbang.item import VIETNAM
from canbang.text.numbers import integer

ANSWER_MAX = 10 << 20
GAP = 0.2
RETRIES = 3
WAIT_MAX = 60.0
"""A ``Retry-After`` beyond this many seconds is a gap to be fetched later, not a wait."""
_AGAIN = {408, 429, 500, 502, 503, 504}


class Secret:
    """A token. It shows itself to :meth:`reveal` only, never to ``print``, a log or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The token itself, for one header."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __bool__(self) -> bool:
        return bool(self._value)


def from_environment(name: str, whose: str) -> Secret:
    """The token in the environment variable ``name``. Raises :class:`InputError` where there is none to use."""
    value = os.environ.get(name, "").strip() if name else ""
    if not value:
        where = f"biến môi trường {name} trống" if name else "tệp kênh không ghi tên biến môi trường (token_env)"
        raise InputError(f"{whose}: {where}. Đặt mã truy cập do chủ kênh cấp vào biến đó, hoặc dùng tệp xuất của kênh.")
    return checked(value, f"{whose}: biến môi trường {name}")


def checked(value: str, where: str) -> Secret:
    """A token fit for a header. Raises :class:`InputError` without showing it."""
    if any(not "!" <= letter <= "~" for letter in value):
        raise InputError(f"{where}: mã truy cập có ký tự lạ hoặc dấu cách. Chép lại mã.")
    return Secret(value)


class ApiError(FetchError):
    """The platform refused or did not answer. ``status`` is of HTTP (0: no answer), ``code`` the platform's own."""

    def __init__(
        self, message: str, trouble: Trouble = Trouble.STATUS, *, status: int = 0, code: int | str = 0
    ) -> None:
        super().__init__(message, trouble)
        self.status, self.code = status, code


@dataclass(slots=True)
class Quota:
    """What a platform lets an application ask for in a day, and how much of it is used; 0 is no known limit.

    The day begins at midnight of ``zone``. ``asked`` counts this reading's own requests.
    """

    limit: int = 0
    unit: str = "lượt gọi"
    used: int = 0
    zone: timezone = VIETNAM
    asked: int = 0

    def day(self, when: datetime) -> str:
        """The day whose quota a request of this moment takes from."""
        return when.astimezone(self.zone).date().isoformat()

    def take(self, units: int = 1) -> None:
        """Count before asking. Raises :class:`ApiError` where the limit would be passed."""
        if self.limit and self.used + units > self.limit:
            raise ApiError(
                f"hết hạn mức {integer(self.limit)} {self.unit} trong ngày: dừng để không bị nền tảng khóa. Chạy lại khi hạn mức mở lại.",
                Trouble.BUSY,
            )
        self.used += units
        self.asked += 1

    @property
    def line(self) -> str:
        """The quota in words: "đã dùng 126/10.000 đơn vị YouTube trong ngày"."""
        of_all = f"/{integer(self.limit)}" if self.limit else ""
        return f"đã dùng {integer(self.used)}{of_all} {self.unit} trong ngày"


@dataclass(frozen=True, slots=True)
class Reply:
    """A platform's answer: HTTP status, and its JSON (``None`` where it was none)."""

    status: int
    value: Any
    wait: float = 0.0


@dataclass(slots=True)
class Api:
    """``with Api(guard, "https://graph.facebook.com") as api: api.get("/v25.0/me", ...)``; everything is synchronous.

    ``oauth`` is where tokens are exchanged, where that is another host. ``sleep`` is there for tests. Secrets that were
    handed in are struck out of every message.
    """

    guard: Guard
    base: str
    oauth: str = ""
    quota: Quota = field(default_factory=Quota)
    retries: int = RETRIES
    sleep: Callable[[float], None] | None = None
    _secrets: set[str] = field(default_factory=set, repr=False)
    _runner: asyncio.Runner | None = field(default=None, repr=False)
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    def __enter__(self) -> Api:
        self._check(self.base)
        self._runner = asyncio.Runner()
        self._runner.run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner:
            self._runner.run(self._shut())
            self._runner.close()

    async def _open(self) -> None:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        self._session = open_session(self.guard.deadline, headers, self.guard.vetting)

    async def _shut(self) -> None:
        if self._session:
            await self._session.close()

    def _check(self, base: str) -> None:
        self.guard.check_address(base)
        if urlsplit(base).scheme != "https" and not self.guard.allow_loopback:
            raise FetchError(f"{base}: không gửi mã truy cập qua http không mã hóa.", Trouble.ADDRESS)

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, Secret], *, units: int = 1) -> Reply:
        """GET; retried where that may help. Raises :class:`ApiError` where no answer came or the quota is used up."""
        return self._ask("GET", self.base + path, params, headers, None, "", units)

    def post(
        self, path: str, params: Mapping[str, str], headers: Mapping[str, Secret], value: Mapping[str, Any]
    ) -> Reply:
        """POST of JSON; as :meth:`get`."""
        body = json.dumps(value, ensure_ascii=False).encode()
        return self._ask("POST", self.base + path, params, headers, body, "application/json", 1)

    def post_form(self, url: str, headers: Mapping[str, Secret], form: Mapping[str, Secret | str]) -> Reply:
        """POST of a form, once: what changes a token must not be sent twice. ``url`` may be on another host."""
        self._check(url)
        data = aiohttp.FormData()
        for name, value in form.items():
            data.add_field(name, self._open_secret(value) if isinstance(value, Secret) else value)
        return self._ask("POST", url, {}, headers, data, "", 1, retries=0)

    def _open_secret(self, secret: Secret) -> str:
        self._secrets.add(secret.reveal())
        return secret.reveal()

    def clean(self, text: object) -> str:
        """What a platform said, on one short line, with every secret struck out."""
        said = " ".join(str(text).split())
        for secret in self._secrets:
            said = said.replace(secret, "***") if secret else said
        return said[:200]

    def _ask(
        self, method: str, url: str, params: Mapping[str, str], headers: Mapping[str, Secret],
        body: bytes | aiohttp.FormData | None, kind: str, units: int, retries: int | None = None,
    ) -> Reply:  # fmt: skip
        assert self._runner is not None, "use `with Api(...)`"
        opened = {name: self._open_secret(value) for name, value in headers.items()} | (
            {"Content-Type": kind} if kind else {}
        )
        tries = self.retries if retries is None else retries
        for attempt in range(tries + 1):
            self.quota.take(units)
            try:
                reply = self._runner.run(self._once(method, url, params, opened, body))
                wait, failure = reply.wait, None
                if reply.status not in _AGAIN:
                    return reply
            except FetchError as error:
                reply, wait, failure = None, 0.0, error
            if attempt == tries or wait > WAIT_MAX:
                break
            self._pause(wait or backoff(attempt))
        if failure is not None or reply is None:
            raise failure or ApiError(f"{_shown(url)}: không có câu trả lời.")
        if reply.status == 429:
            raise ApiError(
                f"{_shown(url)}: nền tảng báo quá nhiều lượt gọi (429). Chạy lại sau {max(wait, 60) / 60:.0f} phút.",
                Trouble.BUSY,
                status=429,
            )
        raise ApiError(f"{_shown(url)}: máy chủ đang lỗi (mã {reply.status}). Chạy lại sau.", status=reply.status)

    def _pause(self, seconds: float) -> None:
        assert self._runner is not None
        if self.sleep:
            self.sleep(seconds)
        else:
            self._runner.run(asyncio.sleep(seconds))

    async def _once(
        self, method: str, url: str, params: Mapping[str, str], headers: Mapping[str, str],
        body: bytes | aiohttp.FormData | None,
    ) -> Reply:  # fmt: skip
        assert self._session is not None
        shown = _shown(url)
        try:
            async with asyncio.timeout(self.guard.deadline):
                await asyncio.sleep(min(GAP, self.guard.gap))
                async with self._session.request(
                    method, url, params=params, headers=headers, data=body, allow_redirects=False
                ) as reply:
                    data = bytearray()
                    async for block in reply.content.iter_chunked(1 << 16):
                        data += block
                        if len(data) > ANSWER_MAX:
                            raise ApiError(
                                f"{shown}: câu trả lời lớn hơn {ANSWER_MAX >> 20} MB, không đọc tiếp.", Trouble.TOO_BIG
                            )
                    if 300 <= reply.status < 400:
                        raise ApiError(
                            f"{shown}: nền tảng chuyển hướng, không đi theo.", Trouble.REDIRECTS, status=reply.status
                        )
                    return Reply(reply.status, _parsed(bytes(data)), seconds(reply.headers.get("Retry-After", "")))
        except TimeoutError as error:
            raise ApiError(
                f"{shown}: quá {self.guard.deadline:.0f} giây chưa trả lời. Chạy lại sau.", Trouble.DEADLINE
            ) from error
        except socket.gaierror as error:
            raise ApiError(f"{shown}: không tìm thấy máy chủ. Kiểm tra mạng.", Trouble.DNS) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, FetchError):
                raise
            if isinstance(error, aiohttp.ClientConnectorDNSError):
                raise ApiError(f"{shown}: không tìm thấy máy chủ. Kiểm tra mạng.", Trouble.DNS) from None
            # the error's own words may hold a header: only its kind is told
            raise ApiError(
                f"{shown}: không kết nối được ({type(error).__name__}). Chạy lại sau.", Trouble.CONNECT
            ) from None


def _shown(url: str) -> str:
    """The address without its query."""
    return url.partition("?")[0]


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
