"""Names stand in the order of a Vietnamese dictionary."""

from __future__ import annotations

import random
import unicodedata

import pytest

from canbang.text.collation import vietnamese_key

ORDERED = ["5", "An", "Ăn", "Âm", "Dừa", "Đá", "Ét", "Ê", "Óc", "Y"]
TONES = ["ma", "mà", "mả", "mã", "má", "mạ", "mac", "măng", "mâm"]
COMMUNES = [
    "Xã An Bình",
    "Xã An Phú",
    "Xã Ân Thi",
    "Xã Bình Ân",
    "Xã Đại Từ",
    "Xã Định Hóa",
    "Xã Ea Súp",
    "Xã Ô Lâm",
    "Xã Ư Minh",
]


@pytest.mark.parametrize("ordered", [ORDERED, TONES, COMMUNES])
def test_names_stand_as_in_a_dictionary(ordered: list[str]) -> None:
    mixed = ordered[:]
    random.Random(5).shuffle(mixed)
    assert sorted(mixed, key=vietnamese_key) == ordered


def test_how_a_name_is_encoded_does_not_move_it() -> None:
    for name in (*ORDERED, *TONES, *COMMUNES):
        assert vietnamese_key(unicodedata.normalize("NFD", name))[:2] == vietnamese_key(name)[:2]


def test_a_tone_decides_only_between_like_spellings() -> None:
    assert sorted(["hòa b", "hoa c", "hoa", "hóa a"], key=vietnamese_key) == ["hoa", "hóa a", "hòa b", "hoa c"]


def test_capitals_and_blanks_do_not_move_a_name() -> None:
    assert vietnamese_key("  XÃ  đông ")[:2] == vietnamese_key("xã Đông")[:2]


def test_foreign_letters_stand_with_those_they_are_written_like_and_signs_before_all() -> None:
    assert sorted(["z", "Müller", "mun", "\u0301", "🙂 b", "a"], key=vietnamese_key) == [
        "\u0301", "🙂 b", "a", "Müller", "mun", "z",
    ]  # fmt: skip
