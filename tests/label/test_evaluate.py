"""Figures of a labeller against ones computed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from canbang.errors import InputError
from canbang.label.evaluate import evaluate, read_labelled, truth_of
from canbang.label.metrics import auc, ece, macro_f1
from conftest import WordLabeller

ROWS = [
    {"title": "Cháy nhà", "lead": "", "channel": "a", "tone": "negative", "dark_side": False, "theme": "society"},
    {"title": "Tai nạn", "lead": "", "channel": "a", "tone": "positive", "dark_side": True, "theme": "society"},
    {"title": "Mở đường", "lead": "", "channel": "b", "tone": "neutral", "dark_side": True, "theme": "law_crime"},
    {"title": "Trồng rừng", "lead": "", "channel": "b", "tone": "positive", "dark_side": False, "theme": "society"},
]


def test_counted_negative_follows_the_codebook() -> None:
    assert truth_of(ROWS, "counted_negative").tolist() == [1.0, 0.0, 1.0, 0.0]  # type: ignore[union-attr]


def test_figures_by_hand() -> None:
    found = evaluate(ROWS, WordLabeller())["labels"]
    counted = found["counted_negative"]
    assert (counted["items"], counted["positive"], counted["precision"], counted["recall"]) == (4, 2, 0.5, 0.5)
    assert (counted["macro_f1"], counted["auc"]) == (0.5, 0.5)
    assert found["theme"] == {"items": 4, "macro_f1": pytest.approx((6 / 7 + 0) / 2, abs=1e-4), "accuracy": 0.75}
    assert set(counted["by_channel"]) == {"a", "b"}
    assert "sensational" not in found


def test_metrics_on_small_arrays() -> None:
    truth = np.array([True, True, False, False])
    assert auc(truth, np.array([0.9, 0.4, 0.4, 0.1])) == 0.875
    assert macro_f1(truth, truth) == 1.0
    assert ece(truth, np.array([1.0, 1.0, 0.0, 0.0])) == 0.0
    assert np.isnan(auc(np.array([True]), np.array([0.5])))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_labelled_files_read_alike(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        head = ",".join(ROWS[0])
        path.write_text("\n".join([head, *(",".join(map(str, row.values())) for row in ROWS)]) + "\n", "utf-8")
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), "utf-8")
    rows = read_labelled(path)
    assert truth_of(rows, "counted_negative").tolist() == [1.0, 0.0, 1.0, 0.0]  # type: ignore[union-attr]
    assert len(read_labelled(path, [("channel", "a")])) == 2


def test_files_that_cannot_be_evaluated_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n", "utf-8")
    (tmp_path / "b.jsonl").write_text("{", "utf-8")
    for name in ("khong.csv", "a.csv", "b.jsonl"):
        with pytest.raises(InputError, match=name):
            read_labelled(tmp_path / name)
    with pytest.raises(InputError, match="nhãn"):
        evaluate([{"title": "x"}], WordLabeller())
