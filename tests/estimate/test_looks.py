"""A month's looks are fixed beforehand and run out."""

from __future__ import annotations

import dataclasses

import pytest

from canbang.estimate.looks import LAMP_DAYS, Looks, Mode, lamp
from canbang.estimate.share import Cell, ShareError, estimate_share

CELLS = [Cell("a", 500, 60, 5), Cell("b", 100, 40, 20)]


def test_one_look_is_at_95_percent_and_there_is_no_second() -> None:
    share, after = Looks(Mode.ONE_LOOK).look(CELLS)
    assert (share.confidence, after.left) == (0.95, 0)
    with pytest.raises(ShareError):
        after.look(CELLS)


def test_four_looks_share_the_error_and_a_fifth_is_refused() -> None:
    looks = Looks(Mode.UNTIL_SETTLED)
    for _ in range(4):
        share, looks = looks.look(CELLS)
        assert share.confidence == pytest.approx(0.9875)
    with pytest.raises(ShareError, match="all 4 looks"):
        looks.look(CELLS)


def test_the_mode_is_frozen_and_reads_back_from_its_name() -> None:
    looks = Looks("until_settled", 3)  # type: ignore[arg-type]
    assert (looks.mode, looks.left) == (Mode.UNTIL_SETTLED, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        looks.mode = Mode.ONE_LOOK  # type: ignore[misc]
    for mode, taken in ((Mode.ONE_LOOK, 2), (Mode.UNTIL_SETTLED, 5), (Mode.ONE_LOOK, -1)):
        with pytest.raises(ShareError):
            Looks(mode, taken)


def test_a_lamp_is_wider_than_the_official_figure() -> None:
    share, official = lamp(CELLS), estimate_share(CELLS)
    assert (share.confidence, LAMP_DAYS) == (0.9975, (7, 30))
    assert share.low < official.low and share.high > official.high
