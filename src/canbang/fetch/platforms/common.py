"""What the platforms share: the operator's list of accounts, enrolment by address and token, days tried, values read.

The operator's file (TOML) names accounts and, for secrets, only the *name* of an environment variable::

    [[channel]]
    platform = "facebook"                       # youtube, facebook, tiktok, zalo
    name = "Facebook xã Thượng Trà"             # the channel's name in the count
    url = "https://www.facebook.com/thuongtra"  # the enrolled address
    id = "1029384756"                           # the platform's own id of the channel
    token_env = "CANBANG_FACEBOOK"
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from canbang.errors import InputError, reason
from canbang.fetch.enrolment import Enrolment
from canbang.fetch.platforms.api import Api, Quota
from canbang.fetch.source import Reject, Source
from canbang.fetch.trouble import FetchError, Trouble
from canbang.item import VIETNAM, Item
from canbang.text.normalise import plain
from canbang.text.urls import canonical_url

PLATFORMS = ("youtube", "facebook", "tiktok", "zalo")
DEFAULT_FILE = Path("canbang-channels.toml")
DEFAULT_DAYS = 31
"""Days back from today where no first day is asked for."""


@dataclass(frozen=True, slots=True)
class Account:
    """A channel on a platform, as the operator's file names it. ``*_env`` are names of environment variables.

    ``token_file`` is where a rotating token is kept (Zalo, TikTok); ``app_id`` and ``secret_env`` are the application's.
    """

    platform: str
    name: str
    url: str
    id: str
    token_env: str = ""
    refresh_env: str = ""
    app_id: str = ""
    secret_env: str = ""
    token_file: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt at a stretch of days: what was asked, which days its answer speaks for, what came, why it failed.

    ``failed`` is "" where the answer came; otherwise these days are a gap, never days without publishing, and ``trouble``
    is the gap's name (:class:`~canbang.fetch.trouble.Trouble`).
    """

    what: str
    first: date
    last: date
    got: int = 0
    failed: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Days to read, both ends included, cut in Vietnam."""

    first: date
    last: date

    @staticmethod
    def of(first: date | None, last: date | None) -> Span:
        """The days asked for; a month back from today by default. Raises :class:`InputError` for an empty span."""
        end = last or datetime.now(VIETNAM).date()
        start = first or end - timedelta(days=DEFAULT_DAYS)
        if start > end:
            raise InputError(f"ngày đầu {start} sau ngày cuối {end}: kỳ rỗng. Đổi lại thứ tự.")
        return Span(start, end)

    @property
    def start(self) -> int:
        """Unix time of its first second."""
        return int(datetime(self.first.year, self.first.month, self.first.day, tzinfo=VIETNAM).timestamp())

    @property
    def end(self) -> int:
        """Unix time of the first second after it."""
        return int(datetime(self.last.year, self.last.month, self.last.day, tzinfo=VIETNAM).timestamp()) + 86_400

    def holds(self, when: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.first <= when.astimezone(VIETNAM).date() <= self.last

    def months(self) -> Iterator[Span]:
        """The span cut at ends of months, newest first."""
        last = self.last
        while last >= self.first:
            first = max(self.first, last.replace(day=1))
            yield Span(first, last)
            last = first - timedelta(days=1)


@dataclass(slots=True)
class PlatformSource(Source):
    """A :class:`Source` that also says what was tried (``tried``), which days that was about, and what it cost.

    ``finished`` once it was read to the end; before that no day is vouched for.
    """

    tried: list[Tried] = field(default_factory=list)
    quota: Quota = field(default_factory=Quota)
    span: Span | None = None
    finished: bool = False

    @property
    def covers(self) -> list[tuple[datetime, datetime]]:
        """Stretches for which everything was listed, by every list of the channel: the span without its gaps.

        A day at the edge of a gap is left out. The last stretch ends now where the span ends today or later.
        """
        if self.span is None or not self.finished:
            return []
        gaps = [(tried.first, tried.last) for tried in self.tried if tried.failed]
        now, found = datetime.now(VIETNAM), list[tuple[datetime, datetime]]()
        day = self.span.first
        while day <= self.span.last:
            start = datetime(day.year, day.month, day.day, tzinfo=VIETNAM)
            end = min(start + timedelta(days=1), now)
            if end > start and not any(first <= day <= last for first, last in gaps):
                joined = found and found[-1][1] == start
                found[-1:] = [(found[-1][0], end)] if joined else [*found[-1:], (start, end)]
            day += timedelta(days=1)
        return found

    def gap(self, what: str, first: date, last: date, why: InputError | str) -> None:
        """Record days that could not be read; the note stands in the report beside the share."""
        trouble = why.trouble if isinstance(why, FetchError) else Trouble.UNREADABLE
        self.tried.append(Tried(what, first, last, failed=str(why), trouble=trouble.value))
        self.notes.append(f"{self.name}: thiếu dữ liệu {_days(first, last)} ({what}): {why}")


class Walk:
    """A walk backwards through pages of a list that has the newest first: which days are settled, which are open."""

    def __init__(self, source: PlatformSource, what: str, span: Span) -> None:
        self.source, self.what, self.span = source, what, span
        self._open = span.last
        self._page = 0

    def page(self, days: Sequence[date]) -> bool:
        """A page came, with items of these ``days`` in its own order; whether it lies wholly before the span."""
        self._page += 1
        inside = [day for day in days if self.span.first <= day <= self.span.last]
        # the last one in the list's own order: a pinned old item on top says nothing of what follows
        reached = max(self.span.first, min(self._open, days[-1] if days else self._open))
        self.source.tried.append(Tried(f"{self.what}, trang {self._page}", reached, self._open, len(inside)))
        self._open = reached  # the oldest day itself may go on upon the next page
        return bool(days) and max(days) < self.span.first

    def end(self) -> None:
        """The list has ended, or its first day is passed: all days are settled."""
        self.source.tried.append(Tried(f"{self.what}, hết", self.span.first, self._open))

    def failed(self, why: InputError | str) -> None:
        """A page did not come: what lies before it is a gap."""
        self.source.gap(f"{self.what}, trang {self._page + 1}", self.span.first, self._open, why)


Reader = Callable[[Api, PlatformSource], Iterator[Item | Reject]]


def read_accounts(path: Path) -> list[Account]:
    """Accounts of the operator's file; none where it is absent. Raises :class:`InputError` naming the entry."""
    if not path.exists():
        return []
    try:
        found = tomllib.loads(path.read_text("utf-8")).get("channel", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: tệp kênh không đúng dạng TOML ({error}). Sửa dòng đó.") from error
    except OSError as error:
        raise InputError(f"{path}: không đọc được tệp kênh ({reason(error)}).") from error
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise InputError(f"{path}: tệp kênh cần các mục [[channel]].")
    known = {f.name for f in fields(Account)}
    accounts = []
    for number, entry in enumerate(found, 1):
        where = f"{path}: mục [[channel]] thứ {number}"
        if wrong := sorted(set(entry) - known):
            raise InputError(f"{where}: không hiểu khóa “{wrong[0]}”. Các khóa: {', '.join(sorted(known))}.")
        if missing := [key for key in ("platform", "name", "url", "id") if not str(entry.get(key, "")).strip()]:
            raise InputError(f"{where}: thiếu khóa “{missing[0]}”.")
        if entry["platform"] not in PLATFORMS:
            raise InputError(f"{where}: platform là một trong {', '.join(PLATFORMS)}.")
        accounts.append(Account(**{key: str(value).strip() for key, value in entry.items()}))
    return accounts


def enrolled(account: Account, enrolments: Sequence[Enrolment]) -> Enrolment:
    """The proven enrolment of exactly this address: another page of the same platform never counts.

    Raises :class:`InputError` where there is none.
    """
    address = canonical_url(account.url)
    for enrolment in enrolments:
        if address and enrolment.proof and canonical_url(enrolment.url) == address:
            return enrolment
    raise InputError(
        f'{account.url}: kênh chưa ghi danh, không thu thập. Chủ quản ghi danh bằng: canbang enrol {account.url} --owner "…" '
        '--by "…"; hoặc dùng tệp xuất của chính kênh.'
    )


def proven_by_token(account: Account, enrolment: Enrolment, *, by: str) -> Enrolment:
    """The enrolment once the platform itself said whose the channel is. ``by`` is "token" or "description"."""
    now = datetime.now(VIETNAM).isoformat(timespec="seconds")
    where = f"{account.platform} {account.id}"
    return replace(enrolment, scope=canonical_url(account.url), proof=by, proof_at=where, proved_at=now)


def wrong_owner(account: Account, found: str) -> InputError:
    """The token opens another channel than the enrolled one."""
    return InputError(
        f"{account.name}: mã truy cập mở kênh có mã {found or '(không rõ)'}, không phải kênh đã ghi danh {account.id}. "
        "Dùng mã do chủ của chính kênh này cấp."
    )


def at(value: Any, *path: str | int) -> Any:
    """A value inside an answer, ``None`` where the answer has another shape."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def rows(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """The objects of a list inside an answer."""
    found = at(value, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text(value: Any) -> str:
    """A value as plain text; numbers keep all their digits."""
    return plain(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def count(value: Any) -> int | None:
    """A count, given as number or as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= 15 else None


def metrics(found: Mapping[str, Any]) -> dict[str, int]:
    """Counts by name; what is no count is left out."""
    return {name: number for name, value in found.items() if (number := count(value)) is not None}


def moment(value: Any) -> datetime | None:
    """Unix time in seconds or milliseconds, as a moment in Vietnam."""
    number = count(value)
    if number is None:
        return None
    seconds = number / 1000 if number >= 100_000_000_000 else float(number)
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return found.astimezone(VIETNAM) if 1990 <= found.year <= 2100 else None


def _days(first: date, last: date) -> str:
    def day(value: date) -> str:
        return f"{value.day}/{value.month}/{value.year}"

    return f"ngày {day(first)}" if first == last else f"từ {day(first)} đến {day(last)}"
