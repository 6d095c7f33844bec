"""What stands beside the verdict and never makes one: stories, views, agreement, auditors' errors, outlook."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canbang.audit.agreement import Agreement, agreement
from canbang.audit.judge import Audit, Question
from canbang.estimate.outlook import Outlook, outlook
from canbang.estimate.reliability import Corrected, Reference, rogan_gladen
from canbang.estimate.share import Cell, Share, ShareError
from canbang.estimate.weighted import WeightedCell, WeightedShare, weighted_share
from canbang.item import Label
from canbang.limits import Limit

VIEWS_KNOWN = 0.8
"""Share of items whose views must be known before a share by views is shown."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Figures beside the verdict; ``None`` where there is nothing to compute one from.

    ``by_story`` counts every story once, ``by_views`` weighs items by their views; ``agreement`` is that of the two
    auditors on tone and on counted-negative; ``corrected`` carries the auditors' measured errors.
    """

    by_story: WeightedShare | None = None
    by_views: WeightedShare | None = None
    agreement_tone: Agreement | None = None
    agreement_counted: Agreement | None = None
    differing: int = 0
    corrected: Corrected | None = None
    outlook: Outlook | None = None


def _weighted(
    weight: NDArray[np.float64],
    band: NDArray[np.int8],
    sizes: tuple[int, ...],
    judged: NDArray[np.int64],
    found: NDArray[np.float64],
) -> WeightedShare | None:
    cells = []
    for h, size in enumerate(sizes):
        at = band[judged] == h
        cells.append(WeightedCell(size, weight[judged[at]], found[at]))
    try:
        return weighted_share(cells)
    except ShareError:
        return None


def _agreement(audit: Audit, question: Question | None) -> Agreement | None:
    """Agreement of the double-judged items on tone (no question) or on the answer to one."""
    first = {judgement.item_id: judgement.label for judgement in audit.first}

    def rating(label: Label) -> str | None:
        if label.not_an_item:
            return "not_an_item"
        if label.unsure:
            return "unsure"
        return label.tone if question is None else str(question(label))

    pairs = [(rating(first[judgement.item_id]), rating(judgement.label)) for judgement in audit.second]
    try:
        return agreement(pairs)
    except ShareError:
        return None


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


def figures_beside(
    audit: Audit, question: Question, share: Share, first_cells: list[Cell], limit: Limit, *,
    found: NDArray[np.float64], story: NDArray[np.int32], views: NDArray[np.float64], band: NDArray[np.int8], judged: NDArray[np.int64],
) -> Beside:  # fmt: skip
    """All that an audit allows. ``found`` are the answers to ``question`` beside ``judged``. ``first_cells`` hold the first auditors' answers alone; ``views`` has NaN where unknown."""
    acts = np.bincount(story)[story].astype(np.float64)
    sizes = audit.draw.sizes
    known = ~np.isnan(views)
    by_views = None
    if known.mean() >= VIEWS_KNOWN:
        by_views = _weighted(np.where(known, views, 0.0), band, sizes, judged, found)
    reference = _reference(audit, question) if audit.adjudicated else None
    again = {judgement.item_id: judgement.label for judgement in audit.second}
    differing = sum(j.item_id in again and question(j.label) != question(again[j.item_id]) for j in audit.first)
    return Beside(
        by_story=_weighted(1 / acts, band, sizes, judged, found),
        by_views=by_views,
        agreement_tone=_agreement(audit, None) if audit.second else None,
        agreement_counted=_agreement(audit, question) if audit.second else None,
        differing=differing,
        corrected=rogan_gladen(first_cells, reference, confidence=share.confidence) if reference else None,
        outlook=outlook(share, limit.value, strict=limit.strict),
    )
