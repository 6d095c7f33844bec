"""Figures of a model card: macro-F1, AUC, calibration error, each with a bootstrap interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label.labeller import COLUMN
from canbang.label.metrics import auc, ece, interval, macro_f1
from canbang.label.train import data as train_data


def summary(y: NDArray[np.float32], p: NDArray[np.float32], thresholds: dict[str, float]) -> dict[str, Any]:
    """All figures that `y` (n, 21; NaN unknown) has labels for; `p` are probabilities."""
    out: dict[str, Any] = {"items": len(y)}
    for name in ("counted_negative", "dark_side", "sensational", "public_interest", "clickbait"):
        column = COLUMN[name]
        if len(y) == 0 or np.isnan(y[:, column]).any():
            continue
        truth, score = y[:, column] > 0.5, p[:, column]
        guess = score >= thresholds.get(name, 0.5)

        def f1(at: NDArray[np.int64], truth: Any = truth, guess: Any = guess) -> float:
            return macro_f1(truth[at], guess[at])

        def area(at: NDArray[np.int64], truth: Any = truth, score: Any = score) -> float:
            return auc(truth[at], score[at])

        out[name] = {
            "positive": int(truth.sum()),
            "macro_f1": round(macro_f1(truth, guess), 3),
            "macro_f1_interval": interval(f1, len(y), seed=1),
            "auc": round(auc(truth, score), 3),
            "auc_interval": interval(area, len(y), seed=2),
            "ece": round(ece(truth, score), 3),
        }
    for name, part in (("tone", slice(0, 3)), ("theme", slice(8, train_data.WIDTH))):
        if len(y) == 0 or np.isnan(y[:, part]).any():
            continue
        truth, guess = y[:, part].argmax(1), p[:, part].argmax(1)

        def choice(at: NDArray[np.int64], truth: Any = truth, guess: Any = guess) -> float:
            return macro_f1(truth[at], guess[at])

        out[name] = {
            "macro_f1": round(macro_f1(truth, guess), 3),
            "macro_f1_interval": interval(choice, len(y), seed=3),
            "accuracy": round(float(np.mean(truth == guess)), 3),
        }
    return out
