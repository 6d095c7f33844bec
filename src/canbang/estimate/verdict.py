"""The verdict, in exact arithmetic: a share is held against a limit as fractions, never as floats."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from canbang.estimate.share import Share


class Verdict(StrEnum):
    """What may be said of a window."""

    UNDER = "under"
    OVER = "over"
    NOT_YET_KNOWN = "not_yet_known"


def decide(share: Share, limit: Fraction, *, strict: bool = True) -> Verdict:
    """``under`` where the whole interval meets the limit, ``over`` where none of it does.

    ``strict`` is the letters' "dưới": exactly the limit does not meet it.
    """
    high, low = Fraction(share.high, share.items), Fraction(share.low, share.items)
    if high < limit or (not strict and high == limit):
        return Verdict.UNDER
    if low > limit or (strict and low == limit):
        return Verdict.OVER
    return Verdict.NOT_YET_KNOWN
