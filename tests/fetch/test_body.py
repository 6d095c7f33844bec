"""The body of a page: what is mostly links goes before trafilatura looks, and nothing of the article with it."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from canbang.fetch.body import read_body

PARAGRAPHS = [
    f"Hợp tác xã ở Bến Gạo vừa hoàn thành đợt {n} của kế hoạch năm, với {n + 3} hộ tham gia ngay từ đầu và {n + 12} người góp công."
    for n in range(6)
]
TEXT = "".join(f"<p>{one}</p>" for one in PARAGRAPHS)
STORIES = "".join(f'<div class="o"><a href="/t/{n}">Tin số {n} trong ngày ở Đồi Chè và vùng lân cận</a><span>12/3</span></div>' for n in range(30))  # fmt: skip
MENU = "".join(f'<li><a href="/m/{n}">Mục {n}</a></li>' for n in range(40))


def page(body: str) -> str:
    return f"<html><head><title>Bài</title><style>p {{}}</style></head><body><ul>{MENU}</ul><div class=khung>{body}</div><div>{STORIES}</div></body></html>"


def test_menus_and_other_stories_are_no_part_of_the_body() -> None:
    assert read_body(page(f"<div class=nd>{TEXT}</div>")).split("\n") == PARAGRAPHS


def test_links_within_running_text_stay() -> None:
    linked = TEXT.replace("Bến Gạo", '<a href="/ben-gao">Bến Gạo</a>').replace(
        "kế hoạch năm", '<a href="/kh">kế hoạch năm</a>'
    )
    assert read_body(page(f"<div class=nd>{linked}</div>")).split("\n") == PARAGRAPHS


def test_a_body_that_is_one_link_stays() -> None:
    """A system that wraps each paragraph in a link to itself: running text is kept, however much of it is linked."""
    wrapped = "".join(f'<p><a href="#">{one} {one}</a></p>' for one in PARAGRAPHS)
    assert PARAGRAPHS[2] in read_body(page(f"<div class=nd>{wrapped}</div>"))


def test_a_page_of_links_alone_is_still_read_as_before() -> None:
    assert "Tin số 7" in read_body(f"<html><body><div>{STORIES}</div></body></html>")


def test_structured_data_stays_for_trafilatura() -> None:
    ld = f'<script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"{" ".join(PARAGRAPHS)}"}}</script>'
    assert PARAGRAPHS[3] in read_body(f"<html><head>{ld}</head><body><div id=app></div></body></html>")


def test_hostile_pages_end_soon() -> None:
    start = time.process_time()
    for markup in (
        "<div>" * 30_000,
        "<div><a>x</a><a>y</a><a>z</a>" * 15_000,
        "<ul><li><a>" * 20_000,
        "<table><tr><td>" * 15_000,
    ):
        read_body(markup)
    assert time.process_time() - start < 60


@given(st.lists(st.sampled_from(["<ul>", "</ul>", "<a href=x>", "</a>", "<div>", "</div>", "<nav>", "<label>", "<input>", "<p>", "x ", "\x00", "<script>", "</script>"]), max_size=60).map("".join))  # fmt: skip
def test_no_markup_breaks_the_reader(markup: str) -> None:
    read_body(markup)
