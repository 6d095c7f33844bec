"""Human labels for plus or minus 2.5 points at 95 %: the stratified audit against a simple random one, on real labels.

    python bench/audit.py [--shared ../shared] [--windows 10] [--redraws 200] [--json OUT]

Items are all labelled stream items of the shared data, the evaluation set's too: nothing trained here ships. Scores
come from a linear model (TF-IDF of words and characters) cross-fitted by story, so no item is scored by a model that saw its story. Windows are
resampled with stories kept whole to prevalences of 14 % and 22 %; those of N=3000 overlap, for there are not many
more items. Both arms use the same interval with the finite population correction; Wilson without it stands beside.
Labels were made by language-model annotators (shared/data/README.md).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.design import allocate, bands
from canbang.estimate.share import Cell, Share, estimate_share
from canbang.item import VIETNAM, Item
from canbang.label.evaluate import read_labelled, truth_of
from canbang.label.metrics import auc
from canbang.stories import StoryIndex

HALF_WIDTH = 0.025
FOLDS = 5
SEED = 20261121
PREVALENCES = (0.14, 0.22)
SIZES = (1000, 3000)


def labelled(shared: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Stream items, and other labelled rows that only ever train."""
    data = shared / "data"
    rows = read_labelled(data / "labelled_train.parquet") + read_labelled(data / "gold_dev.parquet")
    stream = [row for row in rows if str(row["corpus"]).startswith("stream")]
    others = [row for row in rows if not str(row["corpus"]).startswith("stream")]
    return stream, others + read_labelled(data / "public_posts.jsonl")


def stories_of(rows: list[dict[str, Any]]) -> NDArray[np.int32]:
    """Story of each row."""
    index = StoryIndex()
    for number, row in enumerate(rows):
        when = (
            datetime.fromisoformat(str(row["published_at"]))
            if row.get("published_at")
            else datetime(2026, 6, 5, tzinfo=VIETNAM)
        )
        index.add(Item(str(row["channel"]), str(number), str(row["title"]), when, str(row.get("lead") or "")))
    return index.cluster()


def cross_fitted(
    stream: list[dict[str, Any]], others: list[dict[str, Any]], story: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Probabilities of counted-negative, each from a model that saw no row of the same story."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    def title(row: dict[str, Any]) -> str:
        return str(row["title"]).lower()

    def text(row: dict[str, Any]) -> str:
        return f"{title(row)} . {row.get('lead') or ''} {str(row.get('text') or '')[:300]}".lower()

    def features(preprocess: Callable[[dict[str, Any]], str], **kind: Any) -> TfidfVectorizer:
        return TfidfVectorizer(preprocessor=preprocess, sublinear_tf=True, min_df=2, dtype=np.float32, **kind)

    truth = truth_of(stream, "counted_negative")
    more = truth_of(others, "counted_negative")
    assert truth is not None and more is not None
    fold = np.random.default_rng(SEED).integers(0, FOLDS, story.max() + 1)[story]
    scores = np.empty(len(stream))
    for k in range(FOLDS):
        train = np.flatnonzero(fold != k)
        word = {"analyzer": "word", "ngram_range": (1, 2)}
        union = make_union(
            features(text, analyzer="char_wb", ngram_range=(2, 5)), features(text, **word), features(title, **word)
        )
        model = make_pipeline(union, LogisticRegression(C=4, max_iter=400))
        model.fit([stream[i] for i in train] + others, np.r_[truth[train], more] > 0.5)
        held = np.flatnonzero(fold == k)
        scores[held] = model.predict_proba([stream[i] for i in held])[:, 1]
    return scores


def window_of(
    truth: NDArray[np.bool_], story: NDArray[np.int32], size: int, prevalence: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Rows of a window: whole stories, drawn until the window has its negatives and its size."""
    chosen: list[int] = []
    wanted = {True: round(prevalence * size), False: size - round(prevalence * size)}
    members: dict[int, list[int]] = {}
    for row, number in enumerate(story.tolist()):
        members.setdefault(number, []).append(row)
    for number in rng.permutation(list(members)).tolist():
        rows = members[number]
        bad = int(truth[rows].sum())
        if bad <= wanted[True] and len(rows) - bad <= wanted[False]:
            chosen += rows
            wanted[True] -= bad
            wanted[False] -= len(rows) - bad
    if sum(wanted.values()):
        raise SystemExit(f"not enough items for N={size} at {prevalence:.0%}: {wanted} missing")
    return np.array(chosen)


def simple(truth: NDArray[np.bool_], n: int, rng: np.random.Generator) -> Share:
    """One simple random audit."""
    drawn = rng.permutation(len(truth))[:n]
    return estimate_share([Cell("all", len(truth), n, int(truth[drawn].sum()))])


def stratified(truth: NDArray[np.bool_], scores: NDArray[np.float64], n: int, rng: np.random.Generator) -> Share:
    """One stratified audit, as the product draws it."""
    band = bands(scores, n)
    sizes = np.bincount(band)
    counts = allocate(sizes.tolist(), (np.bincount(band, weights=scores) / sizes).tolist(), n)
    cells = []
    for h, (size, count) in enumerate(zip(sizes.tolist(), counts, strict=True)):
        drawn = rng.permutation(np.flatnonzero(band == h))[:count]
        cells.append(Cell(str(h), size, count, int(truth[drawn].sum())))
    return estimate_share(cells)


Look = Callable[[int, np.random.Generator], Share]


def half_width(look: Look, n: int, redraws: int) -> float:
    """Mean half-width at n labels."""
    rng = np.random.default_rng([SEED, n])
    return float(np.mean([(s.high_share - s.low_share) / 2 for s in (look(n, rng) for _ in range(redraws))]))


def labels_needed(look: Look, size: int, redraws: int) -> int:
    """Smallest n with a mean half-width of at most 2.5 points."""
    low, high = 30, size
    while low < high:
        middle = (low + high) // 2
        if half_width(look, middle, redraws) <= HALF_WIDTH:
            high = middle
        else:
            low = middle + 1
    return low


def coverage(look: Look, n: int, truth: NDArray[np.bool_], redraws: int) -> float:
    """Share of audits whose interval holds the true count."""
    rng = np.random.default_rng([SEED, n, 1])
    count = int(truth.sum())
    return float(np.mean([s.low <= count <= s.high for s in (look(n, rng) for _ in range(redraws))]))


def wilson_labels(share: float) -> int:
    """Labels for plus or minus 2.5 points by Wilson's interval without finite population correction."""
    z = 1.959964
    n = 30
    while z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n) > HALF_WIDTH:
        n += 1
    return n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("CANBANG_SHARED", "../shared")))
    parser.add_argument("--windows", type=int, default=10)
    parser.add_argument("--redraws", type=int, default=200)
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    start = time.perf_counter()
    stream, others = labelled(words.shared)
    story = stories_of(stream)
    said = truth_of(stream, "counted_negative")
    assert said is not None
    truth = said > 0.5
    scores = cross_fitted(stream, others, story)
    area = auc(truth, scores)
    print(
        f"{len(stream)} items, {story.max() + 1} stories, {truth.mean():.1%} counted negative; cross-fitted AUC {area:.3f}; seed {SEED}; {time.perf_counter() - start:.0f} s"
    )
    print(
        f"{'N':>6}{'share':>8}{'simple':>8}{'strat.':>8}{'ratio':>7}{'shuffled':>10}{'Wilson':>8}{'ratio':>7}{'cover n':>9}{'cover 30':>10}"
    )
    table = []
    for size in SIZES:
        for prevalence in PREVALENCES:
            rows = []
            for number in range(words.windows):
                rng = np.random.default_rng([SEED, size, int(100 * prevalence), number])
                at = window_of(truth, story, size, prevalence, rng)
                t, s = truth[at], scores[at]
                shuffled = rng.permutation(s)
                few = max(20, words.redraws // 8)
                a = labels_needed(lambda n, g, t=t: simple(t, n, g), size, few)
                b = labels_needed(lambda n, g, t=t, s=s: stratified(t, s, n, g), size, few)
                c = labels_needed(lambda n, g, t=t, s=shuffled: stratified(t, s, n, g), size, few)
                covered = [
                    coverage(lambda n, g, t=t, s=s: stratified(t, s, n, g), n, t, words.redraws) for n in (b, 30)
                ]
                rows.append((a, b, c, *covered))
            a, b, c, cover_n, cover_30 = np.mean(rows, axis=0)
            wilson = wilson_labels(prevalence)
            table.append({"N": size, "share": prevalence, "simple": a, "stratified": b, "ratio": b / a, "shuffled_ratio": c / a, "wilson": wilson, "ratio_to_wilson": b / wilson, "coverage": cover_n, "coverage_30": cover_30})  # fmt: skip
            print(
                f"{size:>6}{prevalence:>8.0%}{a:>8.0f}{b:>8.0f}{b / a:>7.3f}{c / a:>10.3f}{wilson:>8}{b / wilson:>7.3f}{cover_n:>9.3f}{cover_30:>10.3f}"
            )
    print(f"{words.windows} windows a row, {words.redraws} audits a coverage; {time.perf_counter() - start:.0f} s")
    if words.json:
        words.json.write_text(json.dumps({"auc": area, "seed": SEED, "rows": table}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
