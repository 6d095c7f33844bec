"""A language model behind an endpoint that the operator's own configuration names: JSON by POST, OpenAI's chat form.

Unlike :mod:`canbang.fetch.guard`, private and loopback addresses are let through on any port, since the operator's own
file names them; never hand an address here that came from anywhere else. What stays: no redirects, TLS verified, no
proxy from the environment, a bounded answer, a deadline for each attempt. Beyond that: a pace, retries with growing
waits, and ``Retry-After``. The key goes into one header and nowhere else: no message shows it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from canbang.fetch.rate import backoff, seconds
from canbang.fetch.session import open_session
from canbang.fetch.trouble import FetchError

ANSWER_MAX = 2 << 20
WAIT_MAX = 600.0
"""A ``Retry-After`` beyond this many seconds ends the run instead of holding it."""
BACKOFF_MAX = 60.0
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_FATAL = {401, 402, 403, 404, 405}
_KEYLIKE = re.compile(r"\b(?:sk|key|gsk|hf|pk)[-_][\w*.-]{4,}")


class EndpointError(FetchError):
    """An answer that did not come. ``fatal``: no other request would fare better; ``status`` is 0 where none came."""

    def __init__(self, message: str, *, status: int = 0, fatal: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.fatal = fatal


def check_endpoint(url: str, key: str = "") -> str:
    """The address as messages may show it: no query. Raises :class:`FetchError` for one that cannot be used."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchError("url: địa chỉ không hợp lệ.") from error
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in ("http", "https") or not host:
        raise FetchError(f"{shown}: địa chỉ phải bắt đầu bằng http:// hoặc https://.")
    if parts.username or parts.password:
        raise FetchError(f"{shown}: địa chỉ có kèm tên đăng nhập. Bỏ phần trước dấu @, đặt khóa trong biến môi trường.")
    if key and parts.scheme == "http" and not _near(host):
        raise FetchError(f"{shown}: không gửi khóa qua http không mã hóa. Dùng https://, hoặc địa chỉ IP nội bộ.")
    if any(not "!" <= letter <= "~" for letter in key):
        raise FetchError(f"{shown}: khóa có ký tự lạ hoặc dấu cách. Đặt lại biến môi trường chứa khóa.")
    return shown


def _near(host: str) -> bool:
    """This machine or the operator's own network, by a literal address: a name may come to mean something else."""
    if host == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return ip.is_loopback or ip.is_private


class Pace:
    """When the next request may start; it outlives a :class:`Client`, so that a pause holds for the next batch too."""

    def __init__(self, per_minute: float = 0) -> None:
        self.gap = 60 / per_minute if per_minute > 0 else 0.0
        self._next = self._held = 0.0

    def hold(self, seconds: float) -> None:
        """Let nothing start for so long."""
        self._held = max(self._held, time.monotonic() + seconds)

    async def turn(self) -> None:
        """Wait until a request may start."""
        while True:
            now = time.monotonic()
            at = max(now, self._next, self._held)
            self._next = at + self.gap
            await asyncio.sleep(at - now)
            if self._held <= time.monotonic():  # else somebody was told to wait meanwhile
                return


class Client:
    """``async with Client(url, ...) as client: await client.post({...})``.

    ``deadline`` seconds bound each attempt; ``retries`` further attempts follow a failure that may pass, after
    ``backoff`` seconds doubled each time, with jitter.
    """

    def __init__(
        self, url: str, *, key: str = "", pace: Pace | None = None, deadline: float = 60.0, retries: int = 5,
        backoff: float = 1.0, limit: int = ANSWER_MAX,
    ) -> None:  # fmt: skip
        self._shown = check_endpoint(url, key)
        self._url, self._key, self._pace = url, key, pace or Pace()
        self._deadline, self._retries, self._backoff, self._limit = deadline, retries, backoff, limit
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._session = open_session(self._deadline, headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def post(self, value: Mapping[str, Any]) -> Any:
        """The JSON that answers ``value``. Raises :class:`EndpointError` when all attempts failed."""
        body = json.dumps(value, ensure_ascii=False).encode()
        for attempt in range(self._retries + 1):
            await self._pace.turn()
            wait = backoff(attempt, self._backoff, BACKOFF_MAX)
            failure = await self._attempt(body)
            if not isinstance(failure, _Failure):
                return failure
            if failure.wait > WAIT_MAX:
                raise EndpointError(
                    f"{self._shown}: máy chủ yêu cầu chờ {failure.wait / 60:.0f} phút. Chạy lại sau; phần đã chấm được giữ.",
                    status=failure.status,
                    fatal=True,
                )
            if not failure.passing or attempt == self._retries:
                raise EndpointError(f"{self._shown}: {failure.text}", status=failure.status, fatal=failure.fatal)
            if failure.wait:
                self._pace.hold(failure.wait)
            else:
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _attempt(self, body: bytes) -> Any:
        """The parsed answer, or the :class:`_Failure`."""
        assert self._session is not None, "use `async with Client()`"
        try:
            async with asyncio.timeout(self._deadline):
                async with self._session.post(
                    self._url, data=body, headers={"Content-Type": "application/json"}, allow_redirects=False
                ) as reply:
                    data = await self._bounded(reply)
                    if reply.status != 200:
                        return self._refused(reply.status, reply.headers.get("Retry-After", ""), data)
                    return json.loads(data)
        except EndpointError:
            raise
        except TimeoutError:
            return _Failure(f"quá {self._deadline:g} giây chưa trả lời. Tăng timeout_seconds.", passing=True)
        except aiohttp.ClientConnectorCertificateError:
            return _Failure("chứng thư TLS không hợp lệ. Sửa chứng thư của máy chủ.", fatal=True)
        except aiohttp.ClientConnectorError:
            return _Failure("không kết nối được. Kiểm tra url và máy chủ mô hình.", passing=True, fatal=True)
        except (aiohttp.ClientError, OSError) as error:
            return _Failure(f"kết nối bị ngắt ({type(error).__name__}). Chạy lại sau.", passing=True)
        except (ValueError, RecursionError):
            return _Failure(
                "máy chủ trả về nội dung không phải JSON. Kiểm tra url có phải /v1/chat/completions.", passing=True
            )

    async def _bounded(self, reply: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for block in reply.content.iter_chunked(1 << 16):
            data += block
            if len(data) > self._limit:
                raise EndpointError(f"{self._shown}: câu trả lời lớn hơn {self._limit >> 10} KB, không đọc tiếp.")
        return bytes(data)

    def _refused(self, status: int, retry_after: str, data: bytes) -> _Failure:
        if 300 <= status < 400:
            return _Failure(f"máy chủ chuyển hướng ({status}), không đi theo. Ghi url cuối cùng.", status, fatal=True)
        if status in (401, 403):  # these answers echo the key
            return _Failure(
                f"máy chủ không nhận khóa ({status}). Kiểm tra biến môi trường chứa khóa.", status, fatal=True
            )
        said = " ".join(data[:2000].decode("utf-8", "replace").split())
        if self._key:
            said = said.replace(self._key, "***")
        text = f"máy chủ trả về mã {status}: {_KEYLIKE.sub('***', said)[:300]}"
        wait = seconds(retry_after) if status in (429, 503) else 0.0
        return _Failure(text, status, passing=status in _AGAIN, fatal=status in _FATAL, wait=wait)


class _Failure:
    """Why an attempt gave nothing; ``passing``: the same request may succeed later."""

    def __init__(
        self, text: str, status: int = 0, *, passing: bool = False, fatal: bool = False, wait: float = 0.0
    ) -> None:
        self.text, self.status, self.passing, self.fatal, self.wait = text, status, passing, fatal, wait


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of a chat model; ``trouble`` says why there is none. ``tokens`` are bytes with log probabilities."""

    content: str = ""
    trouble: str = ""
    tokens: tuple[tuple[bytes, float], ...] = ()

    def probability(self, first: int, last: int) -> float:
        """Of the tokens that reach into bytes ``first`` to ``last`` of the content, together."""
        at, total = 0, 0.0
        for token, logprob in self.tokens:
            total += logprob if at < last and at + len(token) > first else 0.0
            at += len(token)
        return math.exp(min(total, 0.0))


def read_completion(reply: Any) -> Completion:
    """What an answer in OpenAI's form says, whatever its shape."""
    try:
        choice = reply["choices"][0]
        message, end = choice["message"], choice.get("finish_reason")
        if message.get("refusal") or end == "content_filter":
            return Completion(trouble="mô hình từ chối trả lời")
        if end == "length":
            return Completion(trouble="câu trả lời bị cắt, tăng max_output_tokens")
        content = message.get("content")
    except (AttributeError, KeyError, IndexError, TypeError):
        return Completion(trouble="máy chủ không trả về choices[0].message")
    if not isinstance(content, str) or not content:
        return Completion(trouble="câu trả lời rỗng")
    try:
        said = choice["logprobs"]["content"]
        tokens = tuple((bytes(t.get("bytes") or t["token"].encode()), float(t["logprob"])) for t in said)
    except (AttributeError, KeyError, TypeError, ValueError):
        tokens = ()
    # Tokens that spell something else cannot be laid over the answer.
    return Completion(content, tokens=tokens if b"".join(t for t, _ in tokens) == content.encode() else ())


def chat_address(url: str) -> str:
    """The address that is asked: a configuration gives the base ("https://host", ".../v1") or all of it."""
    head, mark, query = url.partition("?")
    head = head.rstrip("/")
    if not head.endswith("/chat/completions"):
        head += "/chat/completions" if head.count("/") > 2 else "/v1/chat/completions"
    return head + mark + query


_OPTION_WORDS = {
    "response_format": ("response_format", "json_schema", "json_object"),
    "max_tokens": ("max_tokens", "max_completion_tokens"),
    "temperature": ("temperature",),
    "logprobs": ("logprobs",),
}
"""The words by which a refusal names an option."""


class Chat:
    """Requests to one model. An option that the endpoint does not know is left out from then on, or put in older form."""

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        self.model = model
        self.options = dict(options)

    async def ask(self, client: Client, messages: Sequence[Mapping[str, str]]) -> Completion:
        """One answer. Raises :class:`EndpointError`."""
        while True:
            used = dict(self.options)
            try:
                return read_completion(await client.post({"model": self.model, "messages": list(messages), **used}))
            except EndpointError as error:
                if error.status not in (400, 422):
                    raise
                # Where another request has changed the options meanwhile, this one just tries again with them.
                if used == self.options and not self._give_way(str(error)):
                    raise

    def _give_way(self, refusal: str) -> bool:
        """Whether an option that ``refusal`` names could be changed; each change leaves less to change."""
        places = {
            name: [at for word in words if (at := refusal.find(word)) >= 0] for name, words in _OPTION_WORDS.items()
        }
        named = sorted((min(at), name) for name, at in places.items() if at and name in self.options)
        if not named:
            return False
        old = self.options.pop(name := named[0][1])
        if name == "max_tokens":
            self.options["max_completion_tokens"] = old
        elif name == "response_format" and old.get("type") == "json_schema":
            self.options[name] = {"type": "json_object"}
        return True
