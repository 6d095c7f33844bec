"""From sheets to one answer for each drawn item: one auditor, two who agree, or the adjudicator's word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from canbang.audit.draw import Draw
from canbang.codebook import Codebook
from canbang.estimate.design import separate
from canbang.estimate.share import Cell
from canbang.item import Judgement, Label

T = TypeVar("T")
Question = Callable[[Label], bool | None]


@dataclass(frozen=True, slots=True)
class Settled:
    """What people said of one drawn item: one label, or two that nobody has adjudicated."""

    item_id: str
    labels: tuple[Label, ...]

    @property
    def shown(self) -> Label:
        """The label a report shows: the first auditor's, marked unsure where the second one differs in tone."""
        first = self.labels[0]
        return first if all(label.tone == first.tone for label in self.labels) else Label(unsure=True)

    @property
    def not_an_item(self) -> bool:
        """Whether everybody who read it says so."""
        return all(label.not_an_item for label in self.labels)

    def answer(self, question: Callable[[Label], T | None]) -> T | None:
        """The common answer; ``None`` where people differ, could not decide, or say that it is no item.

        A page that is no item is not counted as harmless: marking items away must never make a verdict.
        """
        answers = {None if label.unsure or label.not_an_item else question(label) for label in self.labels}
        return answers.pop() if len(answers) == 1 else None


def themes_of(settled: Sequence[Settled]) -> list[str | None]:
    """The theme that people gave each item; ``None`` as for any other question."""
    return [one.answer(lambda label: label.theme) for one in settled]


def answers_to(question: Question, settled: Sequence[Settled]) -> NDArray[np.float64]:
    """The answers as 1, 0, or NaN for undecided; ``shape (len(settled),)``."""
    answers = (one.answer(question) for one in settled)
    return np.array([np.nan if answer is None else float(answer) for answer in answers], np.float64)


@dataclass(frozen=True, slots=True)
class Audit:
    """A draw with everything people said of it: first auditors, second auditors on a part, the adjudicator."""

    draw: Draw
    first: tuple[Judgement, ...]
    second: tuple[Judgement, ...] = ()
    adjudicated: tuple[Judgement, ...] = ()

    @property
    def settled(self) -> list[Settled]:
        """One answer for each drawn item: the adjudicator's word, else all that was said."""
        again = {judgement.item_id: judgement.label for judgement in self.second}
        final = {judgement.item_id: judgement.label for judgement in self.adjudicated}

        def labels(judgement: Judgement) -> tuple[Label, ...]:
            item_id = judgement.item_id
            if item_id in final:
                return (final[item_id],)
            return (judgement.label, again[item_id]) if item_id in again else (judgement.label,)

        return [Settled(judgement.item_id, labels(judgement)) for judgement in self.first]


def rates_rise(draw: Draw, judgements: Sequence[Judgement], book: Codebook) -> bool:
    """Whether what people found rises with the bands, bands of one rank taken together over epochs (``design.separate``)."""
    band_of = dict(zip(draw.frame_ids, draw.bands, strict=True))
    epoch_of = dict(zip(draw.bands, draw.epochs, strict=True))
    first = {epoch: min(h for h, e in epoch_of.items() if e == epoch) for epoch in epoch_of.values()}
    counted = book.variant("counted_negative").holds
    table = np.zeros((len(draw.sizes), 2), np.int64)
    for one in (Settled(judgement.item_id, (judgement.label,)) for judgement in judgements):
        answer = one.answer(counted)
        h = band_of[one.item_id]
        if answer is not None:
            table[h - first[epoch_of[h]]] += (1, answer)
    return separate([Cell(str(rank), int(n), int(n), int(x)) for rank, (n, x) in enumerate(table) if n])


def differing_labels(one: Label, other: Label, book: Codebook) -> list[str]:
    """Ids of the labels that both gave and in which they differ; the tone where only one could decide, or calls it no item."""
    if one.unsure != other.unsure or one.not_an_item != other.not_an_item:
        return ["tone"]
    pairs = [(label.id, getattr(one, label.id), getattr(other, label.id)) for label in book.labels]
    return [name for name, x, y in pairs if x is not None and y is not None and x != y]


def differing(first: Sequence[Judgement], second: Sequence[Judgement], book: Codebook) -> list[str]:
    """Ids on which the two auditors differ in any label that both gave, in the order of ``second``."""
    one = {judgement.item_id: judgement.label for judgement in first}
    return [j.item_id for j in second if differing_labels(one[j.item_id], j.label, book)]


def rating(label: Label, value: T | None) -> T | str | None:
    """An auditor's word as agreement counts it: ``value``, or that the item was left open, or that it is none."""
    return "not_an_item" if label.not_an_item else "unsure" if label.unsure else value
