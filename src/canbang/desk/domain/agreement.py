"""How far the people who judged a month's doubled items agree: by label, by pair of people, and where they differ in tone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from string import ascii_uppercase
from uuid import UUID

from canbang.audit.agreement import Agreement, agreement
from canbang.audit.judge import rating
from canbang.codebook import Codebook, load_codebook
from canbang.desk.models import Draw, Judgement, Organisation, Turn
from canbang.estimate.share import ShareError
from canbang.item import Label

LEAST_COMMON = 10
"""Items that two people must both have judged before their agreement is shown."""
OPEN = ("unsure", "not_an_item")
Double = tuple[Judgement, Judgement]


@dataclass(frozen=True, slots=True)
class Asked:
    """Agreement on one question: a label, or the definition that the share counts by. ``None`` where nobody answered."""

    id: str
    name: str
    found: Agreement | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people, named by letters, and their agreement on the items that both judged."""

    one: str
    other: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """A month's agreement. ``confusion`` counts tones: rows by the first judgement, columns by the second."""

    month: date
    doubled: int
    units: int
    people: int
    differing: int
    asked: tuple[Asked, ...]
    tones: tuple[str, ...]
    confusion: tuple[tuple[str, tuple[int, ...]], ...]
    pairs: tuple[Pair, ...]
    codebook: tuple[str, str]

    @property
    def double_all(self) -> tuple[str, ...]:
        """Why it is proposed to judge everything twice: of what the share counts and the tone, where alpha is low.

        The other labels are rare: a single differing card among thirty pulls their alpha down to nothing.
        """
        return tuple(one.name for one in self.asked[:2] if one.found is not None and one.found.double_all)


def months(organisation: Organisation) -> list[date]:
    """Months with items that two people judged, newest first."""
    rows = Judgement.objects.filter(organisation=organisation, turn=Turn.SECOND, undone_at=None)
    return sorted(set(rows.values_list("drawn__draw__month", flat=True)), reverse=True)


def _doubles(draw: Draw) -> list[Double]:
    rows = Judgement.objects.filter(drawn__draw=draw, undone_at=None).exclude(turn=Turn.FINAL)
    said: dict[int, dict[int, Judgement]] = {}
    for row in rows.order_by("drawn__place", "turn"):
        said.setdefault(row.drawn_id, {})[row.turn] = row
    return [(both[Turn.FIRST], both[Turn.SECOND]) for both in said.values() if len(both) == 2]


def agreed(draw: Draw) -> Agreed:
    """The agreement of a month that is drawn."""
    book, doubles = load_codebook(), _doubles(draw)
    people = sorted({row.person for both in doubles for row in both}, key=str)
    values = [value.id for value in book.label("tone").values]
    names = [value.name_vi for value in book.label("tone").values]
    kinds = (*values, *OPEN)
    said = Counter(tuple(rating(row.label, row.label.tone) for row in both) for both in doubles)
    heads = (*names, "Không chắc", str(book.raw["not_an_item"]["name_vi"]))
    rows = [(head, tuple(said[one, other] for other in kinds)) for one, head in zip(kinds, heads, strict=True)]
    written = (draw.value or {}).get("codebook", {})
    return Agreed(
        month=draw.month, doubled=draw.cards.filter(doubled=True).count(), units=len(doubles), people=len(people),
        differing=sum(not _same(both, book) for both in doubles),
        asked=tuple(_asked(doubles, people, book)), tones=heads, confusion=tuple(rows),
        pairs=tuple(_pairs(doubles, people, book)), codebook=(written.get("version", ""), written.get("digest", "")),
    )  # fmt: skip


def _same(both: Double, book: Codebook) -> bool:
    counted = book.variant(book.raw["counted"]["default"]).holds
    one, other = (rating(row.label, counted(row.label)) for row in both)
    return one == other


def _questions(book: Codebook) -> list[tuple[str, str, Callable[[Label], Hashable | None]]]:
    """What is asked, most weighty first: what the share counts, then the labels in the codebook's order.

    That a card was left open is itself an answer to the first two, and none to the others.
    """
    counted = book.variant(book.raw["counted"]["default"])

    def of(name: str) -> Callable[[Label], Hashable | None]:
        if name == "tone":
            return lambda label: rating(label, label.tone)
        return lambda label: getattr(label, name)

    labels = [(spec.id, spec.name_vi, of(spec.id)) for spec in book.labels]
    return [(counted.id, counted.name_vi, lambda label: rating(label, counted.holds(label))), *labels]


def _asked(doubles: Sequence[Double], people: Sequence[UUID], book: Codebook) -> list[Asked]:
    """Agreement on every question, the same as in the report; kappa, with a place for each person, where there are two."""
    found: list[Asked] = []
    for name, words, question in _questions(book):
        said = [[question(row.label) for row in both] for both in doubles]
        try:
            one = agreement(said)
        except ShareError:
            found.append(Asked(name, words, None))
            continue
        kappa = None
        if len(people) == 2:
            ordered = [
                [question(row.label) for row in sorted(both, key=lambda row: row.person == people[1])]
                for both in doubles
            ]
            kappa = agreement(ordered).kappa
        found.append(Asked(name, words, replace(one, kappa=kappa)))
    return found


def _pairs(doubles: Sequence[Double], people: Sequence[UUID], book: Codebook) -> list[Pair]:
    """Pairs with enough common items, in the order of their letters: letters name nobody and rank nobody."""
    letter = {person: ascii_uppercase[i % 26] * (1 + i // 26) for i, person in enumerate(people)}
    pairs: list[Pair] = []
    for one, other in combinations(people, 2):
        common = [both for both in doubles if {row.person for row in both} == {one, other}]
        if len(common) >= LEAST_COMMON:
            asked = _asked(common, (one, other), book)[:2]
            pairs.append(Pair(letter[one], letter[other], tuple(asked)))
    return pairs
