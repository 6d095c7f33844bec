"""The draw can be repeated from its seed, and a file changed by hand is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from canbang.audit.draw import Draw, commitment_of, draw_key, make_draw, next_look
from canbang.audit.drawfile import new_secret_file, read_draw, read_secret, write_draw
from canbang.errors import InputError


def draw(budget: int = 60, secret: str = "hạt giống", n: int = 500) -> Draw:
    ids = [f"portal/{number}" for number in range(n)]
    scores = np.random.default_rng(3).beta(0.4, 2.0, n)
    return make_draw(ids, scores, budget, secret, labeller=("word", "1"), codebook=("1", "abc"))


def test_the_same_seed_gives_the_same_draw_whatever_the_order_of_reading() -> None:
    ids = [f"portal/{number}" for number in range(100)]
    scores = np.random.default_rng(3).random(100)
    more = {"labeller": ("word", "1"), "codebook": ("1", "abc")}
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


@pytest.mark.parametrize(
    "change", ["drawn", "band", "score", "frame", "seed", "cells", "format", "cut", "dropped", "doubled"]
)
def test_a_changed_file_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "draw.json"
    write_draw(draw(), path)
    value = json.loads(path.read_text("utf-8"))
    if change == "drawn":
        value["drawn"][0] = next(i for i, *_ in value["frame"] if i not in value["drawn"])
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
    elif change == "dropped":
        value["drawn"].pop()
    elif change == "doubled":
        value["doubled"].pop()
    elif change == "format":
        value["format"] = "khác"
    path.write_text(json.dumps(value)[: 900 if change == "cut" else None], "utf-8")
    with pytest.raises(InputError, match=r"draw\.json"):
        read_draw(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="canbang sample"):
        read_draw(tmp_path / "khong-co.json")


def test_a_second_look_keeps_everybody_and_draws_more_of_the_same_bands() -> None:
    first = draw(60)
    second = next_look(first, 120, "hạt giống")
    assert second.drawn[: len(first.drawn)] == first.drawn
    assert (second.bands, second.budgets) == (first.bands, (60, 120))
    assert len(set(second.drawn)) == sum(second.drawn_sizes) >= 120
    assert all(n >= old for old, n in zip(first.drawn_sizes, second.drawn_sizes, strict=True))


def test_a_look_with_another_secret_or_a_smaller_budget_is_refused() -> None:
    with pytest.raises(InputError, match="cam kết"):
        next_look(draw(60), 120, "khác")
    with pytest.raises(InputError, match="nhiều hơn 60"):
        next_look(draw(60), 60, "hạt giống")


def test_a_fifth_of_the_draw_is_judged_twice() -> None:
    assert len(draw(60).doubled) == 30
    assert len(draw(300).doubled) == 60
    assert set(draw(300).doubled) <= set(draw(300).drawn)


def test_a_later_look_adds_to_what_is_judged_twice_and_drops_nothing(tmp_path: Path) -> None:
    first = draw(60)
    second = next_look(first, 120, "hạt giống")
    assert set(first.doubled) < set(second.doubled) < set(second.drawn)
    write_draw(second, tmp_path / "draw.json")
    assert read_draw(tmp_path / "draw.json") == second


def test_a_kept_secret_stays_out_of_the_file_and_proves_the_draw_later(tmp_path: Path) -> None:
    commitment = new_secret_file(tmp_path / "thang9.secret")
    assert (tmp_path / "thang9.secret").stat().st_mode & 0o777 == 0o600
    secret = read_secret(tmp_path / "thang9.secret")
    assert commitment_of(secret) == commitment
    write_draw(draw(secret=secret), tmp_path / "draw.json", reveal=False)
    assert secret not in (tmp_path / "draw.json").read_text("utf-8")
    assert read_draw(tmp_path / "draw.json").secret == ""
    read_draw(tmp_path / "draw.json", secret)
    with pytest.raises(InputError, match="mã rút mẫu"):
        read_draw(tmp_path / "draw.json", "mã khác")
    with pytest.raises(InputError, match="không ghi đè"):
        new_secret_file(tmp_path / "thang9.secret")


def test_a_hand_picked_item_is_found_once_the_secret_is_known(tmp_path: Path) -> None:
    honest = draw()
    band = dict(zip(honest.frame_ids, honest.bands, strict=True))
    out = honest.drawn[0]
    other = next(i for i in honest.frame_ids if i not in honest.drawn and band[i] == band[out])
    picked = replace(honest, drawn=(other, *honest.drawn[1:]))
    write_draw(picked, tmp_path / "draw.json", reveal=False)
    assert read_draw(tmp_path / "draw.json").drawn == picked.drawn
    with pytest.raises(InputError, match="các tin được rút"):
        read_draw(tmp_path / "draw.json", honest.secret)


def test_items_published_since_form_an_epoch_of_their_own(tmp_path: Path) -> None:
    first = draw(60)
    ids = [f"portal/moi-{number}" for number in range(200)]
    second = next_look(first, 120, "hạt giống", ids, np.random.default_rng(4).beta(0.4, 2.0, 200))
    assert len(second.frame_ids) == 700
    assert second.sizes[: len(first.sizes)] == first.sizes
    old = {i: (b, s) for i, b, s in zip(first.frame_ids, first.bands, first.scores, strict=True)}
    new = {i: (b, s) for i, b, s in zip(second.frame_ids, second.bands, second.scores, strict=True)}
    assert all(new[item_id] == old[item_id] for item_id in old)
    assert {b for i, (b, _) in new.items() if i in set(ids)} == set(range(len(first.sizes), len(second.sizes)))
    write_draw(second, tmp_path / "draw.json")
    assert read_draw(tmp_path / "draw.json") == second


def test_a_look_in_proportion_to_the_items_is_written_down_and_repeated(tmp_path: Path) -> None:
    first = draw(60)
    second = next_look(first, 200, "hạt giống", by_scores=False)
    assert second.by_scores == (True, False)
    even = [200 * size / 500 for size in second.sizes]
    assert all(
        abs(n - max(old, want)) <= 20 for n, old, want in zip(second.drawn_sizes, first.drawn_sizes, even, strict=True)
    )
    assert second.drawn_sizes != next_look(first, 200, "hạt giống").drawn_sizes
    write_draw(second, tmp_path / "draw.json")
    assert read_draw(tmp_path / "draw.json") == second
    write_draw(replace(second, by_scores=(True, True)), tmp_path / "draw.json")
    with pytest.raises(InputError, match="số tin rút mỗi dải"):
        read_draw(tmp_path / "draw.json")
