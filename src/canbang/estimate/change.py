"""The change of a share from one window to another: on the month, on the year."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from canbang.estimate.share import Share, ShareError


@dataclass(frozen=True, slots=True)
class Change:
    """A difference of shares, in -1..1 (0.02 is two points up)."""

    point: Fraction
    low: float
    high: float
    confidence: float

    @property
    def settled(self) -> bool:
        """Whether the interval excludes no change."""
        return self.low > 0 or self.high < 0


def share_change(before: Share, after: Share) -> Change:
    """``after - before`` with an interval, for two windows that were drawn and judged independently.

    MOVER: the distances from each point to its own limits are added as squares (R. G. Newcombe 1998; G. Y. Zou and
    A. Donner 2008), so the interval is as skewed as its parts. Raises :class:`ShareError` where the confidences differ.
    """
    if before.confidence != after.confidence:
        raise ShareError("a change needs two shares at the same confidence")
    first, second = float(before.point), float(after.point)
    down = ((second - after.low_share) ** 2 + (before.high_share - first) ** 2) ** 0.5
    up = ((after.high_share - second) ** 2 + (first - before.low_share) ** 2) ** 0.5
    gap = second - first
    return Change(after.point - before.point, max(-1.0, gap - down), min(1.0, gap + up), before.confidence)
