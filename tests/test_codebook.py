import re

import pytest

from canbang.codebook import data_digest, load_codebook
from canbang.item import Label
from canbang.label.labeller import THEMES, TONES
from canbang.limits import load_limits
from conftest import SHARED


def test_labels_and_values_are_those_of_the_rubric() -> None:
    book = load_codebook()
    assert [label.id for label in book.labels] == ["tone", "dark_side", "sensational", "theme", "public_interest"]
    assert tuple(value.id for value in book.label("tone").values) == TONES
    assert tuple(theme.id for theme in book.themes) == THEMES
    assert [ruling["n"] for ruling in book.raw["rulings"]] == list(range(1, 11))


@pytest.mark.parametrize(
    ("tone", "dark", "counted", "negative", "widest"),
    [
        ("negative", False, True, True, True),
        ("negative", True, True, True, True),
        ("neutral", True, True, False, True),
        ("positive", True, False, False, True),
        ("positive", False, False, False, False),
        ("neutral", False, False, False, False),
    ],
)
def test_the_three_definitions(tone: str, dark: bool, counted: bool, negative: bool, widest: bool) -> None:
    book, label = load_codebook(), Label(tone=tone, dark_side=dark)
    found = [book.variant(name).holds(label) for name in ("counted_negative", "negative", "negative_or_dark_side")]
    assert found == [counted, negative, widest]


def test_an_undecided_label_is_undecided_in_every_definition() -> None:
    assert load_codebook().variant("counted_negative").holds(Label(tone="negative")) is None


def test_one_changed_word_changes_the_digest() -> None:
    raw = load_codebook().raw
    assert data_digest(raw | {"item_vi": raw["item_vi"] + " "}) != load_codebook().digest == data_digest(dict(raw))


def test_the_limit_is_fifteen_percent_strict_by_month_and_act() -> None:
    limit = load_limits()["negative_share"]
    assert (limit.value.numerator, limit.value.denominator, limit.strict) == (3, 20, True)
    assert (limit.period, limit.unit, limit.timezone) == ("calendar_month", "act", "Asia/Ho_Chi_Minh")


def test_words_quoted_from_the_letters_stand_in_the_letters() -> None:
    letters = SHARED / "letters"
    if not letters.is_dir():
        pytest.skip(f"letters not found at {letters} (set CANBANG_SHARED)")
    text = " ".join(re.sub(r"\s+", " ", path.read_text("utf-8")) for path in sorted(letters.glob("00*.txt")))
    quoted = [clause["words"] for label in load_codebook().raw["labels"] for clause in label["clause"]]
    assert quoted
    assert [words for words in quoted if words not in text] == []
