"""The outlook equals counting one by one, and asks for knowledge before it asks for filler."""

from __future__ import annotations

from fractions import Fraction

import pytest

import canbang.estimate.outlook as module
from canbang.estimate.outlook import Advice, Outlook, others_needed, outlook
from canbang.estimate.share import Cell, Share, ShareError, estimate_share

LIMIT = Fraction(15, 100)


def counted_up(items: int, negative: int, strict: bool) -> int:
    more = 0
    while not (100 * negative < 15 * (items + more) or (not strict and 100 * negative == 15 * (items + more))):
        more += 1
    return more


@pytest.mark.parametrize("strict", [True, False])
def test_the_formula_equals_counting_for_every_small_window(strict: bool) -> None:
    wrong = [
        (items, negative)
        for items in range(1, 150)
        for negative in range(items + 1)
        if others_needed(items, negative, LIMIT, strict=strict) != counted_up(items, negative, strict)
    ]
    assert wrong == []


def test_three_among_seventeen_needs_one_more() -> None:
    assert others_needed(20, 3, LIMIT) == 1
    assert others_needed(20, 3, LIMIT, strict=False) == 0


def test_where_only_the_safe_number_is_positive_the_advice_is_to_audit() -> None:
    share = estimate_share([Cell("a", 450, 60, 2), Cell("b", 110, 30, 9), Cell("c", 40, 20, 15)])
    assert outlook(share, LIMIT) == Outlook(0, 147, Advice.AUDIT)


def test_over_by_the_point_asks_for_more_of_other_kinds_and_under_asks_for_nothing() -> None:
    def of(point: int, high: int) -> Share:
        return Share(100, 50, Fraction(point, 100), 0, high, 0.95)

    assert outlook(of(20, 25), LIMIT) == Outlook(34, 67, Advice.PUBLISH)
    assert outlook(of(10, 14), LIMIT) == Outlook(0, 0, Advice.NONE)


def test_impossible_questions_are_refused() -> None:
    for items, negative, limit in ((0, 0, LIMIT), (5, 6, LIMIT), (5, -1, LIMIT), (5, 1, Fraction(0))):
        with pytest.raises(ShareError):
            others_needed(items, negative, limit)


def test_nothing_tells_how_many_negative_items_a_window_can_still_hold() -> None:
    names = [name for name in vars(module) if not name.startswith("_")]
    assert not [name for name in names if "room" in name or "quota" in name or "allow" in name]
    assert {advice.value for advice in Advice} == {"none", "audit", "publish"}
