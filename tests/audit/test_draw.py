"""The draw can be repeated from its seed, and a file changed by hand is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from canbang.audit.draw import Draw, draw_key, make_draw, read_draw, write_draw
from canbang.errors import InputError


def draw(budget: int = 60, secret: str = "hạt giống", n: int = 500) -> Draw:
    ids = [f"portal/{number}" for number in range(n)]
    scores = np.random.default_rng(3).beta(0.4, 2.0, n)
    return make_draw(ids, scores, budget, secret, labeller=("word", "1"), codebook=("1", "abc"), window=("", ""))


def test_the_same_seed_gives_the_same_draw_whatever_the_order_of_reading() -> None:
    ids = [f"portal/{number}" for number in range(100)]
    scores = np.random.default_rng(3).random(100)
    more = {"labeller": ("word", "1"), "codebook": ("1", "abc"), "window": ("", "")}
    back = make_draw(ids[::-1], scores[::-1], 40, "s", **more)
    assert make_draw(ids, scores, 40, "s", **more) == back
    assert make_draw(ids, scores, 40, "khác", **more).drawn != back.drawn


def test_every_item_of_a_band_is_drawn_equally_often() -> None:
    """Inclusion over 400 seeds lies within five binomial standard deviations of n/N in every band."""
    first = draw()
    band = dict(zip(first.frame_ids, first.bands, strict=True))
    counts = dict.fromkeys(first.frame_ids, 0)
    for seed in range(400):
        for item_id in draw(secret=str(seed)).drawn:
            counts[item_id] += 1
    for item_id, count in counts.items():
        h = band[item_id]
        p = first.drawn_sizes[h] / first.sizes[h]
        assert abs(count - 400 * p) <= 5 * (400 * p * (1 - p)) ** 0.5


def test_keys_are_uniform_numbers_of_secret_and_id() -> None:
    keys = np.array([draw_key(b"s", str(number)) for number in range(4000)])
    assert keys.min() >= 0 and keys.max() < 1
    assert abs(keys.mean() - 0.5) < 5 * (1 / 12 / 4000) ** 0.5


def test_a_small_window_is_drawn_whole() -> None:
    assert sorted(draw(budget=60, n=20).drawn) == sorted(f"portal/{number}" for number in range(20))


def test_a_draw_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_draw(draw(), tmp_path / "draw.json")
    assert read_draw(tmp_path / "draw.json") == draw()


@pytest.mark.parametrize("change", ["drawn", "band", "score", "frame", "seed", "cells", "format", "cut"])
def test_a_changed_file_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "draw.json"
    write_draw(draw(), path)
    value = json.loads(path.read_text("utf-8"))
    if change == "drawn":
        value["drawn"][0] = next(i for i, _, _ in value["frame"] if i not in value["drawn"])
    elif change == "band":
        value["frame"][0][2] = (value["frame"][0][2] + 1) % 3
    elif change == "score":
        value["frame"][0][1] = 0.99
    elif change == "frame":
        value["frame"].pop()
    elif change == "seed":
        value["seed"] = "khác"
    elif change == "cells":
        value["cells"][0]["n"] += 1
    elif change == "format":
        value["format"] = "khác"
    path.write_text(json.dumps(value)[: 900 if change == "cut" else None], "utf-8")
    with pytest.raises(InputError, match=r"draw\.json"):
        read_draw(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="canbang sample"):
        read_draw(tmp_path / "khong-co.json")
