"""Teaching the embedded labeller a newsroom's own judgements: a few hundred labels already help.

The network stays as it is; a ridge-penalised correction of its calibrated scores is learnt from its inner layer. With
no labels it is nothing, with many it is a classifier of one's own. How strong the penalty is, and whether the result is
better than the labeller as it ships, is decided on stories held out, and once more on the latest items. A model that
is not better, or under the pinned floor, is not written. Items already drawn keep the scores they were drawn with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.errors import InputError
from canbang.label.evaluate import CHOICES, as_item, truth_of
from canbang.label.features import fields
from canbang.label.labeller import COLUMN, COLUMNS
from canbang.label.linear import EmbeddedLabeller, probabilities
from canbang.label.metrics import auc, ece, interval, macro_f1
from canbang.stories import StoryIndex

FLOOR = 0.85
"""Area under the ROC curve of counted-negative on held-out stories, under which no model is written."""
LEAST = 100
PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
FOLDS = 5
_STEPS = 400
_FLAGS = ("dark_side", "sensational", "public_interest", "counted_negative")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Labelled items as arrays: ``inner (n, d)`` and ``scores (n, 21)`` of the base, ``truth (n, 21)`` with NaN unknown."""

    inner: Floats
    scores: Floats
    truth: Floats
    story: NDArray[np.int32]
    when: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    def part(self, at: NDArray[np.int64]) -> Lesson:
        """The rows at these positions."""
        return Lesson(self.inner[at], self.scores[at], self.truth[at], self.story[at], self.when[at])


def lesson_of(rows: Sequence[dict[str, Any]], base: EmbeddedLabeller) -> Lesson:
    """Labelled rows (`label.evaluate` names their columns) through the base labeller."""
    items = [as_item(row, number) for number, row in enumerate(rows)]
    inner, scores = base.inner(fields(items))
    index = StoryIndex()
    for item in items:
        index.add(item)
    truth = np.full((len(rows), len(COLUMNS)), np.nan, np.float32)
    for name in _FLAGS:
        said = truth_of(rows, name)
        if said is not None:
            truth[:, COLUMN[name]] = said
    for name, kinds in CHOICES.items():
        said = truth_of(rows, name)
        if said is not None:
            known = np.isin(said, kinds)
            for kind in kinds:
                truth[known, COLUMN[f"{name}:{kind}"]] = said[known] == kind
    when = np.array([int(item.published_at.timestamp()) for item in items], np.int64)
    return Lesson(inner, scores, truth, index.cluster(), when)


@dataclass(frozen=True, slots=True)
class Correction:
    """What is added to the base's scores: ``((inner - mean) / scale) @ weight + bias``."""

    mean: Floats
    scale: Floats
    weight: Floats
    bias: Floats

    def scores(self, lesson: Lesson) -> Floats:
        """Corrected scores, ``shape (n, 21)``."""
        return np.asarray(
            lesson.scores + ((lesson.inner - self.mean) / self.scale) @ self.weight + self.bias, np.float32
        )


def fit(lesson: Lesson, penalty: float) -> Correction:
    """The correction of least penalised log-loss, by accelerated full-batch descent; the same every time."""
    mean, scale = lesson.inner.mean(axis=0), lesson.inner.std(axis=0) + 1e-3
    x = (lesson.inner - mean) / scale
    n, d = x.shape
    known = ~np.isnan(lesson.truth)
    truth = np.where(known, lesson.truth, 0)
    weight, bias = np.zeros((d, len(COLUMNS)), np.float32), np.zeros(len(COLUMNS), np.float32)
    ahead_w, ahead_b = weight, bias
    # a bound on the curvature: logistic and softmax losses have second derivatives of at most 1/4 and 1/2
    rate = 1.0 / (0.5 * float(np.linalg.norm(x, 2)) ** 2 + penalty)
    rate_b = 1.0 / (0.5 * n + 1.0)
    for step in range(_STEPS):
        error = np.where(known, probabilities(lesson.scores + x @ ahead_w + ahead_b) - truth, 0)
        new_w = ahead_w - rate * (x.T @ error + penalty * ahead_w)
        new_b = ahead_b - rate_b * (error.sum(axis=0) + ahead_b)
        momentum = step / (step + 3)
        ahead_w, ahead_b = new_w + momentum * (new_w - weight), new_b + momentum * (new_b - bias)
        weight, bias = new_w, new_b
    return Correction(mean, scale, weight.astype(np.float32), bias.astype(np.float32))


def log_loss(scores: Floats, truth: Floats) -> float:
    """Mean log-loss over the labels that are known, counted-negative's weighing as much as all others together."""
    p = np.clip(probabilities(scores), 1e-6, 1 - 1e-6)
    loss = -np.where(truth > 0.5, np.log(p), np.log(1 - p))
    known = ~np.isnan(truth)
    one = COLUMN["counted_negative"]
    rest = [k for k in range(len(COLUMNS)) if k != one and known[:, k].any()]
    parts = [float(loss[known[:, k], k].mean()) for k in rest]
    return (float(loss[known[:, one], one].mean()) + float(np.mean(parts))) / 2


def _held_out(lesson: Lesson, penalty: float, seed: int) -> Floats:
    """Corrected scores of every item, each from a correction that saw no item of its story."""
    fold = np.random.default_rng(seed).integers(0, FOLDS, int(lesson.story.max()) + 1)[lesson.story]
    out = np.empty_like(lesson.scores)
    for k in range(FOLDS):
        train, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if len(held):
            out[held] = fit(lesson.part(train), penalty).scores(lesson.part(held))
    return out


def _area(said: NDArray[np.bool_], score: Floats) -> Callable[[NDArray[np.int64]], float]:
    return lambda at: auc(said[at], score[at])


def figures(scores: Floats, truth: Floats, seed: int = 0) -> dict[str, Any]:
    """Figures with bootstrap intervals of each label that is known for every row."""
    p = probabilities(scores)
    found: dict[str, Any] = {"items": len(p)}
    for name in _FLAGS:
        k = COLUMN[name]
        at = np.flatnonzero(~np.isnan(truth[:, k]))
        said, score = truth[at, k] > 0.5, p[at, k]
        if not said.any() or said.all():
            continue
        found[name] = {
            "positive": int(said.sum()),
            "macro_f1": round(macro_f1(said, score >= 0.5), 3),
            "auc": round(auc(said, score), 3),
            "auc_interval": interval(_area(said, score), len(said), seed=seed),
            "ece": round(ece(said, score), 3),
        }
    for name, kinds in CHOICES.items():
        columns = [COLUMN[f"{name}:{kind}"] for kind in kinds]
        at = np.flatnonzero(~np.isnan(truth[:, columns[0]]))
        if len(at):
            said_kind, guess = truth[at][:, columns].argmax(axis=1), p[at][:, columns].argmax(axis=1)
            found[name] = {"macro_f1": round(macro_f1(said_kind, guess), 3)}
    return found


def _timed(lesson: Lesson, penalty: float) -> dict[str, Any] | None:
    """Figures on the latest fifth after learning from the rest; ``None`` where dates do not tell."""
    order = np.argsort(lesson.when, kind="stable")
    cut = int(0.8 * len(lesson))
    if lesson.when[order[0]] == lesson.when[order[-1]]:
        return None
    early, late = lesson.part(order[:cut]), lesson.part(order[cut:])
    return {
        "before": figures(late.scores, late.truth),
        "after": figures(fit(early, penalty).scores(late), late.truth),
    }


def adapt(
    rows: Sequence[dict[str, Any]],
    base: EmbeddedLabeller,
    out: Path,
    *,
    sources: Sequence[Path] = (),
    floor: float = FLOOR,
    seed: int = 20261121,
) -> dict[str, Any]:
    """Learn from ``rows``, write the model to ``out`` and its card beside it (.json); gives the card.

    Raises :class:`InputError` for too few labels, one kind of label only, or a model that fails the gate; nothing is
    written then.
    """
    lesson = lesson_of(rows, base)
    said = lesson.truth[:, COLUMN["counted_negative"]]
    positive = int(np.nansum(said))
    if len(rows) < LEAST or min(positive, int((said == 0).sum())) < 10:
        raise InputError(
            f"Mới có {len(rows)} tin có nhãn, {positive} tin tính là tiêu cực: cần ít nhất {LEAST} tin, mỗi loại 10 tin. Chấm thêm rồi chạy lại."
        )
    losses = {penalty: log_loss(_held_out(lesson, penalty, seed), lesson.truth) for penalty in PENALTIES}
    penalty = min(losses, key=lambda value: losses[value])
    before, after = log_loss(lesson.scores, lesson.truth), losses[penalty]
    held = figures(_held_out(lesson, penalty, seed), lesson.truth, seed)
    area = held["counted_negative"]["auc"]
    if after >= before:
        raise InputError(
            f"Mô hình học thêm không tốt hơn mô hình sẵn có (log-loss {after:.4f} so với {before:.4f}), không ghi. Chấm thêm rồi chạy lại."
        )
    if area < floor:
        raise InputError(
            f"Mô hình học thêm có AUC {area:.3f}, dưới sàn {floor:.2f}, không ghi. Kiểm tra phiếu chấm, hoặc hạ sàn bằng --floor."
        )
    correction = fit(lesson, penalty)
    digest = hashlib.sha256(json.dumps([str(sorted(row.items(), key=str)) for row in rows]).encode()).hexdigest()
    version = f"{base.version}+{digest[:8]}"
    card = {
        "base": base.version,
        "version": version,
        "data": {str(path.name): hashlib.sha256(path.read_bytes()).hexdigest() for path in sources},
        "items": len(rows), "counted_negative": positive, "penalty": penalty, "floor": floor, "seed": seed,
        "log_loss": {"before": round(before, 4), "after": round(after, 4)},
        "held_out_stories": {"before": figures(lesson.scores, lesson.truth, seed), "after": held},
        "latest_items": _timed(lesson, penalty),
        "weak_spots": [
            "Learnt from one unit's judgements: good for its own channels, unproven elsewhere.",
            "Labels that the judgements do not hold (clickbait) are those of the base.",
        ],
    }  # fmt: skip
    prior = float(np.nanmean(said))
    base.with_correction(correction.mean, correction.scale, correction.weight, correction.bias, version, prior).save(
        out
    )
    out.with_suffix(".json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return card
