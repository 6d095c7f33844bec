"""The student's lesson: soft labels of both teachers on unlabelled texts, labelled rows, and spellings of the street."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label import features
from canbang.label.linear import probabilities
from canbang.label.train import data as train_data
from canbang.label.train.student import Lesson, Shape, encode
from canbang.label.train.teacher import Teacher
from canbang.label.train.wide import Wide
from canbang.text.normalise import strip_accents

WIDE_SHARE = 0.3
"""How much the n-gram teacher weighs beside the encoder; its log-odds are about half as large, hence the 2."""
PLAIN_SHARE, SHOUT_SHARE = 0.12, 0.03
TITLES = 36_000
"""Old titles without their leads: short texts are what posts are, and the teacher reads them fast."""
READ = 64
"""Pieces of a text that the teacher reads for a soft label; the title and a line of the lead are in them."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")

Pair = tuple[str, str]


@dataclass(frozen=True)
class Taught:
    """Texts with the teachers' probabilities (n, 21) and the encoder's inner vectors (n, 768)."""

    pairs: list[Pair]
    y: NDArray[np.float32]
    inner: NDArray[np.float16]

    def take(self, at: NDArray[np.int64]) -> Taught:
        """The texts at these places."""
        return Taught([self.pairs[i] for i in at], self.y[at], self.inner[at])


@dataclass(frozen=True)
class Mentor:
    """Both teachers as one."""

    teacher: Teacher
    wide: Wide

    def teach(self, pairs: Sequence[Pair]) -> Taught:
        """Soft labels of texts."""
        scores, inner = self.teacher.scores(pairs, READ)
        blend = (1 - WIDE_SHARE) * scores + WIDE_SHARE * 2 * self.wide.scores(pairs)
        return Taught(list(pairs), probabilities(np.asarray(blend, np.float32)), inner)


def _bodies(shared: Path, name: str, most: int, rng: np.random.Generator) -> list[Pair]:
    """Three sentences of a body at a time, the first as title, of articles that are not in dev."""
    rows = train_data.read(shared / "data" / name)
    dev = [pair[0] for pair in train_data.development(shared).pairs]
    closed = {i for i, _ in train_data.leaks([row["title"] for row in rows], dev)}
    out = []
    for i, row in enumerate(rows):
        if i not in closed and row["body"]:
            parts = [part.strip() for part in _SENTENCE.split(row["body"]) if 30 < len(part) < 260]
            for k in range(0, min(len(parts) - 2, 60), 3):
                out.append((features.clean(parts[k]), features.clean(f"{parts[k + 1]} {parts[k + 2]}")))
    return [out[i] for i in rng.permutation(len(out))[:most]]


def pieces(shared: Path, labelled: train_data.Rows, loose: train_data.Rows, seed: int) -> list[Pair]:
    """Texts of our day and kind for the teacher to label, for the unlabelled mass is ten years old: titles alone,
    leads alone, three sentences of a body, and titles with another item's lead."""
    rng = np.random.default_rng(seed)
    stream = loose.take(loose.source == "stream").pairs
    young = [pair for pair, source in zip(labelled.pairs, labelled.source, strict=True) if source != "vietnews"]
    old = labelled.take(labelled.source == "vietnews").pairs
    alone = [(text, "") for pair in [*stream, *young] for text in pair] + [(pair[0], "") for pair in old]
    some = rng.permutation(np.flatnonzero(loose.source == "vietnews"))[:TITLES]
    alone += [(loose.pairs[i][0], "") for i in some]
    bodies = _bodies(shared, "stream_2026_6outlets.parquet", 11_000, rng)
    bodies += _bodies(shared, "vnnews2016_sections.parquet", 14_000, rng)
    mixed = [*young, *stream]
    i, j = rng.integers(0, len(mixed), (2, 5000))
    crossed = [(mixed[a][0], mixed[b][1]) for a, b in zip(i, j, strict=True)]
    return [pair for pair in alone + bodies + crossed if len(pair[0]) > 8]


def varied(taught: Taught, rng: np.random.Generator, plain: float, shout: float) -> Taught:
    """The texts, and of a share of them a copy without accents and one in capitals, labelled the same."""
    n = len(taught.pairs)
    bare, loud = np.flatnonzero(rng.random(n) < plain), np.flatnonzero(rng.random(n) < shout)
    copies = [(strip_accents(taught.pairs[i][0]), strip_accents(taught.pairs[i][1])) for i in bare]
    copies += [(taught.pairs[i][0].upper(), taught.pairs[i][1]) for i in loud]
    at = np.concatenate([np.arange(n), bare, loud])
    return Taught(taught.pairs + copies, taught.y[at], taught.inner[at])


def marked(rows: train_data.Rows, taught: Taught) -> Taught:
    """Labelled rows: their labels, hardly softened; where one is unknown, the teachers'."""
    y = np.where(np.isnan(rows.y), taught.y, 0.97 * np.nan_to_num(rows.y) + 0.03 * taught.y)
    return Taught(taught.pairs, y.astype(np.float32), taught.inner)


def lesson(parts: Sequence[Taught], shape: Shape) -> Lesson:
    """One lesson out of all parts; the inner vectors are centred, their mean says nothing."""
    pairs = [pair for part in parts for pair in part.pairs]
    inner = np.concatenate([part.inner for part in parts]).astype(np.float32)
    clues = (inner - inner.mean(axis=0)).astype(np.float16)
    rows = encode(pairs, shape, features.Tokeniser())
    return Lesson(rows, np.concatenate([part.y for part in parts]), clues)


Phrases = tuple[list[str], list[tuple[str, str]]]


def phrases(pairs: Sequence[Pair], words: int, twos: int) -> Phrases:
    """The most frequent words and neighbours of words, canonical."""
    one: Counter[str] = Counter()
    two: Counter[tuple[str, str]] = Counter()
    for pair in pairs:
        for text in pair:
            tokens = [features.canonical(token) for token in features.TOKEN.findall(text)]
            one.update(tokens)
            two.update(itertools.pairwise(tokens))
    worded = [pair for pair, _ in two.most_common(2 * twos) if pair[0].isalnum() and pair[1].isalnum()]
    return [token for token, _ in one.most_common(words)], worded[:twos]


def _axes(inner: NDArray[np.float16], width: int) -> NDArray[np.float32]:
    """Directions of unit length, reduced to their `width` principal axes, scaled to deviation one."""
    h = inner.astype(np.float32)
    h -= h.mean(axis=0)
    h /= np.maximum(np.linalg.norm(h, axis=1, keepdims=True), 1e-6)
    _, vectors = np.linalg.eigh(h.T @ h)
    e = h @ vectors[:, ::-1][:, :width]
    return np.asarray(e / e.std(), np.float32)


def begin(model: Any, shape: Shape, teacher: Teacher, frequent: Phrases, seed: int) -> None:
    """Start the student's tables from the teacher's view of frequent words and pairs, so that a rare word begins
    near its likes instead of anywhere."""
    import torch

    one, two = frequent
    rng = np.random.default_rng(seed)
    words = features.Words()
    heads, tails = ([words.number(pair[k]) for pair in two] for k in (0, 1))
    a, b = words.codes[heads], words.codes[tails]
    singles = features.Words()
    numbers = [singles.number(token) for token in one]
    rows = features.word_rows(singles, shape.word_bits)[numbers]
    pairs = features.pair_rows(a, b, shape.pair_bits)
    # The word's own row and that of its form without accents add up to the word.
    plans = (
        (model.words, ((rows[:, 1], 0.4), (rows[:, 0], 0.6)), [(token, "") for token in one], 0.12),
        (model.pairs, ((pairs, 1.0),), [(" ".join(pair), "") for pair in two], 0.08),
    )
    for table, places, texts, size in plans:
        axes = _axes(teacher.scores(texts)[1], table.weight.shape[1]) * size
        start = rng.normal(0, size / 3, table.weight.shape).astype(np.float32)
        for at, part in places:
            # Written from the rarest on: where two share a row, the more frequent one keeps it.
            start[at[::-1]] = part * axes[::-1]
        start[0] = 0
        with torch.no_grad():
            table.weight.copy_(torch.from_numpy(start))
