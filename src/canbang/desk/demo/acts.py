"""A unit's year of acts: what its main channel tells, and what its other channels tell or pass on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from canbang.desk.demo.wording import Told, Writer
from canbang.item import VIETNAM, DateSource, Item, Kind, Label
from canbang.text.normalise import strip_accents

_PASSED_ON = 0.45
_MARKS = ("📌", "📣", "👉", "🌾", "🎉", "📝")
_KINDS = {"web": Kind.ARTICLE, "youtube": Kind.CLIP, "tiktok": Kind.CLIP}


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel of a unit and the part of its acts that appear there."""

    name: str
    platform: str
    url: str
    part: float


class Newsroom:
    """Makes a unit's acts and remembers the truth of each by its id."""

    def __init__(self, number: int, unit: Mapping[str, Any], home: str) -> None:
        self.rng = np.random.default_rng((20260901, number))
        self.writer = Writer(self.rng, home, bool(unit.get("press")))
        self.outlets = [Outlet(c["name"], c["platform"], c["url"], c["part"]) for c in unit["channels"]]
        self.count, self.negative = int(unit["month"]), float(unit["negative"])
        self.truth: dict[str, Label] = {}
        self.next_id = 10_000 * (number + 1)

    def month(self, first: date, until: date) -> dict[str, list[Item]]:
        """The acts of a month's days up to ``until``, by channel, in the order they were published."""
        end = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        days = (min(end, until) - first).days + 1
        count = round(self.count * days / ((end - first).days + 1) * self.rng.uniform(0.9, 1.1))
        rate = self.negative * self.rng.uniform(0.8, 1.2)
        moments = sorted(self._moment(first, days) for _ in range(count))
        outlets = self.rng.choice(len(self.outlets), size=count, p=[one.part for one in self.outlets])
        made: dict[str, list[Item]] = {one.name: [] for one in self.outlets}
        told: list[tuple[Item, Told]] = []
        for moment, number in zip(moments, outlets, strict=True):
            outlet = self.outlets[number]
            passed = number and told and self.rng.random() < _PASSED_ON
            if passed:
                act, story = self._passed_on(outlet, moment, told)
            else:
                story = self.writer.tell(moment.date(), rate)
                act = self._act(outlet, moment, story)
            if not number:
                told.append((act, story))
            self.truth[act.id] = story.label
            made[outlet.name].append(act)
        return made

    def _moment(self, first: date, days: int) -> datetime:
        minutes = int(np.clip(self.rng.normal(11 * 60, 200), 5 * 60, 22 * 60))
        day = datetime(first.year, first.month, first.day, tzinfo=VIETNAM) + timedelta(
            days=int(self.rng.integers(0, days))
        )
        return day + timedelta(minutes=minutes)

    def _act(self, outlet: Outlet, moment: datetime, story: Told) -> Item:
        self.next_id += int(self.rng.integers(1, 5))
        web = outlet.platform == "web"
        views = int(self.rng.lognormal(6, 1))
        return Item(
            channel=outlet.name, platform_id=str(self.next_id if web else 10**14 + self.next_id * 7919),
            title=story.title, lead=story.lead, text=story.text, published_at=moment,
            url=f"{outlet.url}tin/{_slug(story.title)}-{self.next_id}.html" if web else f"{outlet.url}/posts/{self.next_id * 7919}",
            kind=_KINDS.get(outlet.platform, Kind.POST), date_source=DateSource.FEED if web else DateSource.COLUMN,
            metrics={"views": views, "likes": views // 12},
        )  # fmt: skip

    def _passed_on(self, outlet: Outlet, moment: datetime, told: Sequence[tuple[Item, Told]]) -> tuple[Item, Told]:
        """A story of the main channel's last days once more: as a share of it, or told again under a mark."""
        source, story = told[-1 - int(self.rng.integers(0, min(len(told), 6)))]
        act = self._act(outlet, moment, story)
        if self.rng.random() < 0.5:
            return replace(act, kind=Kind.SHARE, share_of=source.url, text=""), story
        return replace(act, title=f"{self.rng.choice(_MARKS)} {story.title}", text=f"Xem thêm: {source.url}"), story


def _slug(title: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in strip_accents(title).lower()).split()
    return "-".join(words)[:80].rstrip("-")
