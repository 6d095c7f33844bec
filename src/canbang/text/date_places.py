"""Which places of a site's pages show a date of the article, and which the clock: what one page cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class DateLine:
    """A line that may hold the page's date. ``doubts`` speak against it on this page alone; ``apart`` is its rank among equals.

    ``place`` is the same on every page of a site. ``outside`` means above the headline and out of its box, where clocks
    stand, or anywhere on a page without a headline. ``clocklike``: it shows the day of fetching (or that day is not known) and does not say that it is something else;
    ``exact``: it shows what a clock would, to the minute where it shows a time.
    """

    when: datetime
    has_time: bool
    text: str
    place: str
    doubts: tuple[str, ...]
    apart: tuple[bool, int]
    published: bool
    outside: bool
    clocklike: bool
    exact: bool


class Places:
    """Where a site's pages show dates, learnt page by page and kept between visits.

    A place that shows the moment of fetching on three pages and more, on nearly all of a visit and never another, is a clock and
    holds no date of an article. A place that has shown another day has *moved*: what it shows today can be sure. All others
    are open: what they show today goes to a person. Articles of today alone would make a clock of the line they are dated by, so
    a day without a time is a clock's only outside of the article. A place *varies* where it showed three days in one visit: a
    column of the site's ("tuần từ 23/11") shows the same on all pages.
    """

    LEAST = 3
    """Pages to compare before anything is sure."""
    _MOST = 1000
    _NEARLY_ALL = 0.8

    def __init__(
        self, pages: int = 0, clocks: Iterable[str] = (), moved: Iterable[str] = (), varied: Iterable[str] = ()
    ) -> None:
        self.pages = pages
        self._clocks, self._moved, self._varied = frozenset(clocks), dict.fromkeys(moved), dict.fromkeys(varied)
        self._visit = 0
        self._on: Counter[str] = Counter()
        self._off: Counter[str] = Counter()
        self._days: dict[str, set[date]] = {}

    @property
    def known(self) -> bool:
        """Whether enough pages were compared."""
        return self.pages >= self.LEAST

    @property
    def clocks(self) -> frozenset[str]:
        """Places of clocks."""
        return frozenset(place for place in self._clocks | self._on.keys() if self.is_clock(place))

    @property
    def moved(self) -> tuple[str, ...]:
        """Places that are no clocks, in the order in which they showed it."""
        return tuple(self._moved)

    @property
    def varied(self) -> tuple[str, ...]:
        """Places that vary from page to page."""
        return tuple(self._varied)

    def is_clock(self, place: str) -> bool:
        """Whether the place is a clock. One known from earlier visits may meet an old copy of a page."""
        on, off = self._on[place], self._off[place]
        return off <= on if place in self._clocks else not off and on >= max(self.LEAST, self._NEARLY_ALL * self._visit)

    def has_moved(self, place: str) -> bool:
        """Whether the place has shown what no clock shows."""
        return place in self._moved

    def varies(self, place: str) -> bool:
        """Whether the place showed three days in one visit."""
        return place in self._varied

    def learn(self, lines: Sequence[DateLine]) -> None:
        """Take in what one more page shows; each page once."""
        self.pages += 1
        self._visit += 1
        off = {one.place for one in lines if not one.exact}
        for place in {one.place for one in lines if one.outside or one.has_time} | off:
            counts = self._off if place in off else self._on
            if place in counts or len(counts) < self._MOST:
                counts[place] += 1
        for one in lines:
            if one.clocklike or self.is_clock(one.place) or len(self._moved) >= self._MOST:
                continue
            self._moved.setdefault(one.place)
            days = self._days.setdefault(one.place, set())
            if len(days) < self.LEAST:
                days.add(one.when.date())
            if len(days) >= self.LEAST:
                self._varied.setdefault(one.place)
