"""Figures of a classifier: macro-F1, area under the ROC curve, calibration error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10


def macro_f1(truth: NDArray[Any], guess: NDArray[Any]) -> float:
    """Mean F1 over the classes that occur in truth or guess; NaN for no rows."""
    scores = []
    for kind in np.union1d(truth, guess):
        hit = int(np.sum((truth == kind) & (guess == kind)))
        total = int(np.sum(truth == kind)) + int(np.sum(guess == kind))
        scores.append(2 * hit / total)
    return float(np.mean(scores)) if scores else float("nan")


def auc(truth: NDArray[np.bool_], score: NDArray[Any]) -> float:
    """Area under the ROC curve, ties counted half; NaN where one class is missing."""
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    _, inverse, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[inverse]
    return float((rank[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def ece(truth: NDArray[np.bool_], probability: NDArray[Any], bins: int = BINS) -> float:
    """Expected calibration error over ``bins`` of equal size by rising probability; NaN for no rows."""
    if not len(truth):
        return float("nan")
    order = np.argsort(probability, kind="stable")
    gaps = (abs(truth[at].mean() - probability[at].mean()) * len(at) for at in np.array_split(order, bins) if len(at))
    return float(sum(gaps) / len(truth))
