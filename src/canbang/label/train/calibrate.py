"""Scores to honest probabilities: a slope and an offset per flag; for tones and for themes one slope each, and an
offset per class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from canbang.label.labeller import COLUMNS
from canbang.label.linear import softmax
from canbang.label.metrics import macro_f1
from canbang.label.train import data as train_data

Floats = NDArray[np.float32]
_SHRINK = 4.0
"""Weight of the belief that slope is 1 and offset 0, in held-out rows: a rare label must not swing its head."""


def _platt(z: Floats, y: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset by damped Newton steps on the log-likelihood, drawn a little towards (1, 0)."""

    def loss(a: float, b: float) -> float:
        m = a * z + b
        pull = 0.5 * _SHRINK * ((a - 1) ** 2 + b**2)
        return float(np.sum(np.logaddexp(0, m) - y * m) + pull)

    a, b, now = 1.0, 0.0, loss(1.0, 0.0)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(a * z + b, -30, 30)))
        w = np.maximum(p * (1 - p), 1e-6)
        gradient = np.array([np.sum((p - y) * z) + _SHRINK * (a - 1), np.sum(p - y) + _SHRINK * b])
        hessian = np.array([[np.sum(w * z * z) + _SHRINK, np.sum(w * z)], [np.sum(w * z), np.sum(w) + _SHRINK]])
        step, size = np.linalg.solve(hessian, gradient), 1.0
        # A full step from very sure scores overshoots; halve it until it helps.
        while size > 1e-6 and loss(a - size * step[0], b - size * step[1]) > now:
            size /= 2
        a, b = a - size * step[0], b - size * step[1]
        before, now = now, loss(a, b)
        if before - now < 1e-9:
            break
    return float(max(a, 0.05)), float(b)


def _temperature(z: Floats, y: NDArray[np.int64]) -> float:
    """The slope of least log-loss, by search."""
    best, least = 1.0, np.inf
    for slope in np.geomspace(0.3, 3, 61):
        s = z * slope
        s = s - s.max(axis=1, keepdims=True)
        loss = float(np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y]))
        if loss < least:
            best, least = float(slope), loss
    return best


def _offsets(z: Floats, y: NDArray[np.int64]) -> Floats:
    """Offsets per class that make the mean probabilities meet the shares, a few rows of doubt added to either."""
    offset = np.zeros(z.shape[1], np.float32)
    seen = np.bincount(y, minlength=z.shape[1]) + 5
    for _ in range(60):
        offset += 0.5 * np.log(seen / (softmax(z + offset).sum(axis=0) + 5)).astype(np.float32)
    return np.asarray(offset - offset.mean(), np.float32)


def calibrate(scores: Floats, rows: train_data.Rows) -> tuple[Floats, Floats, dict[str, float]]:
    """Slope and offset per column from rows that nothing was fitted on, and a threshold per flag.

    Where the clickbait label alone is known, only that head is fitted. The thresholds are for who wants a yes or no
    (`canbang evaluate`); shares are never counted from them.
    """
    slope, offset = np.ones(train_data.WIDTH, np.float32), np.zeros(train_data.WIDTH, np.float32)
    thresholds: dict[str, float] = {}
    for part in (slice(0, 3), slice(8, train_data.WIDTH)):
        known = ~np.isnan(rows.y[:, part]).any(axis=1)
        truth = rows.y[known, part].argmax(axis=1)
        slope[part] = _temperature(scores[known, part], truth)
        offset[part] = _offsets(scores[known, part] * slope[part], truth)
    for column in range(3, 8):
        known = ~np.isnan(rows.y[:, column])
        y = rows.y[known, column] > 0.5
        slope[column], offset[column] = _platt(scores[known, column], y)
        thresholds[COLUMNS[column]] = _cut(scores[known, column] * slope[column] + offset[column], y)
    return slope, offset, thresholds


def _cut(z: Floats, y: NDArray[np.bool_]) -> float:
    """The threshold of best macro-F1, smoothed over its neighbours and kept between 0.25 and 0.6: macro-F1 of a rare
    label peaks below one half, and a peak found on few rows is mostly luck."""
    p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
    grid = np.arange(0.16, 0.70, 0.02)
    f1 = np.array([macro_f1(y, p >= t) for t in grid])
    smooth = np.convolve(np.pad(f1, 3, mode="edge"), np.ones(7) / 7, "valid")
    return round(float(np.clip(grid[smooth.argmax()], 0.25, 0.6)), 2)
