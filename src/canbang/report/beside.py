"""What stands beside the verdict and never makes one: stories, views, agreement, auditors' errors, outlook."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canbang.audit.agreement import Agreement, agreement
from canbang.audit.judge import Audit, Question, rating
from canbang.estimate.drift import drifted, emq
from canbang.estimate.outlook import Outlook, outlook
from canbang.estimate.reliability import Corrected, Reference, rogan_gladen
from canbang.estimate.share import CONFIDENCE, Cell, Share, ShareError
from canbang.estimate.weighted import WeightedCell, WeightedShare, weighted_share
from canbang.item import Label
from canbang.label.labeller import COLUMN, THEMES
from canbang.limits import Limit
from canbang.report.frame import Frame

VIEWS_KNOWN = 0.8
"""Share of items whose views must be known before a share by views is shown."""


@dataclass(frozen=True, slots=True)
class Apart:
    """The share among items without and with the theme *world*, each over its own items; ``None``: nothing is known.

    ``basis`` machine has the interval 0..1. ``by_people``: every judged item's theme was given by a person; else the
    machine's theme stands in where nobody gave one.
    """

    basis: str
    vietnam: WeightedShare | None
    world: WeightedShare | None
    by_people: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine's estimate of the audited share (EMQ), and whether it has left the interval. Never a verdict."""

    estimate: float
    drifted: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """Figures beside the verdict; ``None`` where there is nothing to compute one from.

    ``by_story`` counts every story once, ``by_views`` weighs items by their views; ``agreement`` is that of the two
    auditors on tone and on counted-negative; ``corrected`` carries the auditors' measured errors; ``apart`` parts
    what happens abroad from the rest.
    """

    by_story: WeightedShare | None = None
    by_views: WeightedShare | None = None
    agreement_tone: Agreement | None = None
    agreement_counted: Agreement | None = None
    differing: int = 0
    corrected: Corrected | None = None
    outlook: Outlook | None = None
    machine: Machine | None = None
    apart: Apart | None = None


def _weighted(
    weight: NDArray[np.float64],
    band: NDArray[np.int8],
    sizes: tuple[int, ...],
    judged: NDArray[np.int64],
    found: NDArray[np.float64],
    confidence: float,
) -> WeightedShare | None:
    """``weight`` runs over the frame, ``found`` beside ``judged``."""
    cells = []
    for h, size in enumerate(sizes):
        at = band[judged] == h
        cells.append(WeightedCell(size, weight[judged[at]], found[at]))
    try:
        return weighted_share(cells, confidence=confidence)
    except ShareError:
        return None


def _agreement(audit: Audit, question: Question | None) -> Agreement | None:
    """Agreement of the double-judged items on tone (no question) or on the answer to one."""
    first = {judgement.item_id: judgement.label for judgement in audit.first}

    def said(label: Label) -> str | bool | None:
        return rating(label, label.tone if question is None else question(label))

    pairs = [(said(first[judgement.item_id]), said(judgement.label)) for judgement in audit.second]
    try:
        return agreement(pairs)
    except ShareError:
        return None


def _abroad(audit: Audit, frame: Frame, judged: NDArray[np.int64]) -> tuple[NDArray[np.float64], bool]:
    """1 for items of the theme *world*, else 0, over the frame (the machine's word), people's word on what they judged."""
    themes = frame.probability[:, COLUMN[f"theme:{THEMES[0]}"] : COLUMN[f"theme:{THEMES[-1]}"] + 1]
    abroad = (themes.argmax(axis=1) == THEMES.index("world")).astype(np.float64)
    by_people = True
    for position, one in zip(judged.tolist(), audit.settled, strict=True):
        said = {label.theme for label in one.labels if label.theme}
        if len(said) == 1:
            abroad[position] = said == {"world"}
        elif not all(label.unsure or label.not_an_item for label in one.labels):
            by_people = False
    return abroad, by_people


def _reference(audit: Audit, question: Question) -> Reference | None:
    """The first auditors against the settled answer on the double-judged items, once all differences are adjudicated."""
    first = {judgement.item_id: judgement.label for judgement in audit.first}
    doubled = {judgement.item_id for judgement in audit.second}
    tally = {(said, true): 0 for said in (True, False) for true in (True, False)}
    for one in audit.settled:
        if one.item_id not in doubled:
            continue
        said, true = question(first[one.item_id]), one.answer(question)
        if said is not None and true is not None:
            tally[said, true] += 1
    try:
        return Reference(tally[True, True], tally[True, False], tally[False, True], tally[False, False])
    except ShareError:
        return None


def machine_apart(counted: NDArray[np.float64], world: NDArray[np.float64]) -> Apart:
    """The machine's estimate, from its probabilities of counted-negative and of the theme *world*."""

    def part(weight: NDArray[np.float64]) -> WeightedShare | None:
        total = float(weight.sum())
        return WeightedShare(float((weight * counted).sum()) / total, 0.0, 1.0, CONFIDENCE) if total > 0 else None

    return Apart("machine", part(1 - world), part(world), by_people=False)


def figures_beside(
    audit: Audit, question: Question, share: Share, first_cells: list[Cell], limit: Limit, frame: Frame, *,
    found: NDArray[np.float64], band: NDArray[np.int8], judged: NDArray[np.int64],
) -> Beside:  # fmt: skip
    """All that an audit allows. ``found`` are the answers to ``question`` beside ``judged``, positions in ``frame``;
    ``band`` runs over the frame; ``first_cells`` hold the first auditors' answers alone."""
    story, views = frame.story, frame.views
    acts = np.bincount(story)[story].astype(np.float64)
    sizes = audit.draw.sizes
    known = ~np.isnan(views)

    def weighted(weight: NDArray[np.float64]) -> WeightedShare | None:
        return _weighted(weight, band, sizes, judged, found, share.confidence)

    abroad, by_people = _abroad(audit, frame, judged)
    estimate = emq(frame.probability[:, COLUMN["counted_negative"]].astype(np.float64), frame.prior)
    reference = _reference(audit, question) if audit.adjudicated else None
    again = {judgement.item_id: judgement.label for judgement in audit.second}
    differing = sum(j.item_id in again and question(j.label) != question(again[j.item_id]) for j in audit.first)
    return Beside(
        by_story=weighted(1 / acts),
        by_views=weighted(np.where(known, views, 0.0)) if known.mean() >= VIEWS_KNOWN else None,
        agreement_tone=_agreement(audit, None) if audit.second else None,
        agreement_counted=_agreement(audit, question) if audit.second else None,
        differing=differing,
        corrected=rogan_gladen(first_cells, reference, confidence=share.confidence) if reference else None,
        outlook=outlook(share, limit.value, strict=limit.strict),
        machine=Machine(estimate, drifted(estimate, share)),
        apart=Apart("audit", weighted(1 - abroad), weighted(abroad), by_people=by_people),
    )
