"""Leaving out: a channel lies in one fold whole, and one paper is one outlet wherever it stands."""

from __future__ import annotations

import numpy as np

from canbang.label.labeller import COLUMNS
from canbang.label.train import data as train_data
from canbang.label.train.leave_out import deal, outlet


def test_one_outlet_has_one_name() -> None:
    """Accents, blanks and case do not make a second outlet."""
    assert outlet("Tuổi Trẻ") == outlet("tuoitre") == "tuoitre"


def test_channels_are_dealt_whole_and_the_same_paper_to_the_same_fold() -> None:
    """No outlet has rows in two folds, each source is spread over the folds, and other corpora lose the paper too."""
    channels = [("stream_2026", name) for name in ("tuoitre", "nhandan", "vnexpress", "afamily")] * 5
    channels += [("clickbait", name) for name in ("Tuổi Trẻ", "24h", "VnExpress", "SaoStar")] * 3
    channels += [("posts", name) for name in ("school", "court", "army", "tax")] * 2
    channels += [("vnnews2016", "Tuổi Trẻ"), ("vnnews2016", "Infonet"), ("vietnews", "vietnews")]
    source, channel = (np.array(part) for part in zip(*channels, strict=True))
    y = np.zeros((len(channels), len(COLUMNS)), np.float32)
    rows = train_data.Rows([("", "")] * len(channels), y, source, channel)
    fold = deal(rows, 4)
    folds_of = {name: set(fold[[outlet(c) == name for c in channel]]) for name in map(outlet, channel)}
    assert all(len(folds) == 1 for folds in folds_of.values())
    for name in ("stream_2026", "clickbait", "posts"):
        assert set(fold[source == name]) == {0, 1, 2, 3}
    assert folds_of["tuoitre"] != {-1}
    assert folds_of["infonet"] == folds_of["vietnews"] == {-1}
