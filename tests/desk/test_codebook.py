"""*Bộ tiêu chí*: everything on the page is the codebook's data, with an anchor to point at."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.test import Client
from django.utils.html import escape

from canbang.codebook import load_codebook
from canbang.desk.domain import draw
from canbang.desk.models import Organisation, User
from canbang.estimate.looks import Mode
from desk.conftest import MONTH


@pytest.fixture
def page(stocked: Organisation, minh: User, minhs: Client) -> str:
    draw.draw_first(draw.open_month(stocked, MONTH, Mode.ONE_LOOK), 40, minh)
    return minhs.get("/thuong-tra/bo-tieu-chi/").text


def test_every_word_that_rules_is_on_the_page(page: str) -> None:
    raw = load_codebook().raw
    words = [label[key] for label in raw["labels"] for key in ("name_vi", "question_vi", "definition_vi")]
    words += [
        value[key] for label in raw["labels"] for value in label["values"] for key in ("name_vi", "definition_vi")
    ]
    words += [one["text_vi"] for label in raw["labels"] for one in label.get("tiebreaks", [])]
    words += [clause[key] for label in raw["labels"] for clause in label["clause"] for key in ("ref", "words")]
    words += [ruling[key] for ruling in raw["rulings"] for key in ("title_vi", "text_vi")]
    words += [variant[key] for variant in raw["counted"]["variants"] for key in ("name_vi", "definition_vi")]
    assert [word for word in words if escape(word) not in page] == []


def test_labels_rulings_and_definitions_have_anchors_of_their_own(page: str) -> None:
    book = load_codebook()
    anchors = Counter(re.findall(r' id="([^"]+)"', page))
    wanted = [label.id for label in book.labels] + [variant.id for variant in book.variants]
    wanted += [f"ca-{ruling['n']}" for ruling in book.raw["rulings"]] + ["not_an_item"]
    assert [name for name in wanted if anchors[name] != 1] == []
    assert [name for name in re.findall(r'href="#([^"]+)"', page) if anchors[name] != 1] == []


def test_the_running_version_stands_with_its_digest_and_the_months_under_it(page: str) -> None:
    book = load_codebook()
    versions = page[page.index('id="ban"') :]
    assert (book.digest in versions, "tháng 9/2026" in versions, "20/11/2026" in versions) == (True, True, True)
