"""How good a labeller is on a labelled file: per label macro-F1, AUC, calibration, precision and recall."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.item import VIETNAM, Item, Label
from canbang.label.labeller import COLUMN, THEMES, TONES, Labeller
from canbang.label.metrics import auc, defined, ece, macro_f1
from canbang.text.dates import parse_date
from canbang.text.encodings import detect_file
from canbang.text.normalise import plain

FLAGS = ("counted_negative", "dark_side", "sensational", "public_interest", "clickbait")
CHOICES = {"tone": TONES, "theme": THEMES}
LABELS = ("counted_negative", "tone", "dark_side", "sensational", "theme", "public_interest", "clickbait")
_TRUE, _FALSE = {"true", "1", "có", "clickbait"}, {"false", "0", "không", "non-clickbait"}


def read_labelled(path: Path, only: Sequence[tuple[str, str]] = ()) -> list[dict[str, Any]]:
    """Rows of a csv, jsonl or parquet file whose columns have the given values."""
    try:
        rows = _rows(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: không có tệp này.") from error
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: không đọc được như tệp đã gắn nhãn csv, jsonl hoặc parquet ({error}).") from error
    for column, value in only:
        rows = [row for row in rows if str(row.get(column)) == value]
    if not rows:
        raise InputError(f"{path}: không có dòng nào để đánh giá. Kiểm tra tệp và điều kiện --only.")
    if "title" not in rows[0]:
        raise InputError(f"{path}: thiếu cột title.")
    return rows


def _rows(path: Path) -> list[dict[str, Any]]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    with path.open(encoding=detect_file(path), newline="") as stream:
        if suffix == ".csv":
            return list(csv.DictReader(stream))
        if suffix in (".jsonl", ".ndjson"):
            return [json.loads(line) for line in stream if line.strip()]
    raise ValueError(f"loại tệp “{suffix}”")


def as_item(row: dict[str, Any], number: int) -> Item:
    """The texts of a labelled row as an item."""

    def text(*names: str) -> str:
        return next((plain(str(row[name])) for name in names if row.get(name)), "")

    return Item(
        channel=text("channel", "source", "channel_kind"), platform_id=str(number), title=text("title"),
        published_at=_when(row.get("published_at")), lead=text("lead", "lead_paragraph"), text=text("text", "body"),
    )  # fmt: skip


def _when(value: Any) -> datetime:
    """The date of a labelled row where it has one; labellers do not read it, splits by time do."""
    dated = parse_date(str(value)) if value else None
    return dated.when if dated else datetime(2000, 1, 1, tzinfo=VIETNAM)


def _flag(value: Any) -> float:
    """1, 0, or NaN where the cell says neither."""
    word = str(value).strip().lower()
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else float("nan")


def truth_of(rows: Sequence[dict[str, Any]], label: str) -> NDArray[Any] | None:
    """What people said: floats 1/0/NaN of a flag, words of a choice; ``None`` where the file has no such column."""
    if label == "counted_negative":
        counted = load_codebook().variant("counted_negative").holds
        if not {"tone", "dark_side"} <= rows[0].keys():
            return None
        said = [
            counted(Label(tone=row["tone"], dark_side=_flag(row["dark_side"]) == 1.0))
            if row["tone"] in TONES and not np.isnan(_flag(row["dark_side"])) else None
            for row in rows
        ]  # fmt: skip
        return np.array([float("nan") if value is None else float(value) for value in said])
    column = "label" if label == "clickbait" and "clickbait" not in rows[0] else label
    if column not in rows[0]:
        return None
    if label in CHOICES:
        return np.array([str(row[column]) for row in rows])
    return np.array([_flag(row[column]) for row in rows])


def _flag_figures(truth: NDArray[np.float64], score: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    said, guess = truth > 0.5, score >= threshold
    hit = int((said & guess).sum())
    return {
        "items": len(said),
        "positive": int(said.sum()),
        "macro_f1": macro_f1(said, guess),
        "auc": auc(said, score),
        "ece": ece(said, score),
        "precision": hit / int(guess.sum()) if guess.any() else float("nan"),
        "recall": hit / int(said.sum()) if said.any() else float("nan"),
    }


def _figures(label: str, truth: NDArray[Any], scores: NDArray[np.float32], threshold: float) -> dict[str, Any]:
    if label in CHOICES:
        kinds = CHOICES[label]
        columns = [COLUMN[f"{label}:{kind}"] for kind in kinds]
        known = np.isin(truth, kinds) & ~np.isnan(scores[:, columns]).any(axis=1)
        guess = np.array(kinds)[scores[known][:, columns].argmax(axis=1)]
        return {
            "items": int(known.sum()),
            "macro_f1": macro_f1(truth[known], guess),
            "accuracy": float(np.mean(truth[known] == guess)),
        }
    known = ~np.isnan(truth) & ~np.isnan(scores[:, COLUMN[label]])
    return _flag_figures(truth[known], scores[known, COLUMN[label]].astype(np.float64), threshold)


def evaluate(rows: Sequence[dict[str, Any]], labeller: Labeller, labels: Sequence[str] = LABELS) -> dict[str, Any]:
    """Figures of ``labeller`` on labelled rows; labels without a column are left out.

    Raises :class:`InputError` where no label has a column. ``items_per_second`` counts prediction only.
    """
    items = [as_item(row, number) for number, row in enumerate(rows)]
    start = time.perf_counter()
    scores = labeller.predict(items)
    seconds = time.perf_counter() - start
    channel = np.array([item.channel for item in items])
    thresholds: dict[str, float] = getattr(labeller, "thresholds", {})
    found: dict[str, Any] = {}
    for label in labels:
        truth = truth_of(rows, label)
        if truth is None:
            continue
        threshold = thresholds.get(label, 0.5)
        figures = _figures(label, truth, scores, threshold)
        if not figures["items"]:
            continue
        names = sorted(set(channel.tolist()) - {""})
        if label not in CHOICES and len(names) > 1:
            figures["by_channel"] = {
                name: _figures(label, truth[channel == name], scores[channel == name], threshold) for name in names
            }
        found[label] = figures
    if not found:
        raise InputError(f"Tệp không có cột nhãn nào trong: {', '.join(labels)}.")
    return {
        "items": len(rows),
        "items_per_second": round(len(rows) / max(seconds, 1e-9), 1),
        "labeller": {"name": labeller.name, "version": labeller.version},
        "codebook": load_codebook().version,
        "labels": defined(found),
    }
