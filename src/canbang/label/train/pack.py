"""A trained student as the arrays of the model file: tables in int8, the rest in float16, calibration in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label.labeller import COLUMN, COLUMNS
from canbang.label.linear import LARGEST, EmbeddedLabeller
from canbang.label.train import data as train_data
from canbang.label.train.calibrate import calibrate
from canbang.label.train.student import Shape
from canbang.label.train.wide import Wide


def _int8(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Columns scaled to -127..127 by their largest value: cutting off the rare large ones costs the strongest words."""
    scale = np.maximum(np.abs(table).max(axis=0), 1e-8) / 127
    return np.clip(np.round(table / scale), -127, 127).astype(np.int8), scale.astype(np.float32)


def _unit(words: NDArray[np.float32], conv: NDArray[np.float32]) -> NDArray[np.float32]:
    """What one step of int16 means in every channel, so that the window's words add up without overflow: the largest
    product that two rows of the table (a word, its form without accents) and a shape can make is `LARGEST` / window."""
    width = words.shape[1]
    most = [2 * np.abs(words @ part[:width]).max(axis=0) + np.abs(part[width:]).max(axis=0) for part in conv]
    return np.asarray(np.max(most, axis=0) * len(conv) / LARGEST + 1e-12, np.float32)


def pack(
    model: Any, wide: Wide, shape: Shape, slope: NDArray[np.float32], offset: NDArray[np.float32]
) -> dict[str, Any]:
    """Arrays for `linear.Network` and `linear.EmbeddedLabeller`."""
    state = {name: value.detach().float().numpy() for name, value in model.state_dict().items()}
    words, words_scale = _int8(state["words.weight"])
    table, wide_bias = wide.table()
    linear, wide_scale = _int8(table)
    pairs, pairs_scale = _int8(state["pairs.weight"])
    conv = state["conv.weight"].T.reshape(shape.window, -1, shape.channels)
    unit = _unit(words * words_scale, conv)
    return {
        "words": words,
        "words_scale": words_scale,
        "pairs": pairs,
        "pairs_scale": pairs_scale,
        "conv": conv.astype(np.float16),
        "conv_unit": unit,
        "conv_bias": state["bias"].astype(np.float16),
        "hidden": state["hidden.weight"].T.astype(np.float16),
        "hidden_bias": state["hidden.bias"].astype(np.float32),
        "out": state["out.weight"].T.astype(np.float16),
        "out_bias": state["out.bias"].astype(np.float32),
        "wide": linear,
        "wide_scale": wide_scale,
        "wide_bias": wide_bias,
        "wide_share": np.array([SHARES[column.split(":")[0]] for column in COLUMNS], np.float32),
        "slope": slope.astype(np.float32),
        "offset": offset.astype(np.float32),
    }


SHARES = {"tone": 0.1, "dark_side": 0.2, "sensational": 0.4, "public_interest": 0.2, "counted_negative": 0.1,
          "clickbait": 0.1, "theme": 0.15}  # fmt: skip
"""Weight of the linear part beside the network, per label: chosen by log-loss on rows of channels left out. Style
lives in exact words, so `sensational` leans on it most."""


def finish(
    model: Any, wide: Wide, shape: Shape, hold: train_data.Rows, meta: dict[str, Any], out: Path
) -> dict[str, float]:
    """Calibrate on `hold`, which nothing was fitted on, write ``labeller.npz`` into `out`; gives the thresholds.

    The calibration is that of the packed model, rounding included.
    """
    ones, zeros = np.ones(train_data.WIDTH, np.float32), np.zeros(train_data.WIDTH, np.float32)
    counted = hold.y[:, COLUMN["counted_negative"]]
    meta = {"kind": "student", "prior": round(float(np.nanmean(counted)), 4), **meta}
    raw = EmbeddedLabeller(pack(model, wide, shape, ones, zeros), meta)
    slope, offset, thresholds = calibrate(raw.scores(hold.pairs), hold)
    out.mkdir(parents=True, exist_ok=True)
    arrays = pack(model, wide, shape, slope, offset)
    EmbeddedLabeller(arrays, {**meta, "thresholds": thresholds}).save(out / "labeller.npz")
    return thresholds
