import pytest

from canbang.text.syllable import is_syllable, split_tone


@pytest.mark.parametrize(
    "word", ["nghiêng", "Hồ", "ơ", "quý", "giếng", "khuỷu", "thuở", "đường", "Việt", "xoong", "ĐẮK", "học"]
)
def test_syllables(word: str) -> None:
    assert is_syllable(word) is (word != "ĐẮK")  # final k is no Vietnamese spelling


@pytest.mark.parametrize("word", ["für", "forờt", "tơt", "gỏt", "dộjà", "ngâ̂n", "zồ", "", "bcd", "các2"])
def test_what_is_none(word: str) -> None:
    assert is_syllable(word) is False


def test_the_tone_is_split_off() -> None:
    assert [split_tone(word) for word in ("Thuở", "nam", "ắ")] == [("thuơ", "hỏi"), ("nam", ""), ("ă", "sắc")]
