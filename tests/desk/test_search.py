"""Search: words without diacritics match any spelling, words with them only that one."""

from __future__ import annotations

from datetime import datetime

import pytest

from canbang.desk.domain import intake
from canbang.desk.domain.search import search, words_of
from canbang.desk.models import IntakeKind, Item, Organisation
from canbang.item import VIETNAM
from canbang.item import Item as Act

TITLES = {
    "1": "Khánh thành cầu Đông Hà",
    "2": "Câu chuyện về người thợ mộc",
    "3": "CẤU TRÚC mới của hội đồng xã",
    "4": "Hoà giải ở cơ sở",
    "5": "Hòa bình lập lại",
    "6": "Ngày 30/4: lễ diễu hành, Covid-19 đã qua",
}


@pytest.fixture
def titles(commune: Organisation) -> Organisation:
    when = datetime(2026, 9, 1, 8, tzinfo=VIETNAM)
    acts = [Act("Cổng", key, title, when, lead="Sapo của tin.") for key, title in TITLES.items()]
    intake.take(commune, IntakeKind.FILE, "a.csv", acts)
    return commune


def found(words: str) -> list[str]:
    return sorted(search(Item.objects.all(), words).values_list("platform_id", flat=True))


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("cau", ["1", "2", "3"]),
        ("cầu", ["1"]),
        ("CẦU", ["1"]),
        ("Câu", ["2"]),
        ("cấu truc", ["3"]),
        ("dong", ["1", "3"]),
        ("Đông", ["1"]),
        ("cau cua", ["1", "2", "3"]),
        ("hoà", ["4"]),
        ("hoa", ["4", "5"]),
        ("cầu chuyện", []),
        ("covid-19", ["6"]),
        ("30/4", ["6"]),
        ("khanh thanh sapo", ["1"]),
        ("không có từ này", []),
    ],
)
def test_words_find_titles_and_leads(titles: Organisation, words: str, keys: list[str]) -> None:
    assert found(words) == keys


@pytest.mark.parametrize("words", ["", "   ", "\0", "!!! ---", "\ud800"])
def test_no_word_filters_nothing(titles: Organisation, words: str) -> None:
    assert found(words) == sorted(TITLES)


@pytest.mark.parametrize(
    "words", ['"', "cau OR cầu", "NEAR(cau", "cau*", "folded:cau", "_", "x" * 100_000, "' OR 1=1 --", "a " * 500, "²", "cau & !dong | x:*"]
)  # fmt: skip
def test_no_word_is_an_operator(titles: Organisation, words: str) -> None:
    assert isinstance(found(words), list)


def test_decomposed_letters_are_the_same_letters() -> None:
    assert words_of("Ca\u0302\u0300u dong") == (["dong"], ["cầu"])


def test_an_edit_is_found_under_its_new_title_alone(titles: Organisation) -> None:
    when = datetime(2026, 9, 1, 8, tzinfo=VIETNAM)
    intake.take(titles, IntakeKind.FILE, "b.csv", [Act("Cổng", "1", "Thông xe đường Trà Giang", when, lead="Sapo.")])
    assert (found("khanh thanh"), found("thông xe")) == ([], ["1"])
