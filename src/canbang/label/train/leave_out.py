"""How well the recipe does on outlets and kinds of channel that it never saw.

The labelled rows are dealt into folds by outlet (the same paper is one outlet in every corpus) and by kind of channel;
each fold in turn is left out whole, a recipe is run on the rest, and its model judges the fold.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label.train import data as train_data
from canbang.label.train import summary
from canbang.label.train.make import HELD, Corpus, Plan, fit_labeller, gather
from canbang.text.normalise import strip_accents

FOLDS = 7
SMALL = Plan(teacher_epochs=0, loose=100, pieces=0, student_epochs=4)
"""A far weaker recipe than the one that ships, for there are `FOLDS` of it: no teacher, labels alone."""

UNSEEN = ("stream_2026", "clickbait", "posts")
"""Sources whose channels are left out in turn; the others have one channel, or none worth the name."""


def outlet(channel: str) -> str:
    """One name for one outlet ("Tuổi Trẻ", "tuoitre")."""
    return "".join(c for c in strip_accents(channel).lower() if c.isalnum())


def deal(rows: train_data.Rows, folds: int = FOLDS) -> NDArray[np.int64]:
    """The fold of every row, -1 for rows that are never left out; a channel lies in one fold whole.

    Channels of a source are dealt from the largest on, each to the fold that has least of its source.
    """
    names = np.array([outlet(channel) for channel in rows.channel])
    fold = np.full(len(rows), -1)
    placed: dict[str, int] = {}
    for source in UNSEEN:
        here = rows.source == source
        load = np.zeros(folds)
        found, counts = np.unique(names[here], return_counts=True)
        for k in np.argsort(-counts, kind="stable"):
            name = str(found[k])
            placed.setdefault(name, int(load.argmin()))
            load[placed[name]] += counts[k]
            fold[here & (names == name)] = placed[name]
    # The same paper in a corpus that is never judged must not be learned from either.
    for name, number in placed.items():
        fold[(fold < 0) & (names == name)] = number
    return fold


def measure(
    shared: Path,
    *,
    posts: Sequence[Path] = (),
    labels: Path | None = None,
    seed: int = 1,
    plan: Plan = SMALL,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Figures per source, and per channel where the source is press, of rows that their model had not seen."""
    corpus = gather(shared, posts, plan, seed, labels)
    rows = train_data.join([corpus.learn, corpus.hold, corpus.test])
    fold = deal(rows)
    unlabelled = np.array([outlet(channel) for channel in corpus.loose.channel])
    p = np.full((len(rows), train_data.WIDTH), np.nan, np.float32)
    cut: dict[str, list[float]] = {}
    for number in range(FOLDS):
        out = fold == number
        names = {outlet(channel) for channel in rows.channel[out]}
        say(f"fold {number + 1}/{FOLDS}: without {', '.join(sorted(names))}")
        loose = corpus.loose.take(~np.isin(unlabelled, sorted(names)))
        with tempfile.TemporaryDirectory() as folder:
            labeller = fit_labeller(_without(rows, out, loose, corpus, seed), [], plan, seed, Path(folder), say)
        p[out] = labeller.predict_pairs([rows.pairs[i] for i in np.flatnonzero(out)])
        for name, value in labeller.thresholds.items():
            cut.setdefault(name, []).append(value)
    thresholds = {name: float(np.mean(values)) for name, values in cut.items()}
    found: dict[str, Any] = {}
    for source in UNSEEN:
        here = (fold >= 0) & (rows.source == source)
        found[f"left_out:{source}"] = summary.summary(rows.y[here], p[here], thresholds)
        for channel in sorted(set(rows.channel[here])) if source != "posts" else ():
            at = here & (rows.channel == channel)
            found[f"left_out:{source}:{channel}"] = summary.summary(rows.y[at], p[at], thresholds)
    return found


def _without(
    rows: train_data.Rows, out: NDArray[np.bool_], loose: train_data.Rows, corpus: Corpus, seed: int
) -> Corpus:
    """The corpus without the rows of a fold, split anew into what is learned from and what calibrates."""
    inside = rows.take(~out)
    story = train_data.stories([pair[0] for pair in inside.pairs])
    drawn = np.random.default_rng(seed).permutation(np.unique(story))
    held = np.isin(story, drawn[: int(HELD * len(drawn))])
    return Corpus(inside.take(~held), inside.take(held), rows.take(out), loose, corpus.dev)
