"""The frozen draw: which items people judge, decided by a secret and nothing else.

Each item has a permanent random number, HMAC-SHA256 of the secret and its id; in each score band the items with the
smallest numbers are drawn. So a draw is a simple random sample within its band, for any channel or week inside it,
and anybody with the secret can repeat it. A later look draws the next numbers of the same bands; items that were
published since form an *epoch* with bands of their own. Scores and bands are frozen: a newer labeller changes nothing. The secret may be kept back until the month closes; its commitment
(a hash) is in the file from the start, so that nobody can try secrets until a draw pleases.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from canbang.errors import InputError
from canbang.estimate.design import MINIMUM, allocate, bands
from canbang.estimate.share import ShareError

DOUBLE_RATE = 0.2
DOUBLE_LEAST = 30


@dataclass(frozen=True, slots=True)
class Draw:
    """A frame (ids with frozen score and band), the looks taken at it, and what it was made with.

    ``frame_ids`` is sorted; ``scores``, ``bands`` and ``epochs`` (the look at which an item came in, from 0) run beside
    it; ``sizes`` is N by band. ``budgets`` are the labels in all after each look, ``by_scores`` whether that look's labels
    followed the scores or the band sizes; ``drawn`` lists drawn ids look by look, each look in an order that tells no band.
    ``doubled`` are the ids that a second auditor judges too. ``secret`` is "" until it is revealed.
    """

    commitment: str
    secret: str
    mode: str
    frame_ids: tuple[str, ...]
    scores: tuple[float, ...]
    bands: tuple[int, ...]
    epochs: tuple[int, ...]
    sizes: tuple[int, ...]
    budgets: tuple[int, ...]
    by_scores: tuple[bool, ...]
    looks: tuple[tuple[int, ...], ...]
    drawn: tuple[str, ...]
    doubled: tuple[str, ...]
    labeller: tuple[str, str]
    codebook: tuple[str, str]
    window: tuple[str, str] = field(default=("", ""))

    @property
    def drawn_sizes(self) -> tuple[int, ...]:
        """n by band, after the last look."""
        return self.looks[-1]

    @property
    def frame_digest(self) -> str:
        """SHA-256 over the sorted ids of the frame."""
        digest = hashlib.sha256()
        for item_id in self.frame_ids:
            digest.update(item_id.encode() + b"\0")
        return digest.hexdigest()


def commitment_of(secret: str) -> str:
    """What is published of a secret before it is revealed."""
    return hashlib.sha256(f"canbang-draw|{secret}".encode()).hexdigest()


def draw_key(secret: bytes, item_id: str) -> float:
    """The permanent random number of an item, in [0, 1)."""
    code = hmac.new(secret, item_id.encode(), hashlib.sha256).digest()
    return int.from_bytes(code[:7], "big") / (1 << 56)


def make_draw(
    ids: Sequence[str],
    scores: NDArray[np.float64],
    budget: int,
    secret: str,
    *,
    labeller: tuple[str, str],
    codebook: tuple[str, str],
    window: tuple[str, str] = ("", ""),
    mode: str = "one_look",
) -> Draw:
    """The first look: ``budget`` of ``ids`` (all of them where there are fewer). Labeller: (name, version)."""
    empty = Draw(
        commitment=commitment_of(secret), secret=secret, mode=mode, frame_ids=(), scores=(), bands=(), epochs=(),
        sizes=(), budgets=(), by_scores=(), looks=(), drawn=(), doubled=(), labeller=labeller, codebook=codebook, window=window,
    )  # fmt: skip
    return next_look(empty, budget, secret, ids, scores)


def _with_epoch(draw: Draw, ids: Sequence[str], scores: NDArray[np.float64], labels: int) -> Draw:
    """The draw with new items in bands of their own, cut for about ``labels`` labels."""
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    # four digits: what the file holds is what the bands are cut from, so that a reader can cut them again
    rounded = np.round(np.asarray(scores, np.float64)[order], 4)
    band = bands(rounded, labels)
    first, epoch = len(draw.sizes), len(draw.budgets)
    new = [(ids[i], float(score), int(h) + first, epoch) for i, score, h in zip(order, rounded, band, strict=True)]
    old = zip(draw.frame_ids, draw.scores, draw.bands, draw.epochs, strict=True)
    frame_ids, all_scores, all_bands, epochs = zip(*sorted([*old, *new]), strict=True)
    return replace(
        draw, frame_ids=frame_ids, scores=all_scores, bands=all_bands, epochs=epochs,
        sizes=(*draw.sizes, *np.bincount(band).tolist()),
    )  # fmt: skip


def next_look(
    draw: Draw, budget: int, secret: str, new_ids: Sequence[str] = (), new_scores: NDArray[np.float64] | None = None,
    *, by_scores: bool = True,
) -> Draw:  # fmt: skip
    """The draw with one more look, ``budget`` labels in all: more of the same bands, nobody leaves.

    ``new_ids`` are items published since the last look. Without ``by_scores`` the labels go in proportion to the items:
    for a labeller whose bands the audit so far does not bear out (``estimate.design.separate``). The choice rests on
    judgements, so it stands in the file; which items are drawn in a band does not. Raises :class:`InputError` where the secret is not the
    committed one or the budget does not grow.
    """
    if commitment_of(secret) != draw.commitment:
        raise InputError("Mã rút mẫu không khớp với cam kết trong tệp rút mẫu. Dùng đúng tệp mã của kỳ này.")
    spent = draw.budgets[-1] if draw.budgets else 0
    if budget <= spent:
        raise InputError(f"Lần rút sau phải nhiều hơn {spent} tin đã rút (đang yêu cầu {budget}).")
    old_looks = draw.looks[-1] if draw.looks else ()
    if len(new_ids):
        draw = _with_epoch(draw, new_ids, np.asarray(new_scores, np.float64), budget - spent)
    before = (*old_looks, *(0,) * (len(draw.sizes) - len(old_looks)))
    band = np.asarray(draw.bands)
    means = np.bincount(band, weights=np.asarray(draw.scores)) / np.asarray(draw.sizes)
    try:
        wanted = allocate(list(draw.sizes), means.tolist() if by_scores else [0.5] * len(draw.sizes), budget)
    except ShareError as error:
        least = MINIMUM * len(draw.sizes)
        raise InputError(
            f"{budget} tin là quá ít cho {len(draw.sizes)} dải điểm. Rút ít nhất {least} tin (-n)."
        ) from error
    counts = [max(old, n) for old, n in zip(before, wanted, strict=True)]
    keys = np.array([draw_key(secret.encode(), item_id) for item_id in draw.frame_ids])
    chosen: list[str] = []
    for h, (old, n) in enumerate(zip(before, counts, strict=True)):
        members = np.flatnonzero(band == h)
        chosen += [draw.frame_ids[i] for i in members[np.argsort(keys[members], kind="stable")[old:n]]]
    chosen.sort(key=lambda item_id: draw_key(f"{secret}|order".encode(), item_id))
    drawn = (*draw.drawn, *chosen)
    twice = min(len(drawn), max(DOUBLE_LEAST, ceil(DOUBLE_RATE * len(drawn))))
    by_chance = sorted(drawn, key=lambda item_id: draw_key(f"{secret}|double".encode(), item_id))
    return replace(
        draw, secret=secret, budgets=(*draw.budgets, budget), by_scores=(*draw.by_scores, by_scores),
        looks=(*draw.looks, tuple(counts)), drawn=drawn,
        # what was to be judged twice at an earlier look stays so: nobody's second reading is thrown away
        doubled=tuple(sorted({*draw.doubled, *by_chance[:twice]}, key=drawn.index)),
    )  # fmt: skip


def differences(draw: Draw, secret: str) -> list[str]:
    """Names of the parts of ``draw`` that its secret does not give again; empty where it is as it was made."""
    if commitment_of(secret) != draw.commitment:
        return ["mã rút mẫu"]
    frame = list(zip(draw.frame_ids, draw.scores, draw.epochs, strict=True))
    again = replace(
        draw, frame_ids=(), scores=(), bands=(), epochs=(), sizes=(), budgets=(), by_scores=(), looks=(), drawn=(),
        doubled=(),
    )  # fmt: skip
    for look, (budget, by_scores) in enumerate(zip(draw.budgets, draw.by_scores, strict=True)):
        new = [(item_id, score) for item_id, score, epoch in frame if epoch == look]
        ids, scores = [i for i, _ in new], np.array([score for _, score in new])
        again = next_look(again, budget, secret, ids, scores, by_scores=by_scores)
    parts = {
        "bands": "dải điểm", "sizes": "số tin mỗi dải", "looks": "số tin rút mỗi dải", "drawn": "các tin được rút",
        "doubled": "các tin chấm hai lần",
    }  # fmt: skip
    return [name for part, name in parts.items() if getattr(again, part) != getattr(draw, part)]
