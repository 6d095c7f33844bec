"""One reading of one platform account into a folder: what is new, edited, taken down, missing, and what it cost.

Beside :mod:`canbang.fetch.visit` for sites. The acts are on disk before the ledger vouches for their days; the ledger gets
one line for each stretch of days that was listed whole, so that no line vouches for a gap between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from canbang.errors import InputError
from canbang.fetch.collected import Act
from canbang.fetch.coverage import Attempt, Coverage, Outcome, Span, State, merge
from canbang.fetch.enrolment import Enrolment
from canbang.fetch.folder import Folder
from canbang.fetch.guard import Guard
from canbang.fetch.platforms import platform_source, quota_of
from canbang.fetch.platforms.accounts import Account, enrolled
from canbang.fetch.platforms.common import DEFAULT_DAYS, Hidden, Tried, key_of
from canbang.fetch.source import Reject
from canbang.fetch.trouble import FetchError, Trouble
from canbang.fetch.visit import now
from canbang.item import VIETNAM, Item

OVERLAP = timedelta(days=3)
"""Days read again before the first one that is not known whole: edits, items a list shows late, removals."""
_BATCH = 20
"""Things read between two times that everything is put on disk."""
_BACK = timedelta(days=DEFAULT_DAYS)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_SHOWN = 20
_LISTS_ALL = frozenset({"youtube", "facebook", "tiktok"})
"""Platforms whose list, read whole, holds everything public: what it no longer names was taken down. Zalo pages by offset:
what is hidden while it is read moves the rest up, and one of them is passed over; there only an article that the list
itself calls hidden is marked."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one account was read: its lines in the ledger (the first one counts), and the quota in words."""

    account: Account
    attempts: tuple[Attempt, ...]
    quota: str = ""

    @property
    def outcome(self) -> Outcome:
        """The same in every line."""
        return self.attempts[0].outcome


def collect_accounts(
    folder: Folder, accounts: Sequence[Account], enrolments: Sequence[Enrolment], guard: Guard, *,
    bases: Mapping[str, str] | None = None, done: Callable[[Reading], None] = lambda _: None,
) -> list[Reading]:  # fmt: skip
    """Read every account, one after the other; one that fails never stops the next.

    Raises :class:`InputError` before anything is read as :func:`check_accounts` does, later only where the folder itself
    cannot be written. ``bases`` as for :func:`~canbang.fetch.platforms.platform_source`.
    """
    check_accounts(folder, accounts, enrolments)
    readings = []
    for account in accounts:
        reading = AccountVisit(folder, account, enrolments, guard, bases).run()
        done(reading)
        readings.append(reading)
    return readings


def check_accounts(folder: Folder, accounts: Sequence[Account], enrolments: Sequence[Enrolment]) -> None:
    """Refuse an account that is not enrolled, or whose name stands for another channel in the folder.

    Acts of two channels under one name would be counted as one channel's, and those of the first look taken down.
    """
    for account in accounts:
        enrolled(account, enrolments)
        addresses = {attempt.address for attempt in folder.known.attempts.get(account.name, [])}
        known = _memory(folder.cursor.get(account.address))
        moved = known.get("name") == account.name and known.get("account") != account.key
        if addresses - {account.address} or moved:
            others = sorted(addresses - {account.address}) or [str(known.get("account"))]
            raise InputError(
                f"{account.name}: trong {folder.path} tên này đã dùng cho kênh khác ({', '.join(others)}). "
                "Đặt name khác cho kênh này trong tệp kênh."
            )


def first_day(spans: Sequence[Span], newest: date | None, today: date) -> date:
    """The first day to read, given the stretches known whole and the day of the newest act.

    A month back at first; later ``OVERLAP`` before the first day of the last month that is not known whole, so that a
    gap is tried again. It goes on back to the newest act where that is within a month: an answer without a single row
    vouches for nothing, and with a known act among its days a quiet week can be told from a right that was lost.
    """
    whole = merge(spans)
    if not whole:
        return today - _BACK
    last = min(whole[-1][1].date(), today)
    horizon = day = last - _BACK
    while day < last and Coverage("", whole).state(day) is State.WHOLE:
        day += _DAY
    first = max(horizon, day - OVERLAP)
    return newest if newest and first - _BACK <= newest < first else first


class AccountVisit:
    """One reading of an enrolled account."""

    def __init__(
        self, folder: Folder, account: Account, enrolments: Sequence[Enrolment], guard: Guard,
        bases: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.account = folder, account
        self.started = now()
        today = self.started.date()
        newest = max((act.day for act in self._acts.values() if not act.deleted and act.day <= today), default=None)
        spans = [attempt.covers for attempt in folder.known.attempts.get(account.name, []) if attempt.covers]
        self.before = self._spent()
        self.source = platform_source(
            account, enrolments, guard, first=first_day(spans, newest, today), last=today, used=self.before, bases=bases
        )
        self.own = self._spent(account.address)
        self.count = {"got": 0, "known": 0, "revised": 0, "deleted": 0, "rejected": 0}
        self.seen: set[str] = set()
        self.hidden: set[str] = set()
        self.refused: InputError | None = None

    def run(self) -> Reading:
        """The reading, on record from before its first request to behind its last."""
        self.folder.begin(self.account.name, self.account.address, self.started, self.source.enrolment)
        try:
            for number, thing in enumerate(self._things(), 1):
                self._note(thing)
                if number % _BATCH == 0:
                    self.folder.flush()
                    self._remember()
        except BaseException:  # stopped by hand: the units are spent all the same
            self._remember()
            raise
        self._removed()
        attempts = self._attempts()
        self.folder.end(*attempts)
        self._remember()
        return Reading(self.account, attempts, self.source.quota.line if self.source.quota.asked else "")

    def _things(self) -> Iterator[Item | Reject]:
        """What the source gives, until its end or until it can no longer show whose the channel is."""
        try:
            yield from self.source
        except InputError as error:
            self.refused = error

    @property
    def _acts(self) -> dict[str, Act]:
        return self.folder.known.acts.get(self.account.name, {})

    @property
    def _gaps(self) -> list[Tried]:
        return [tried for tried in self.source.tried if tried.failed]

    def _note(self, thing: Item | Reject) -> None:
        if isinstance(thing, Item):
            self.seen.add(thing.platform_id)
            what = self.folder.act(thing, self.started)
            self.count[{"new": "got", "revised": "revised"}.get(what, "known")] += 1
            return
        key = key_of(thing)
        if key in self._acts:  # an act stays one, whatever became of it
            (self.hidden if isinstance(thing, Hidden) else self.seen).add(key)
        else:
            self.count["rejected"] += self.folder.reject(self.account.name, key, thing, self.started)

    def _removed(self) -> None:
        """Mark acts that were taken down: those the platform calls hidden, and where its list names everything those it
        no longer names, if their day lies wholly inside a stretch that was listed whole."""
        covers = self.source.covers if self.account.platform in _LISTS_ALL else []
        for key, act in self._acts.items():
            start = datetime.combine(act.day, time(), VIETNAM)
            listed = any(first <= start and start + _DAY <= last for first, last in covers)
            gone = key in self.hidden or (listed and key not in self.seen)
            if gone and not act.deleted:
                self.folder.deleted(
                    self.account.name, key, self.started, "hidden" if key in self.hidden else "unlisted"
                )
                self.count["deleted"] += 1

    def _attempts(self) -> tuple[Attempt, ...]:
        """The lines of the ledger: one for each stretch, one without any where there is none; the first holds the counts."""
        errors = [(tried.trouble, tried.line) for tried in self._gaps]
        if self.refused:
            trouble = self.refused.trouble if isinstance(self.refused, FetchError) else Trouble.ENROLMENT
            errors.append((trouble.value, str(self.refused)))
        # the ledger's spans hold what lies after their start: a second earlier, and midnight is inside
        covers: list[Span] = [(first - _SECOND, last) for first, last in self.source.covers]
        outcome = Outcome.PART if errors else Outcome.WHOLE
        if not covers and not self.source.done:
            outcome = Outcome.FAILED
        bare = Attempt(
            self.account.name, self.account.address, self.started, now(), outcome, errors=tuple(errors[:_SHOWN])
        )
        count = self.count
        first = replace(
            bare, tried=self.source.quota.asked, got=count["got"], known=count["known"], revised=count["revised"],
            deleted=count["deleted"], rejected=count["rejected"], covers=covers[0] if covers else None, notes=self._notes(),
        )  # fmt: skip
        return (first, *(replace(bare, covers=stretch) for stretch in covers[1:]))

    def _notes(self) -> tuple[str, ...]:
        """What else the source noted; gaps and quota have their own places."""
        said = {self.source.quota.line, *(tried.line for tried in self._gaps)}
        notes = [note.removeprefix(f"{self.source.name}: ") for note in self.source.notes]
        return tuple(note for note in notes if note not in said)[:_SHOWN]

    @property
    def _purse(self) -> list[str]:
        """Whose units, of which day: accounts read by one key spend them together."""
        return [self.account.platform, self.account.token_env, quota_of(self.account).day(self.started)]

    def _spent(self, address: str = "") -> int:
        """Units of the day that the folder remembers, of one account or of all that share its key."""
        entries = [_memory(self.folder.cursor.get(address))] if address else map(_memory, self.folder.cursor.values())
        return sum(int(entry.get("used", 0)) for entry in entries if entry.get("purse") == self._purse)

    def _remember(self) -> None:
        used = self.own + self.source.quota.used - self.before
        said = {"name": self.account.name, "account": self.account.key, "purse": self._purse, "used": used}
        self.folder.commit(self.account.address, said)


def _memory(said: Any) -> dict[str, Any]:
    """An account's entry in the cursor; empty for any other."""
    return said if isinstance(said, dict) and "purse" in said else {}
