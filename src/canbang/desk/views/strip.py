"""A channel's days as a strip of squares: where each stands, and how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from canbang.fetch.coverage import Day, State

SIDE, GAP = 26, 4
WORDS = {"whole": "đủ", "missing": "thiếu", "untried": "chưa đọc"}


@dataclass(frozen=True, slots=True)
class Square:
    """One day: left edge, what stands below it, how it is said, and its numbers."""

    x: int
    label: str
    state: str
    words: str
    day: Day


@dataclass(frozen=True, slots=True)
class Strip:
    """All squares, the width of the drawing, and how many days stand how."""

    squares: list[Square]
    width: int
    counts: dict[str, int]


def strip(days: Sequence[Day]) -> Strip | None:
    """The strip of some days; ``None`` for none."""
    squares = [_square(number, day) for number, day in enumerate(days)]
    counts = {words: sum(square.words == words for square in squares) for words in WORDS.values()}
    return Strip(squares, len(squares) * (SIDE + GAP), counts) if squares else None


def _square(number: int, day: Day) -> Square:
    """A day nobody tried to read is another thing than a day that was tried and is not whole."""
    state = "whole" if day.state is State.WHOLE else "missing" if day.state is State.PART or day.tried else "untried"
    # the month is said where it begins
    label = f"{day.day.day}/{day.day.month}" if not number or day.day.day == 1 else str(day.day.day)
    return Square(number * (SIDE + GAP), label, state, WORDS[state], day)
