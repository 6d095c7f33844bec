import unicodedata

import pytest

from canbang.text.normalise import fold_tone, heading_key, match_key, nfc, plain, strip_accents, strip_agency


@pytest.mark.parametrize(
    ("text", "tag", "rest"),
    [
        ("(Dân trí) - Sáng nay mưa lớn", "Dân trí", "Sáng nay mưa lớn"),
        ("(TTXVN/Vietnam+) Hội nghị khai mạc", "TTXVN/Vietnam+", "Hội nghị khai mạc"),
        ("VOV.VN - Giá lúa tăng", "VOV.VN", "Giá lúa tăng"),
        ("TPO - Giá lúa tăng", "TPO", "Giá lúa tăng"),
        ("Bình thường - không có nguồn", "", "Bình thường - không có nguồn"),
    ],
)
def test_agency_tags_come_off(text: str, tag: str, rest: str) -> None:
    assert strip_agency(text) == (tag, rest)


def test_decomposed_text_and_invisible_characters_read_as_one_normal_form() -> None:
    assert nfc(unicodedata.normalize("NFD", "Tiếng  Việt\u200b ơi")) == "Tiếng Việt ơi"


def test_both_placements_of_the_tone_mark_are_one_word() -> None:
    assert fold_tone("Hoà thuỷ khoẻ quý") == fold_tone("hòa thủy khỏe quý") == "hòa thủy khỏe quý"


def test_html_of_a_content_system_reads_as_text() -> None:
    assert plain("<p>Thủ tướng L&agrave;o</p><script>x()</script>") == "Thủ tướng Lào"


def test_less_than_in_a_text_is_no_tag() -> None:
    assert plain("lạm phát < 4 % và > 2 %") == "lạm phát < 4 % và > 2 %"


def test_keys_ignore_accents_case_and_marks() -> None:
    assert heading_key(" Ngày_đăng (GMT+7) ") == "ngay dang gmt 7"
    assert strip_accents("Đường Phố") == "Duong Pho"
    assert match_key("(Dân trí) - Toà án, tuyên!") == "tòa án tuyên"
