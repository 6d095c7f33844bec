"""What the embedded labeller is trained on: rows, targets, groups of the same story, and the check for leaks."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label import features
from canbang.label.labeller import COLUMN, COLUMNS, THEMES, TONES

FLAGS = ("dark_side", "sensational", "public_interest", "counted")
CLICKBAIT = COLUMN["clickbait"]
WIDTH = len(COLUMNS)
FILES = (
    "labelled_train.parquet", "public_posts.jsonl", "viclickbait2025.parquet", "vietnews_titles_leads.parquet",
    "stream_2026_6outlets.parquet", "vnnews2016_sections.parquet",
)  # fmt: skip

_WORD = re.compile(r"\w+")
SHINGLE = 3
CONTAINED = 0.7


@dataclass(frozen=True)
class Rows:
    """`pairs` (title, rest); `y` float32 (n, 21), NaN where a label is unknown; `source` and `channel` per row."""

    pairs: list[tuple[str, str]]
    y: NDArray[np.float32]
    source: NDArray[np.str_]
    channel: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.pairs)

    def take(self, keep: NDArray[Any]) -> Rows:
        """The rows at a boolean mask or at indices."""
        at = np.flatnonzero(keep) if keep.dtype == bool else keep
        return Rows([self.pairs[i] for i in at], self.y[at], self.source[at], self.channel[at])


def join(parts: Sequence[Rows]) -> Rows:
    """One after the other."""
    return Rows(
        [pair for part in parts for pair in part.pairs],
        np.concatenate([part.y for part in parts]),
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.channel for part in parts]),
    )


def read(path: Path) -> list[dict[str, Any]]:
    """Rows of a parquet or JSON-lines file."""
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _rows(rows: Sequence[dict[str, Any]], source: str, channel: str, lead: str = "lead") -> Rows:
    pairs = [
        features.prepare(row["title"] or "", row.get(lead) or "", row.get("text") or row.get("body") or "")
        for row in rows
    ]
    y = np.full((len(rows), WIDTH), np.nan, np.float32)
    for i, row in enumerate(rows):
        if row.get("tone"):
            y[i, :3] = [row["tone"] == tone for tone in TONES]
            y[i, 3:7] = [bool(row[flag]) for flag in FLAGS]
            y[i, 8:] = [row["theme"] == theme for theme in THEMES]
        if source == "clickbait":
            y[i, CLICKBAIT] = row["label"] == "clickbait"
    where = [str(row.get("corpus") or source) if source == "press" else source for row in rows]
    return Rows(pairs, y, np.array(where), np.array([str(row.get(channel) or "") for row in rows]))


_CORPORA: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "stream_2026": ("stream_2026_6outlets.parquet", lambda row: row["id"]),
    "viclickbait": ("viclickbait2025.parquet", lambda row: row["id"]),
    "vietnews": ("vietnews_titles_leads.parquet", lambda row: f"{row['split']}/{row['id']}"),
    "vnnews2016": ("vnnews2016_sections.parquet", lambda row: row["url"]),
}
"""Where the items of our own labels stand, and what names them there."""


def _own(shared: Path, labels: Path | None) -> dict[str, dict[str, dict[str, Any]]]:
    """Per corpus and item: the shared data's row with our labels in it; `tone` is "not_item" for what is none."""
    said: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    if labels is not None:
        with labels.open(encoding="utf-8", newline="") as stream:
            for line in csv.DictReader(stream):
                said[line["corpus"]][line["id"]] = line
    out: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for corpus, lines in said.items():
        name, key = _CORPORA[corpus]
        for row in read(shared / "data" / name):
            if key(row) in lines:
                line = lines[key(row)]
                flags: dict[str, Any] = {flag: line[flag] == "1" for flag in FLAGS if flag in line}
                dark = flags["dark_side"] and line["tone"] != "positive"
                flags |= {"counted": line["tone"] == "negative" or dark, "tone": line["tone"], "theme": line["theme"]}
                out[corpus][key(row)] = row | flags
        if len(out[corpus]) != len(lines):
            raise ValueError(f"{labels}: {len(lines) - len(out[corpus])} ids of {corpus} are not in {name}")
    return out


def labelled(shared: Path, posts: Iterable[Path] = (), labels: Path | None = None) -> Rows:
    """Labelled press items, public posts and clickbait titles under `shared`/data, further files of posts, and our own
    labels of press items (`labels`, a csv of corpus, id and labels)."""
    data = shared / "data"
    own = _own(shared, labels)
    clickbait = [
        own["viclickbait"].get(row["id"], row) | {"label": row["label"]}
        for row in read(data / "viclickbait2025.parquet")
    ]
    for row in clickbait:
        if row.get("tone") == "not_item":
            row["tone"] = None
    press = [
        row | {"corpus": corpus, "channel": row.get("channel") or row.get("source") or corpus}
        for corpus in ("stream_2026", "vietnews", "vnnews2016")
        for row in own[corpus].values()
        if row["tone"] != "not_item"
    ]
    parts = [
        _rows(read(data / "labelled_train.parquet"), "press", "channel"),
        _rows(press, "press", "channel"),
        _rows(read(data / "public_posts.jsonl"), "posts", "channel_kind"),
        _rows(clickbait, "clickbait", "source", "lead_paragraph"),
    ]
    return join([part for part in parts if len(part)] + [_rows(read(path), "posts", "channel_kind") for path in posts])


def clickbait_test(shared: Path, n: int, source: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which of the `n` labelled rows belong to ViClickbait's test part (`split_icd`)."""
    test = np.zeros(n, bool)
    rows = read(shared / "data" / "viclickbait2025.parquet")
    test[np.flatnonzero(source == "clickbait")] = [row["split_icd"] == "test" for row in rows]
    return test


def development(shared: Path) -> Rows:
    """`gold_dev`, for evaluation only."""
    return _rows(read(shared / "data" / "gold_dev.parquet"), "press", "channel")


def unlabelled(shared: Path, labels: Path | None = None) -> Rows:
    """Titles with leads, labelled or not, near-duplicates of dev titles and what `labels` calls no item taken out."""
    data = shared / "data"
    shells = {
        row["url"] for rows in _own(shared, labels).values() for row in rows.values() if row["tone"] == "not_item"
    }
    parts = [
        _rows([r for r in read(data / "stream_2026_6outlets.parquet") if r["url"] not in shells], "stream", "channel"),
        _rows(read(data / "vnnews2016_sections.parquet"), "sections", "source"),
        _rows(read(data / "vietnews_titles_leads.parquet"), "vietnews", "split"),
    ]
    rows = join(parts)
    dev = [pair[0] for pair in development(shared).pairs]
    keep = np.ones(len(rows), bool)
    keep[[i for i, _ in leaks([pair[0] for pair in rows.pairs], dev)]] = False
    return rows.take(keep)


def _shingles(title: str) -> tuple[str, frozenset[str]]:
    words = [features.canonical(word) for word in _WORD.findall(features.clean(title))]
    flat = " ".join(words)
    grams = (" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))
    return flat, frozenset(grams) or frozenset([flat])


def leaks(train_titles: Sequence[str], dev_titles: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs (train index, dev index) whose titles are the same or nearly: equal words whatever the spelling, or
    70 % of the shorter one's three-word shingles found in the other (three of them at least)."""
    index: dict[str, list[int]] = defaultdict(list)
    dev = [_shingles(title) for title in dev_titles]
    for j, (flat, grams) in enumerate(dev):
        index["=" + flat].append(j)
        for gram in grams:
            index[gram].append(j)
    found = []
    for i, title in enumerate(train_titles):
        flat, grams = _shingles(title)
        hits: dict[int, int] = defaultdict(int)
        for gram in grams:
            for j in index.get(gram, ()):
                hits[j] += 1
        same = set(index.get("=" + flat, ()))
        for j, count in hits.items():
            if count >= 3 and count >= CONTAINED * min(len(grams), len(dev[j][1])):
                same.add(j)
        found += [(i, j) for j in sorted(same)]
    return found


def stories(titles: Sequence[str]) -> NDArray[np.int64]:
    """A story number per title; near-duplicates (as in `leaks`) share one, so that a split keeps them together."""
    parent = list(range(len(titles)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in leaks(titles, titles):
        parent[root(i)] = root(j)
    return np.array([root(i) for i in range(len(titles))])


def digests(shared: Path, own: Iterable[Path] = ()) -> dict[str, str]:
    """SHA-256 of the data files under `shared` and of our `own`, by name."""
    files = [*(shared / "data" / name for name in (*FILES, "gold_dev.parquet")), *own]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
