"""The second teacher: logistic regression on hashed words and word pairs, which keeps what an encoder smooths over.

Style lives in exact words ("và cái kết", "sốc"), and the encoder alone does worse on `sensational` than this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label import features
from canbang.label.train import data as train_data

BITS = 18


def matrix(pairs: Sequence[tuple[str, str]]) -> Any:
    """Sparse (n, 2^18) counts of words and pairs, each alone and in its field, divided by the root of each item's number of them."""
    from scipy import sparse

    batch = features.Tokeniser().batch(pairs)
    words = features.wide_word_rows(batch.words, BITS)[batch.ids, features.field_of(batch)]
    rows = np.concatenate([words, features.wide_pair_rows(batch, BITS)], axis=1).ravel()
    length = 4 * (batch.starts[2::2] - batch.starts[:-2:2])
    splits = np.concatenate([[0], np.cumsum(length)])
    table = sparse.csr_matrix((np.ones(len(rows), np.float32), rows, splits), shape=(len(pairs), 1 << BITS))
    table.sum_duplicates()
    return sparse.diags(1 / np.sqrt(np.maximum(length, 1))) @ table


class Wide:
    """One logistic regression per column, on known rows only; `scores` gives (n, 21) log-odds."""

    def __init__(self, rows: train_data.Rows, strength: float = 20.0) -> None:
        from scipy import sparse
        from sklearn.linear_model import LogisticRegression

        x = matrix(rows.pairs)
        seen = np.bincount(x.indices, minlength=x.shape[1])
        self._idf = sparse.diags((np.log((1 + len(rows)) / (1 + seen)) + 1) / 4)
        x = (x @ self._idf).tocsr()
        self._weights: list[Any] = []
        self._bias = np.zeros(train_data.WIDTH)
        for column in range(train_data.WIDTH):
            known = ~np.isnan(rows.y[:, column])
            truth = rows.y[known, column] > 0.5
            if not known.any() or truth.all() or not truth.any():
                # A column without an example of one side says nothing but what it saw.
                self._weights.append(np.zeros(x.shape[1]))
                self._bias[column] = 0.0 if not known.any() else (4.0 if truth.all() else -4.0)
                continue
            model = LogisticRegression(C=strength, solver="liblinear", random_state=0)
            model.fit(x[known], truth)
            self._weights.append(model.coef_[0])
            self._bias[column] = model.intercept_[0]

    def table(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights (2^18, 21), rarity counted in, and bias (21,)."""
        weights = self._idf @ np.stack(self._weights, axis=1)
        return np.asarray(weights, np.float32), self._bias.astype(np.float32)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Log-odds (n, 21), uncalibrated."""
        x = matrix(pairs) @ self._idf
        return np.asarray(x @ np.stack(self._weights, axis=1) + self._bias, np.float32)
