"""The embedded labeller: every label in one pass, with numpy alone.

The network is the student of `train_student`: hashed embeddings of words and word pairs, a convolution over five
words max-pooled in title and rest apart, one hidden layer. Beside it stands a linear model on the same words and
pairs, which keeps the exact wording that a network smooths over. Both together are calibrated per head.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from canbang.label import features
from canbang.label.labeller import COLUMN, COLUMNS

if TYPE_CHECKING:
    from canbang.item import Item

MODEL = Path(__file__).resolve().parent.parent / "data" / "labeller.npz"
CHUNK = 96
"""Items computed at a time: small enough that the convolution's output stays in the processor's cache."""

WORTH_TELLING = 0.05
"""Log-odds under which a phrase is no reason."""

TONE, FLAGS, THEME = slice(0, 3), slice(3, 8), slice(8, 21)
Floats = NDArray[np.float32]
_CORRECTION = ("correction_mean", "correction_scale", "correction_weight", "correction_bias")


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
        self._scratch: tuple[Floats, ...] = (np.empty((0, 0), np.float32),)

    def rows(self, batch: features.Batch) -> features.Rows:
        """Table rows of a batch, with this network's sizes."""
        return features.rows(batch, self.word_bits, self.pair_bits, self._window // 2)

    def forward(self, rows: features.Rows) -> Floats:
        """Uncalibrated scores (n, 21)."""
        return self.head(self.inner(rows))

    def head(self, inner: Floats) -> Floats:
        """Uncalibrated scores of the hidden layer's values."""
        return np.asarray(inner @ self._out + self._out_bias)

    @property
    def hidden_size(self) -> int:
        """Width of the hidden layer."""
        return len(self._out)

    def inner(self, rows: features.Rows) -> Floats:
        """What the hidden layer gives (n, hidden), before the last product."""
        x, z = self._convolved(rows)
        width, gap, n = self._width, self._window // 2, len(rows)
        seen = np.zeros((n, 2, z.shape[1] + width), np.float32)
        tops, means = seen[:, :, : z.shape[1]], seen[:, :, z.shape[1] :]
        # One reduction per field: several times faster than reduceat, which does not use the wide registers.
        for k, (first, last) in enumerate(zip(rows.first.tolist(), rows.last.tolist(), strict=True)):
            if first < last:
                np.maximum.reduce(z[first - gap : last - gap], axis=0, out=tops[k // 2, k % 2])
                np.add.reduce(x[first:last, :width], axis=0, out=means[k // 2, k % 2])
        length = (rows.last - rows.first).reshape(n, 2)
        tops += self._bias
        np.maximum(tops, 0, out=tops)
        tops[length == 0] = 0
        means /= np.sqrt(np.maximum(length, 1)).astype(np.float32)[:, :, None]
        return np.asarray(np.maximum(seen.reshape(n, -1) @ self._hidden + self._hidden_bias, 0))

    def _convolved(self, rows: features.Rows) -> tuple[Floats, Floats]:
        """Embeddings of all tokens, gaps included, and the convolution: its row k stands for token k + gap.

        Both live in scratch memory that the next call overwrites: fresh pages for each chunk cost more than the sums.
        """
        total, words, width = len(rows.words), self._words.shape[1], self._width
        if total > len(self._scratch[0]):
            channels = self._conv.shape[2]
            self._scratch = tuple(
                np.empty((total + total // 4, size), np.float32)
                for size in (width + features.SHAPES, channels, channels)
            )
        inner = total - self._window + 1
        x, z, term = self._scratch[0][:total], self._scratch[1][:inner], self._scratch[2][:inner]
        x[:, :words] = self._words[rows.words]
        x[:, words:width] = self._pairs[rows.pairs]
        x[:, width:] = self._kinds[rows.shape]
        np.matmul(x[:inner], self._conv[0], out=z)
        for k in range(1, self._window):
            np.matmul(x[k : k + inner], self._conv[k], out=term)
            z += term
        return x, z


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
        share = arrays["wide_share"].astype(np.float32)
        # The linear part's log-odds are about half as large as the network's.
        self._deep_weight, self._wide_weight = 1 - share, 2 * share
        self._slope = arrays["slope"].astype(np.float32)
        self._offset = arrays["offset"].astype(np.float32)
        self._arrays = arrays
        self._correction: tuple[Floats, ...] | None = None
        if _CORRECTION[0] in arrays:
            self._correction = tuple(arrays[name].astype(np.float32) for name in _CORRECTION)
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

    def inner(self, pairs: Sequence[tuple[str, str]]) -> tuple[Floats, Floats]:
        """The hidden layer (n, hidden) and the calibrated scores (n, 21) of (title, rest) pairs."""
        hidden = [np.zeros((0, self._network.hidden_size), np.float32)]
        scores = [np.zeros((0, len(COLUMNS)), np.float32)]
        for start in range(0, len(pairs), CHUNK):
            batch = self._tokens.batch(pairs[start : start + CHUNK])
            inner = self._network.inner(self._network.rows(batch))
            deep, wide = self._network.head(inner), self._wide.forward(batch)
            z = (self._deep_weight * deep + self._wide_weight * wide) * self._slope + self._offset
            if self._correction is not None:
                mean, scale, weight, bias = self._correction
                z = z + ((inner - mean) / scale) @ weight + bias
            hidden.append(inner)
            scores.append(z)
        return np.concatenate(hidden), np.concatenate(scores)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Calibrated scores (n, 21): log-odds of the flags, logits of tone and theme."""
        return self.inner(pairs)[1]

    def with_correction(
        self, mean: Floats, scale: Floats, weight: Floats, bias: Floats, version: str
    ) -> EmbeddedLabeller:
        """The same labeller with ``((inner - mean) / scale) @ weight + bias`` added to its scores (see `adapt`).

        Raises ValueError where it is corrected already: a correction is learnt on the labeller as it ships.
        """
        if self._correction is not None:
            raise ValueError("this labeller is corrected already")
        arrays = {**self._arrays, **dict(zip(_CORRECTION, (mean, scale, weight, bias), strict=True))}
        return EmbeddedLabeller(arrays, {**self.meta, "version": version})

    def save(self, path: Path) -> None:
        """Write the model file."""
        text = json.dumps(self.meta, ensure_ascii=False, sort_keys=True).encode()
        np.savez_compressed(path, allow_pickle=False, meta=np.frombuffer(text, np.uint8), **self._arrays)

    def predict(self, items: Sequence[Item]) -> Floats:
        """Probabilities, shape (n, 21); the columns are `labeller.COLUMNS`."""
        return self.predict_pairs(features.fields(items))

    def predict_pairs(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """The same for (title, rest) pairs that went through `features.prepare`."""
        return probabilities(self.scores(pairs))

    def explain(self, item: Item, label: str = "counted_negative", limit: int = 6) -> list[tuple[str, float]]:
        """The phrases, two words or more, that moved `label` most, with the log-odds that each is worth.

        A phrase's worth is how far the label's calibrated score falls when its words are left out; positive
        speaks for the label, negative against it. Phrases do not overlap. Raises ValueError for an unknown label.
        """
        if label not in COLUMN:
            raise ValueError(f"unknown label {label!r}")
        column = COLUMN[label]
        text = _Text.of(features.fields([item])[0])
        cuts = text.windows()
        chosen = _strongest(cuts, self._worth(text, cuts, column), limit)
        merged = _merged(chosen)
        worth = self._worth(text, merged, column)
        found = [(text.phrase(cut), round(float(w), 3)) for cut, w in zip(merged, worth, strict=True)]
        return sorted(found, key=lambda pair: -abs(pair[1]))

    def _worth(self, text: _Text, cuts: Sequence[_Cut], column: int) -> Floats:
        """How far the log-odds of a column fall without each cut."""
        if not cuts:
            return np.zeros(0, np.float32)
        z = self.scores([text.fields, *(text.without(cut) for cut in cuts)])
        odds = _log_odds(z, column)
        return np.asarray(odds[0] - odds[1:])


_Cut = tuple[int, int, int]
"""Field (0 title, 1 rest), first token, token behind the last."""


@dataclass(frozen=True)
class _Text:
    """An item's two fields with the places of their tokens."""

    fields: tuple[str, str]
    spans: tuple[list[tuple[int, int]], list[tuple[int, int]]]

    @classmethod
    def of(cls, fields: tuple[str, str]) -> _Text:
        places = [[m.span() for m in features.TOKEN.finditer(text)][: features.MAX_TOKENS] for text in fields]
        return cls(fields, (places[0], places[1]))

    def windows(self) -> list[_Cut]:
        """All runs of two to four words, and single words where a field has no more."""
        out: list[_Cut] = []
        for which in (0, 1):
            text, spans = self.fields[which], self.spans[which]
            words = [text[a].isalnum() for a, _ in spans]
            for size in (1,) if len(spans) == 1 else (2, 3, 4):
                out += [(which, i, i + size) for i in range(len(spans) - size + 1) if all(words[i : i + size])]
        return out

    def phrase(self, cut: _Cut) -> str:
        """The words of a cut as they stand in the text."""
        which, i, j = cut
        return self.fields[which][self.spans[which][i][0] : self.spans[which][j - 1][1]]

    def without(self, cut: _Cut) -> tuple[str, str]:
        """The fields with a cut left out."""
        which, i, j = cut
        text, spans = self.fields[which], self.spans[which]
        left = f"{text[: spans[i][0]]} {text[spans[j - 1][1] :]}"
        return (left, self.fields[1]) if which == 0 else (self.fields[0], left)


def _log_odds(z: Floats, column: int) -> Floats:
    """Log-odds of a column; from the scores, for a probability near one has no digits left to compare."""
    for part in (TONE, THEME):
        if part.start <= column < part.stop:
            others = np.delete(z[:, part], column - part.start, axis=1)
            top = others.max(axis=1)
            return np.asarray(z[:, column] - top - np.log(np.exp(others - top[:, None]).sum(axis=1)), np.float32)
    return z[:, column]


def _strongest(cuts: Sequence[_Cut], worth: Floats, limit: int) -> list[tuple[_Cut, bool]]:
    """The strongest cuts that do not overlap, each with whether it speaks for the label; a longer one must earn its
    length."""
    size = np.array([j - i for _, i, j in cuts], np.float32)
    taken: set[tuple[int, int]] = set()
    out: list[tuple[_Cut, bool]] = []
    for k in np.argsort(-np.abs(worth) / np.sqrt(size), kind="stable"):
        which, i, j = cuts[k]
        here = {(which, t) for t in range(i, j)}
        if len(out) == limit or abs(worth[k]) < WORTH_TELLING:
            break
        if not here & taken:
            taken |= here
            out.append((cuts[k], bool(worth[k] > 0)))
    return out


def _merged(chosen: Sequence[tuple[_Cut, bool]]) -> list[_Cut]:
    """Neighbouring cuts of one direction as one phrase."""
    out: list[tuple[_Cut, bool]] = []
    for (which, i, j), up in sorted(chosen):
        if out and out[-1][1] == up and out[-1][0][0] == which and out[-1][0][2] == i:
            out[-1] = ((which, out[-1][0][1], j), up)
        else:
            out.append(((which, i, j), up))
    return [cut for cut, _ in out]
