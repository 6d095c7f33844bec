"""The embedded labeller: every label in one pass, with numpy alone.

The network is the student of `train_student`: hashed embeddings of words and word pairs, a convolution over five
words max-pooled in title and rest apart, one hidden layer. Beside it stands a linear model on the same words and
pairs, which keeps the exact wording that a network smooths over. Both together are calibrated per head.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from canbang.label import features
from canbang.label.labeller import COLUMN, COLUMNS

if TYPE_CHECKING:
    from canbang.item import Item

MODEL = Path(__file__).resolve().parent.parent / "data" / "labeller.npz"
CHUNK = 64
"""Items computed at a time: small enough that the convolution's output stays in the processor's cache."""

TONE, FLAGS, THEME = slice(0, 3), slice(3, 8), slice(8, 21)
Floats = NDArray[np.float32]


def softmax(z: Floats) -> Floats:
    """Rows of scores to rows of probabilities."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True), np.float32)


def probabilities(z: Floats) -> Floats:
    """Calibrated scores (n, 21) to probabilities: tone and theme sum to one, the flags stand alone."""
    out = np.empty_like(z, dtype=np.float32)
    out[:, TONE], out[:, THEME] = softmax(z[:, TONE]), softmax(z[:, THEME])
    out[:, FLAGS] = 1 / (1 + np.exp(-np.clip(z[:, FLAGS], -30, 30)))
    return out


class Network:
    """The forward pass over plain arrays; `arrays` as `train.pack` writes them."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._words, self._pairs = arrays["words"], arrays["pairs"]
        self.word_bits = len(self._words).bit_length() - 1
        self.pair_bits = len(self._pairs).bit_length() - 1
        # The tables stay in int8; their scales go into the weights that multiply them.
        scale = np.concatenate([arrays["words_scale"], arrays["pairs_scale"]]).astype(np.float32)[:, None]
        width = self._width = len(scale)
        conv = arrays["conv"].astype(np.float32)
        self._window, channels = len(conv), conv.shape[2]
        conv[:, :width] *= scale
        self._conv = np.ascontiguousarray(conv)
        self._bias = arrays["conv_bias"].astype(np.float32)
        hidden = arrays["hidden"].astype(np.float32)
        for field in (0, 1):
            at = field * (channels + width) + channels
            hidden[at : at + width] *= scale
        self._hidden, self._hidden_bias = hidden, arrays["hidden_bias"].astype(np.float32)
        self._out, self._out_bias = arrays["out"].astype(np.float32), arrays["out_bias"].astype(np.float32)
        self._kinds = np.eye(features.SHAPES + 1, features.SHAPES, dtype=np.float32)

    def rows(self, batch: features.Batch) -> features.Rows:
        """Table rows of a batch, with this network's sizes."""
        return features.rows(batch, self.word_bits, self.pair_bits, self._window // 2)

    def forward(self, rows: features.Rows) -> Floats:
        """Uncalibrated scores (n, 21)."""
        width, words = self._width, self._words.shape[1]
        x = np.empty((len(rows.words), width + features.SHAPES), np.float32)
        x[:, :words] = self._words[rows.words]
        x[:, words:width] = self._pairs[rows.pairs]
        x[:, width:] = self._kinds[rows.shape]
        gap = self._window // 2
        inner = len(x) - 2 * gap
        z = x[:inner] @ self._conv[0]
        for k in range(1, self._window):
            z += x[k : k + inner] @ self._conv[k]
        length = rows.last - rows.first
        empty = length == 0
        root = np.sqrt(np.maximum(length, 1)).astype(np.float32)[:, None]
        edges = np.stack([rows.first, rows.last], axis=1).ravel()
        # z has no row for the outer gaps: its row k stands for token k + gap.
        tops = np.maximum.reduceat(z, edges - gap, axis=0)[::2]
        tops[empty] = -1e4
        means = np.add.reduceat(x[:, :width], rows.first, axis=0) / root
        means[empty] = 0
        n = len(rows)
        tops = np.maximum(tops.reshape(n, 2, -1) + self._bias, 0)
        seen = np.concatenate([tops, means.reshape(n, 2, -1)], axis=2).reshape(n, -1)
        return np.asarray(np.maximum(seen @ self._hidden + self._hidden_bias, 0) @ self._out + self._out_bias)


class Wide:
    """The linear part: what exact words and pairs say for each column."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._table = arrays["wide"]
        self._bits = len(self._table).bit_length() - 1
        self._scale = arrays["wide_scale"].astype(np.float32)
        self._bias = arrays["wide_bias"].astype(np.float32)

    def forward(self, batch: features.Batch) -> Floats:
        """Log-odds (n, 21)."""
        rows = features.wide_rows(batch, self._bits)
        first = batch.starts[:-1:2]
        length = batch.starts[2::2] - first
        # One row of zeros at the end, for empty items there begin behind the last token.
        each = np.zeros((len(rows) + 1, self._table.shape[1]), np.float32)
        each[:-1] = self._table[rows].sum(axis=1, dtype=np.int16)
        sums = np.add.reduceat(each, first, axis=0)
        sums[length == 0] = 0
        root = np.sqrt(np.maximum(4 * length, 1)).astype(np.float32)[:, None]
        return np.asarray(sums * self._scale / root + self._bias, np.float32)


class EmbeddedLabeller:
    """The labeller that ships with the package; `predict` gives the columns of `labeller.COLUMNS`."""

    name = "embedded"

    def __init__(self, arrays: dict[str, NDArray[Any]], meta: dict[str, Any]) -> None:
        self.version: str = meta["version"]
        self.meta = meta
        self.thresholds: dict[str, float] = {k: float(v) for k, v in meta.get("thresholds", {}).items()}
        self._network, self._wide = Network(arrays), Wide(arrays)
        self._share = float(meta["wide_share"])
        self._slope = arrays["slope"].astype(np.float32)
        self._offset = arrays["offset"].astype(np.float32)
        self._tokens = features.Tokeniser()

    @classmethod
    def load(cls, path: Path = MODEL) -> EmbeddedLabeller:
        """Read a model file; raises FileNotFoundError, and ValueError for a file of another kind."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if "meta" not in arrays:
            raise ValueError(f"{path} is not a labeller's model file")
        meta = json.loads(arrays.pop("meta").tobytes())
        if meta.get("kind") != "student":
            raise ValueError(f"{path} holds a model of kind {meta.get('kind')!r}, not 'student'")
        return cls(arrays, meta)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Uncalibrated scores (n, 21) of (title, rest) pairs."""
        parts = [np.zeros((0, len(COLUMNS)), np.float32)]
        for start in range(0, len(pairs), CHUNK):
            batch = self._tokens.batch(pairs[start : start + CHUNK])
            deep = self._network.forward(self._network.rows(batch))
            parts.append((1 - self._share) * deep + 2 * self._share * self._wide.forward(batch))
        return np.concatenate(parts)

    def predict(self, items: Sequence[Item]) -> Floats:
        """Probabilities, shape (n, 21); the columns are `labeller.COLUMNS`."""
        return self.predict_pairs(features.fields(items))

    def predict_pairs(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """The same for (title, rest) pairs that went through `features.prepare`."""
        return probabilities(self.scores(pairs) * self._slope + self._offset)

    def explain(self, item: Item, label: str = "counted_negative", limit: int = 6) -> list[tuple[str, float]]:
        """The phrases of up to four words that moved `label` most, with the log-odds that each is worth.

        A phrase's worth is how far the label's calibrated score falls when its words are left out; positive
        speaks for the label, negative against it. Phrases do not overlap. Raises ValueError for an unknown label.
        """
        if label not in COLUMN:
            raise ValueError(f"unknown label {label!r}")
        column = COLUMN[label]
        fields = features.fields([item])[0]
        spans = [[m.span() for m in features.TOKEN.finditer(text)][: features.MAX_TOKENS] for text in fields]
        cuts = [
            (which, i, i + size)
            for which in (0, 1)
            for size in (1, 2, 3, 4)
            for i in range(0, len(spans[which]) - size + 1)
            if fields[which][spans[which][i][0]].isalnum() and fields[which][spans[which][i + size - 1][0]].isalnum()
        ]
        variants = [fields]
        for which, i, j in cuts:
            text = fields[which]
            left = f"{text[: spans[which][i][0]]} {text[spans[which][j - 1][1] :]}"
            variants.append((left, fields[1]) if which == 0 else (fields[0], left))
        z = self.scores(variants) * self._slope + self._offset
        odds = self._log_odds(z, column)
        worth = odds[0] - odds[1:]
        return self._best(fields, spans, cuts, worth, limit)

    @staticmethod
    def _log_odds(z: Floats, column: int) -> Floats:
        """Log-odds of a column; from the scores, for a probability near one has no digits left to compare."""
        for part in (TONE, THEME):
            if part.start <= column < part.stop:
                others = np.delete(z[:, part], column - part.start, axis=1)
                top = others.max(axis=1)
                return np.asarray(z[:, column] - top - np.log(np.exp(others - top[:, None]).sum(axis=1)), np.float32)
        return z[:, column]

    @staticmethod
    def _best(
        fields: tuple[str, str], spans: list[list[tuple[int, int]]], cuts: list[tuple[int, int, int]],
        worth: Floats, limit: int,
    ) -> list[tuple[str, float]]:  # fmt: skip
        """The strongest phrases that do not overlap; a longer one must add something for every word it adds."""
        size = np.array([j - i for _, i, j in cuts] or [1])
        taken: set[tuple[int, int]] = set()
        out: list[tuple[str, float]] = []
        for k in np.argsort(-np.abs(worth) / size**0.5, kind="stable") if cuts else ():
            which, i, j = cuts[k]
            here = {(which, t) for t in range(i, j)}
            if len(out) == limit or abs(worth[k]) < 0.05:
                break
            if not here & taken:
                taken |= here
                out.append((fields[which][spans[which][i][0] : spans[which][j - 1][1]], round(float(worth[k]), 3)))
        return out
