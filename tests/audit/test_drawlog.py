"""The log beside a draw: appended to, chained, and refused where the mode or the draw was changed afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from canbang.audit.draw import Draw, make_draw, next_look
from canbang.audit.drawlog import Event, append_log, check_log, log_path
from canbang.errors import InputError
from canbang.item import VIETNAM

WHEN = datetime(2026, 9, 30, 8, 0, tzinfo=VIETNAM)


def draw(secret: str = "s", mode: str = "until_settled") -> Draw:
    ids = [f"portal/{number}" for number in range(200)]
    scores = np.random.default_rng(3).beta(0.4, 2.0, 200)
    return make_draw(ids, scores, 40, secret, labeller=("word", "1"), codebook=("1", "abc"), mode=mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A draw of two looks, the first of three draws that were made."""
    path = tmp_path / "draw.json"
    for secret in ("a", "b", "s"):
        append_log(path, draw(secret), Event.DRAWN, lambda: WHEN)
    append_log(path, next_look(draw(), 80, "s"), Event.MORE, lambda: WHEN)
    append_log(path, next_look(draw(), 80, "s"), Event.REVEALED, lambda: WHEN)
    return path


def test_the_log_says_since_when_and_how_many_draws_were_thrown_away(path: Path) -> None:
    log = check_log(path, next_look(draw(), 80, "s"))
    assert (log.since, log.thrown_away, log_path(path).name) == (WHEN, 2, "draw.log")


def test_a_mode_changed_after_the_draw_is_refused(path: Path) -> None:
    with pytest.raises(InputError, match="không đổi được"):
        check_log(path, replace(next_look(draw(), 80, "s"), mode="one_look"))


@pytest.mark.parametrize("other", [draw(), draw("a"), next_look(draw("b"), 80, "b")])
def test_another_draw_than_the_last_one_logged_is_refused(path: Path, other: Draw) -> None:
    with pytest.raises(InputError, match="ghi sau cùng"):
        check_log(path, other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[1:], "dòng 1"),
        (lambda lines: [*lines[:2], *lines[3:]], "dòng 3"),
        (lambda lines: [line.replace('"at": "2026', '"at": "2025') for line in lines], "dòng 2"),
        (lambda lines: [*lines, "{"], "dòng 6"),
        (lambda lines: [], "thiếu nhật ký"),
    ],
)
def test_a_log_that_was_changed_is_refused(path: Path, change: Callable[[list[str]], list[str]], said: str) -> None:
    log = log_path(path)
    log.write_text("".join(f"{line}\n" for line in change(log.read_text("utf-8").splitlines())), "utf-8")
    with pytest.raises(InputError, match=said):
        check_log(path, next_look(draw(), 80, "s"))
