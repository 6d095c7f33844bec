"""What every source gives: items, and the rows that are not items with the reason why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from canbang.item import Item
from canbang.text.numbers import integer


@dataclass(frozen=True, slots=True)
class Reject:
    """Something read that does not count: where it stood, why, and how it began."""

    source: str
    place: str
    reason: str
    start: str = ""


@dataclass(slots=True)
class Source:
    """A named stream of items and rejects; each thing read comes out exactly once.

    ``notes`` are Vietnamese lines about how it was read, complete once ``read`` is exhausted. ``size`` is the
    number of units for a progress bar (bytes of a file, entries of a feed), 0 where unknown; ``done`` counts up.
    """

    name: str
    read: Callable[[Source], Iterator[Item | Reject]]
    notes: list[str] = field(default_factory=list)
    enrolment: str = ""
    size: int = 0
    done: int = 0

    def __iter__(self) -> Iterator[Item | Reject]:
        return self.read(self)


def converted_words(counts: Mapping[str, int]) -> str:
    """Items whose text was written for a font of the 1990s, in words; "" for none."""
    said = ", ".join(f"{integer(count)} tin từ {name.upper()}" for name, count in sorted(counts.items()))
    return f"chữ phông cũ đã chuyển sang Unicode: {said}" if said else ""
