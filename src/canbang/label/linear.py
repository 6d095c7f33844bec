"""The embedded labeller: every label in one pass, with numpy alone.

The network is `train.student`'s: hashed embeddings of words (with and without their accents) and of word pairs, a
convolution over five words max-pooled in title and rest apart, one hidden layer. Beside it stands a linear model on the same words and
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
from canbang.label.phrases import Cut, Text, merged, strongest

if TYPE_CHECKING:
    from canbang.item import Item

MODEL = Path(__file__).resolve().parent.parent / "data" / "labeller.npz"
CHUNK = 64
"""Items computed at a time: small enough that the convolution's output stays in the processor's cache."""

MOST_WORDS = features.WORD_LIMIT + 2 * CHUNK * features.MAX_TOKENS
"""Numbers that a chunk of items can reach before the tokeniser forgets."""

LARGEST = 32767
"""Of int16."""

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
    """The forward pass over plain arrays; `arrays` as `train.pack` writes them.

    A word's products with the convolution's weights do not depend on its neighbours: they are computed at its first
    sight and kept as int16, so that the convolution is five look-ups and four sums a token.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._words, self._pairs = arrays["words"], arrays["pairs"]
        self.word_bits = len(self._words).bit_length() - 1
        self.pair_bits = len(self._pairs).bit_length() - 1
        word_width, pair_width = self._words.shape[1], self._pairs.shape[1]
        # The tables stay in int8; their scales go into the weights that multiply them.
        conv = arrays["conv"].astype(np.float32)
        self._window, channels = len(conv), conv.shape[2]
        self._unit = arrays["conv_unit"].astype(np.float32)
        conv[:, :word_width] *= arrays["words_scale"].astype(np.float32)[:, None]
        self._conv = conv / self._unit
        self._most = LARGEST // self._window
        self._bias = arrays["conv_bias"].astype(np.float32)
        scale = np.concatenate([arrays["words_scale"], arrays["pairs_scale"]]).astype(np.float32)[:, None]
        width = self._width = word_width + pair_width
        hidden = arrays["hidden"].astype(np.float32)
        for field in (0, 1):
            at = field * (channels + width)
            hidden[at : at + channels] *= self._unit[:, None]
            hidden[at + channels : at + channels + width] *= scale
        self._bias /= self._unit
        self._hidden, self._hidden_bias = hidden, arrays["hidden_bias"].astype(np.float32)
        self._out, self._out_bias = arrays["out"].astype(np.float32), arrays["out_bias"].astype(np.float32)
        self._kinds = np.eye(features.SHAPES + 1, features.SHAPES, dtype=np.float32)
        self._met: features.Words | None = None
        self._scratch: tuple[NDArray[np.int16], ...] = (np.empty((0, 0), np.int16),)

    def _meet(self, words: features.Words) -> None:
        """Compute what is kept of the words not met before."""
        size = words.size
        if self._met is not words:
            # Pages that no word has filled cost no memory.
            self._said = np.zeros((self._window, MOST_WORDS, self._conv.shape[2]), np.int16)
            self._sums = np.zeros((MOST_WORDS, self._words.shape[1]), np.int16)
            self._met, self._seen = words, 1
        if size > self._seen:
            new = slice(self._seen, size)
            rows = features.word_rows(words, self.word_bits, self._seen)
            self._sums[new] = self._words[rows].sum(axis=1, dtype=np.int16)
            x = np.concatenate([self._sums[new].astype(np.float32), self._kinds[words.shape[new]]], axis=1)
            for k in range(self._window):
                self._said[k, new] = np.clip(np.rint(x @ self._conv[k]), -self._most, self._most)
            self._seen = size

    def head(self, inner: Floats) -> Floats:
        """Uncalibrated scores of the hidden layer's values."""
        return np.asarray(inner @ self._out + self._out_bias)

    @property
    def hidden_size(self) -> int:
        """Width of the hidden layer."""
        return len(self._out)

    def inner(self, batch: features.Batch) -> Floats:
        """What the hidden layer gives (n, hidden), before the last product."""
        self._meet(batch.words)
        gap, n = self._window // 2, len(batch)
        ids, places = features.spread(batch, gap)
        z, x = self._convolved(ids), self._embedded(batch)
        channels = z.shape[1]
        tops = np.full((2 * n, channels), -LARGEST, np.int16)
        sums = np.zeros((2 * n, self._width), np.int16)
        length = np.diff(batch.starts)
        # One reduction per field: several times faster than reduceat, which does not use the wide registers.
        starts = batch.starts.tolist()
        for k, place in enumerate(places.tolist()):
            first, last = starts[k], starts[k + 1]
            if first < last:
                np.maximum.reduce(z[place - gap : place - gap + last - first], axis=0, out=tops[k])
                np.add.reduce(x[first:last], axis=0, out=sums[k])
        seen = np.empty((n, 2, channels + self._width), np.float32)
        np.maximum(tops.reshape(n, 2, channels) + self._bias, 0, out=seen[:, :, :channels])
        length = length.reshape(n, 2, 1)
        seen[:, :, :channels] *= length > 0
        np.divide(
            sums.reshape(n, 2, -1), np.sqrt(np.maximum(length, 1)), out=seen[:, :, channels:], casting="same_kind"
        )
        return np.asarray(np.maximum(seen.reshape(n, -1) @ self._hidden + self._hidden_bias, 0))

    def _room(self, tokens: int) -> tuple[NDArray[np.int16], ...]:
        """Scratch memory for that many tokens: fresh pages for each chunk cost more than the sums."""
        if tokens > len(self._scratch[0]):
            sizes = (self._conv.shape[2], self._conv.shape[2], self._width)
            self._scratch = tuple(np.empty((tokens + tokens // 4, size), np.int16) for size in sizes)
        return self._scratch

    def _convolved(self, ids: NDArray[np.int32]) -> NDArray[np.int16]:
        """The convolution over `spread` numbers, in `_unit`: row k stands for place k + gap."""
        inner = len(ids) - self._window + 1
        z, term = (part[:inner] for part in self._room(len(ids))[:2])
        np.take(self._said[0], ids[:inner], axis=0, out=z, mode="clip")
        for k in range(1, self._window):
            np.take(self._said[k], ids[k : k + inner], axis=0, out=term, mode="clip")
            z += term
        return z

    def _embedded(self, batch: features.Batch) -> NDArray[np.int16]:
        """Embeddings of all tokens, words and pairs side by side; `MAX_TOKENS` of them add up within int16."""
        x = self._room(len(batch.ids))[2][: len(batch.ids)]
        words = self._sums.shape[1]
        x[:, :words] = self._sums[batch.ids]
        x[:, words:] = self._pairs[features.pair_rows(batch.before, batch.codes, self.pair_bits)]
        return x


class Wide:
    """The linear part: what exact words and pairs say for each column."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._table = arrays["wide"]
        self._bits = len(self._table).bit_length() - 1
        self._scale = arrays["wide_scale"].astype(np.float32)
        self._bias = arrays["wide_bias"].astype(np.float32)
        self._met: features.Words | None = None

    def _meet(self, words: features.Words) -> None:
        """Keep the sums of both rows of the words not met before."""
        if self._met is not words:
            self._said = np.zeros((MOST_WORDS, 2, self._table.shape[1]), np.int16)
            self._met, self._seen = words, 0
        if words.size > self._seen:
            rows = features.wide_word_rows(words, self._bits, self._seen)
            self._said[self._seen : words.size] = self._table[rows].sum(axis=2, dtype=np.int16)
            self._seen = words.size

    def forward(self, batch: features.Batch) -> Floats:
        """Log-odds (n, 21)."""
        self._meet(batch.words)
        first = batch.starts[:-1:2]
        length = batch.starts[2::2] - first
        # One row of zeros at the end, for empty items there begin behind the last token.
        each = np.zeros((len(batch.ids) + 1, self._table.shape[1]), np.int32)
        each[:-1] = self._said[batch.ids, features.field_of(batch)]
        for rows in features.wide_pair_rows(batch, self._bits).T:
            each[:-1] += self._table[rows]
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
        self.prior: float = meta["prior"]  # share of counted-negative items at which the scores are calibrated
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
            # Always a whole chunk: sums of floats come out alike only in products of one size, and what an item's
            # labels are must not depend, by a single bit, on how many items lie beside it.
            chunk = pairs[start : start + CHUNK]
            batch = self._tokens.batch([*chunk, *[("", "")] * (CHUNK - len(chunk))])
            inner = self._network.inner(batch)
            deep, wide = self._network.head(inner), self._wide.forward(batch)
            z = (self._deep_weight * deep + self._wide_weight * wide) * self._slope + self._offset
            if self._correction is not None:
                mean, scale, weight, bias = self._correction
                z = z + ((inner - mean) / scale) @ weight + bias
            hidden.append(inner[: len(chunk)])
            scores.append(z[: len(chunk)])
        return np.concatenate(hidden), np.concatenate(scores)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Calibrated scores (n, 21): log-odds of the flags, logits of tone and theme."""
        return self.inner(pairs)[1]

    def with_correction(
        self, mean: Floats, scale: Floats, weight: Floats, bias: Floats, version: str, prior: float
    ) -> EmbeddedLabeller:
        """The same labeller with ``((inner - mean) / scale) @ weight + bias`` added to its scores (see `adapt`);
        `prior` is the share of counted-negative items among what the correction was learnt from.

        Raises ValueError where it is corrected already: a correction is learnt on the labeller as it ships.
        """
        if self._correction is not None:
            raise ValueError("this labeller is corrected already")
        arrays = {**self._arrays, **dict(zip(_CORRECTION, (mean, scale, weight, bias), strict=True))}
        return EmbeddedLabeller(arrays, {**self.meta, "version": version, "prior": prior})

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
        text = Text.of(features.fields([item])[0])
        cuts = text.windows()
        chosen = strongest(cuts, self._worth(text, cuts, column), limit)
        joined = merged(chosen)
        worth = self._worth(text, joined, column)
        found = [(text.phrase(cut), round(float(w), 3)) for cut, w in zip(joined, worth, strict=True)]
        return sorted(found, key=lambda pair: -abs(pair[1]))

    def _worth(self, text: Text, cuts: Sequence[Cut], column: int) -> Floats:
        """How far the log-odds of a column fall without each cut."""
        if not cuts:
            return np.zeros(0, np.float32)
        z = self.scores([text.fields, *(text.without(cut) for cut in cuts)])
        odds = _log_odds(z, column)
        return np.asarray(odds[0] - odds[1:])


def _log_odds(z: Floats, column: int) -> Floats:
    """Log-odds of a column; from the scores, for a probability near one has no digits left to compare."""
    for part in (TONE, THEME):
        if part.start <= column < part.stop:
            others = np.delete(z[:, part], column - part.start, axis=1)
            top = others.max(axis=1)
            return np.asarray(z[:, column] - top - np.log(np.exp(others - top[:, None]).sum(axis=1)), np.float32)
    return z[:, column]
