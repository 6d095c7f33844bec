"""What further publishing would do to a window: how many more items of other kinds bring it under the limit.

Additive only. Nothing here says what a window can still hold, and nothing takes an item as its object.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from canbang.estimate.share import Share, ShareError


class Advice(StrEnum):
    """What comes first. Words for people are the report's."""

    NONE = "none"
    AUDIT = "audit"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Further items of other kinds that are needed: ``likely`` by the point, ``safe`` by the high count."""

    likely: int
    safe: int
    advice: Advice


def others_needed(items: int, counted: Fraction | int, limit: Fraction, *, strict: bool = True) -> int:
    """Smallest a >= 0 with ``counted / (items + a)`` under ``limit`` (at most ``limit`` where not ``strict``).

    Exact: a = max(0, floor(counted / limit) + 1 - items). Raises :class:`ShareError` for counts or a limit that cannot be.
    """
    if items < 1 or not 0 <= counted <= items or not 0 < limit <= 1:
        raise ShareError("outlook: needs items, a count among them, and a limit in (0, 1]")
    full = Fraction(counted) / limit
    return max(0, (floor(full) + 1 if strict else ceil(full)) - items)


def outlook(share: Share, limit: Fraction, *, strict: bool = True) -> Outlook:
    """The outlook of an audited window.

    Where only the safe number is positive, what is lacking is knowledge: the advice is to audit, not to publish filler.
    """
    likely = others_needed(share.items, share.point * share.items, limit, strict=strict)
    safe = max(likely, others_needed(share.items, share.high, limit, strict=strict))
    advice = Advice.PUBLISH if likely else Advice.AUDIT if safe else Advice.NONE
    return Outlook(likely, safe, advice)
