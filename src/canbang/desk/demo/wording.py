"""What the fictional channels publish: patterns filled with invented places and numbers, each with its true label."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from canbang.item import Label
from canbang.text.numbers import decimal, integer


@dataclass(frozen=True, slots=True)
class Pattern:
    """A title and a first line with slots, what a careful person says of it, and when and where it is told."""

    title: str
    lead: str
    label: Label
    weight: float
    more: str
    months: tuple[int, ...]
    press: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One story as it is told: ``label`` is the truth of it."""

    title: str
    lead: str
    text: str
    label: Label


def read(name: str) -> Any:
    """One of the demo's data files."""
    return tomllib.loads(files("canbang.desk.demo").joinpath(name).read_text("utf-8"))


@cache
def _wording() -> tuple[tuple[Pattern, ...], Mapping[str, list[str]], Mapping[str, list[str]]]:
    data = read("wording.toml")
    patterns = [
        Pattern(
            title, lead,
            Label(
                tone=group["tone"], dark_side=group.get("dark_side", False), sensational=group.get("sensational", False),
                theme=group["theme"], public_interest=group.get("public_interest", False),
            ),
            group["weight"] / len(group["items"]), group["more"], tuple(group.get("months", range(1, 13))), "only" in group,
        )
        for group in data["group"]
        for title, lead in group["items"]
    ]  # fmt: skip
    return tuple(patterns), data["slots"], data["more"]


class Writer:
    """Tells stories of one unit. ``home`` is the place a commune writes about; the province and the press write of all."""

    def __init__(self, rng: np.random.Generator, home: str, press: bool) -> None:
        self.rng, self.home = rng, home
        patterns, self.slots, self.more = _wording()
        self.patterns = [one for one in patterns if press or not one.press]

    def tell(self, day: date, negative: float) -> Told:
        """A story of a day, counted negative with this probability."""
        bad = self.rng.random() < negative
        fit = [one for one in self.patterns if day.month in one.months and (one.label.tone == "negative") == bad]
        weights = np.array([one.weight for one in fit])
        pattern = fit[int(self.rng.choice(len(fit), p=weights / weights.sum()))]
        fill = Slots(self.rng, self.slots, day, self.home)
        more = [self.more[pattern.more][i] for i in self.rng.permutation(len(self.more[pattern.more]))[:2]]
        title, lead, second, third = (_fill(text, fill) for text in (pattern.title, pattern.lead, *more))
        return Told(title, f"{lead} {second}", third, pattern.label)


class Slots(dict[str, str]):
    """What stands in the slots of one story: its places stay the same, every number is a new one."""

    def __init__(self, rng: np.random.Generator, words: Mapping[str, list[str]], day: date, home: str) -> None:
        super().__init__({"thang": str(day.month), "nam": str(day.year)} | ({"xa": home} if home else {}))
        self.rng, self.words, self.day = rng, words, day

    def __missing__(self, name: str) -> str:
        if name in self.words:
            self[name] = self.words[name][int(self.rng.integers(len(self.words[name])))]
            return self[name]
        return self._number(name)

    def _number(self, name: str) -> str:
        between = self.rng.integers
        match name:
            case "n" | "nn" | "nnn":
                return str(between(*{"n": (2, 10), "nn": (11, 98), "nnn": (105, 990)}[name]))
            case "nnnn":
                return integer(int(between(11, 240)) * 100)
            case "pt" | "it" | "cao":
                low, high = {"pt": (12.0, 60.0), "it": (1.5, 19.0), "cao": (88.0, 99.7)}[name]
                return f"{decimal(float(self.rng.uniform(low, high)))}\u00a0%"
            case "tien":
                return f"{decimal(float(self.rng.uniform(1.1, 38)))} tỷ đồng"
            case "trieu":
                return f"{between(12, 95) * 10} triệu đồng"
            case _:
                away = {"ngay": between(2, 20), "truoc": -between(1, 5)}[name]
                other = self.day + timedelta(days=int(away))
                return f"{other.day}/{other.month}"


def _fill(text: str, fill: Mapping[str, str]) -> str:
    """The text with its slots filled, beginning with a capital letter."""
    said = text.format_map(fill)
    return said[:1].upper() + said[1:]
