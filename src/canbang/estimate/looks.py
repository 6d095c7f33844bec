"""How often a window may be looked at, fixed before its first judgement, and the rolling early-warning lamps.

Looking again until the wished verdict shows makes wrong verdicts frequent. So a month is either looked at once, at
95 %, or at most four times, each at 98.75 %: by Bonferroni's inequality all four intervals hold together in 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from canbang.estimate.share import CONFIDENCE, Cell, Share, ShareError, estimate_share

MOST_LOOKS = 4
LAMP_DAYS = (7, 30)
"""Lengths of the rolling windows, in days."""
LAMP_CONFIDENCE = 1 - (1 - 0.995) / len(LAMP_DAYS)
"""Of each lamp: both of a day hold together at 99.5 % (Bonferroni)."""


class Mode(StrEnum):
    """The month's mode; it is fixed and logged before the first judgement."""

    ONE_LOOK = "one_look"
    UNTIL_SETTLED = "until_settled"


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks of one month: its mode and how many were ``taken``; the one at closing counts."""

    mode: Mode
    taken: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode", Mode(self.mode))
        if not 0 <= self.taken <= self.allowed:
            raise ShareError(f"{self.mode}: {self.allowed} looks at most, not {self.taken}")

    @property
    def allowed(self) -> int:
        """Looks in all, closing included."""
        return 1 if self.mode is Mode.ONE_LOOK else MOST_LOOKS

    @property
    def left(self) -> int:
        """Looks that may still be taken."""
        return self.allowed - self.taken

    @property
    def confidence(self) -> float:
        """Confidence of each look's interval: 1 - 0.05 / allowed."""
        return 1 - (1 - CONFIDENCE) / self.allowed

    def look(self, cells: Sequence[Cell]) -> tuple[Share, Looks]:
        """The share at this look's confidence, and the looks with this one taken.

        Raises :class:`ShareError` where none is left.
        """
        if not self.left:
            raise ShareError(f"{self.mode}: all {self.allowed} looks are taken")
        return estimate_share(cells, confidence=self.confidence), replace(self, taken=self.taken + 1)


def lamp(cells: Sequence[Cell]) -> Share:
    """The share of a rolling window at ``LAMP_CONFIDENCE``: looked at daily, so mostly undecided, never the official figure."""
    return estimate_share(cells, confidence=LAMP_CONFIDENCE)
