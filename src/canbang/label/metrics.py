"""Figures of a classifier: macro-F1, area under the ROC curve, calibration error."""

from __future__ import annotations

from collections.abc import Callable
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


def interval(
    figure: Callable[[NDArray[np.int64]], float], n: int, *, seed: int, draws: int = 300
) -> tuple[float, float]:
    """95 % percentile interval of `figure` (a function of row indices) over bootstrap samples of n rows."""
    rng = np.random.default_rng(seed)
    values = [figure(rng.integers(0, n, n)) for _ in range(draws)]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return round(float(low), 3), round(float(high), 3)


def defined(value: Any, digits: int = 4) -> Any:
    """Figures rounded, and None for what is not defined: NaN is no JSON. Goes through dicts and lists."""
    if isinstance(value, dict):
        return {key: defined(inner, digits) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [defined(inner, digits) for inner in value]
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, digits)
    return value
