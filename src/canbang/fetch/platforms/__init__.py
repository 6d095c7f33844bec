"""Platforms, one file each: a channel's own items by the programming interface that its owner opened to us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from canbang.fetch.enrolment import Enrolment
from canbang.fetch.guard import Guard
from canbang.fetch.platforms import facebook, tiktok, youtube, zalo
from canbang.fetch.platforms.accounts import Account, enrolled, proven_by_token
from canbang.fetch.platforms.api import Api, ApiError, Quota
from canbang.fetch.platforms.common import PlatformSource, Span
from canbang.fetch.source import Reject, Source
from canbang.fetch.trouble import FetchError, Trouble
from canbang.item import VIETNAM, Item


class Adapter(Protocol):
    """What a platform's file has. ``BASE`` is its address."""

    BASE: str

    def quota(self) -> Quota:
        """What may be asked for in a day, nothing of it used."""

    def proof(self, api: Api, account: Account, enrolment: Enrolment) -> str:
        """How the platform shows that the channel is its owner's. Raises :class:`InputError` where it does not."""

    def read_api(
        self, api: Api, source: PlatformSource, account: Account, enrolment: Enrolment, span: Span
    ) -> Iterator[Item | Reject]:
        """Everything published in ``span``; looks at the proof first."""


_ADAPTERS: Mapping[str, Adapter] = {"youtube": youtube, "facebook": facebook, "tiktok": tiktok, "zalo": zalo}


def quota_of(account: Account) -> Quota:
    """The quota of an account's platform, nothing of it used."""
    return _ADAPTERS[account.platform].quota()


def prove_account(
    account: Account, enrolment: Enrolment, guard: Guard, bases: Mapping[str, str] | None = None
) -> Enrolment:
    """The enrolment with its proof, as the platform says it now. ``bases`` as for :func:`platform_source`.

    Raises :class:`FetchError` of ``Trouble.ENROLMENT`` where the platform says otherwise; any other
    :class:`InputError` where it could not be asked (no token at hand, no answer): that is no withdrawal.
    """
    with _open(account, guard, quota_of(account), bases) as api:
        return proven_by_token(account, enrolment, by=_ADAPTERS[account.platform].proof(api, account, enrolment))


def platform_source(
    account: Account, enrolments: Sequence[Enrolment], guard: Guard, *, first: date | None = None,
    last: date | None = None, used: int = 0, bases: Mapping[str, str] | None = None,
) -> PlatformSource:  # fmt: skip
    """A source for an enrolled account and the days ``first`` to ``last`` (a month back by default).

    Nothing is fetched before it is read. ``used`` is what earlier runs of the day took of the quota. ``bases`` puts
    other servers in place of the platforms' own ("api", "oauth"): recordings in tests. After reading, ``tried`` says which
    days were settled and which are gaps. Raises :class:`InputError` where no proven enrolment covers it; reading raises it
    where the proof no longer holds.
    """
    enrolment = enrolled(account, enrolments)
    span, quota = Span.of(first, last), quota_of(account)
    quota.used = used

    def read(source: Source) -> Iterator[Item | Reject]:
        assert isinstance(source, PlatformSource)
        source.until = datetime.now(VIETNAM).replace(microsecond=0) - timedelta(seconds=1)
        with _open(account, guard, quota, bases) as api:
            try:
                yield from _ADAPTERS[account.platform].read_api(api, source, account, enrolment, span)
                if not source.listed and not any(tried.failed for tried in source.tried):
                    # an interface answers so to a token that lost a right, too
                    error = FetchError(
                        "nền tảng không trả về tin nào, không tính là “không đăng tin nào”", Trouble.EMPTY
                    )
                    source.gap("mọi danh sách", span.first, span.last, error)
                source.finished = True
            except ApiError as error:
                # not even the first answer came: the whole span is a gap, and other channels go on
                source.gap("mở kênh", span.first, span.last, error)
                source.finished = True
            finally:
                if quota.used > used:
                    source.notes.append(f"{source.name}: {quota.line}")

    return PlatformSource(account.name, read, enrolment=enrolment.line, quota=quota, span=span)


def _open(account: Account, guard: Guard, quota: Quota, bases: Mapping[str, str] | None) -> Api:
    other = bases or {}
    return Api(guard, other.get("api", _ADAPTERS[account.platform].BASE), other.get("oauth", zalo.OAUTH), quota)
