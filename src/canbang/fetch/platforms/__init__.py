"""Platforms, one file each: a channel's own items by the programming interface that its owner opened to us."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from canbang.fetch.enrolment import Enrolment
from canbang.fetch.guard import Guard
from canbang.fetch.platforms import facebook, tiktok, youtube, zalo
from canbang.fetch.platforms.api import Api, ApiError, Quota
from canbang.fetch.platforms.common import Account, PlatformSource, Span, enrolled
from canbang.fetch.source import Reject, Source
from canbang.item import Item

_QUOTA: dict[str, Callable[[], Quota]] = {
    "youtube": youtube.quota, "facebook": facebook.quota, "tiktok": tiktok.quota, "zalo": zalo.quota,
}  # fmt: skip
_BASE = {"youtube": youtube.BASE, "facebook": facebook.BASE, "tiktok": tiktok.BASE, "zalo": zalo.BASE}


def platform_source(
    account: Account, enrolments: Sequence[Enrolment], guard: Guard, *, first: date | None = None,
    last: date | None = None, used: int = 0, bases: Mapping[str, str] | None = None,
) -> PlatformSource:  # fmt: skip
    """A source for an enrolled account and the days ``first`` to ``last`` (a month back by default).

    Nothing is fetched before it is read. ``used`` is what earlier runs of the day took of the quota. ``bases`` puts
    other servers in place of the platforms' own ("api", "feed", "oauth"): recordings in tests. After reading, ``tried``
    says which days were settled and which are gaps. Raises :class:`InputError` where no proven enrolment covers it.
    """
    enrolment = enrolled(account, enrolments)
    span, other = Span.of(first, last), bases or {}
    quota = _QUOTA[account.platform]()
    quota.used = used

    def things(api: Api, source: PlatformSource) -> Iterator[Item | Reject]:
        if account.platform == "facebook":
            yield from facebook.read_api(api, source, account, span)
        elif account.platform == "tiktok":
            yield from tiktok.read_api(api, source, account, span)
        elif account.platform == "zalo":
            yield from zalo.read_api(api, source, account, span, other.get("oauth", zalo.OAUTH))
        elif account.token_env and os.environ.get(account.token_env):
            yield from youtube.read_api(api, source, account, enrolment, span)
        else:
            yield from youtube.read_newest(api, source, account, span, other.get("feed", ""))

    def read(source: Source) -> Iterator[Item | Reject]:
        assert isinstance(source, PlatformSource)
        with Api(guard, other.get("api", _BASE[account.platform]), quota) as api:
            try:
                yield from things(api, source)
                source.finished = True
            except ApiError as error:
                # not even the first answer came: the whole span is a gap, and other channels go on
                source.gap("mở kênh", span.first, span.last, error)
                source.finished = True
            finally:
                if quota.used > used:
                    source.notes.append(f"{source.name}: {quota.line}")

    return PlatformSource(account.name, read, enrolment=enrolment.line, quota=quota, span=span)
