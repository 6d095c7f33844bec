"""Which of a page's lines holds its own date. Lines are written by hand: (text, mark of the innermost block)."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbang.item import VIETNAM, Confidence
from canbang.text.page_dates import Line, clock_places, pick_date

TITLE = "Thông xe cầu Khe Dâu sau mười tháng thi công"
FETCHED = datetime(2024, 4, 20, 9, 0, tzinfo=VIETNAM)
DAY = datetime(2024, 3, 29, 8, 15, tzinfo=VIETNAM)
LONG = (
    "Bà con phấn khởi vì đường mới giúp việc đi lại, học hành của con em và việc bán nông sản thuận lợi hơn trước. " * 3
)


def page(*blocks: tuple[str, str]) -> list[Line]:
    """Lines of ``body > div.main > block``; a mark of two parts ("footer p") adds an element of its own around the line."""
    lines = []
    for number, (text, mark) in enumerate(blocks, 10):
        *around, own = mark.split(" ")
        trail = (0, 1, *(100 + hash(name) % 1000 for name in around), number)
        lines.append(Line(text, trail, ("body", "div.main", *around, own)))
    return lines


def picked(*blocks: tuple[str, str], **options: object) -> tuple[datetime, Confidence] | None:
    found = pick_date(page(*blocks), **{"title": TITLE, "fetched": FETCHED} | options)  # type: ignore[arg-type]
    return (found.when, found.confidence) if found else None


@pytest.mark.parametrize(
    "line",
    [
        ("Thứ Sáu, 29/3/2024 - 08:15 GMT+7", "div"),
        ("Ngày đăng: 29/03/2024 08:15 | Lượt xem: 20", "p"),
        ("Phạm Văn A 08:15 29/03/2024", "div.post-date"),
    ],
)
def test_a_line_by_the_headline_that_says_nothing_else_is_sure(line: tuple[str, str]) -> None:
    assert picked((TITLE, "h1"), line, (LONG, "p")) == (DAY, Confidence.SURE)


@pytest.mark.parametrize(
    "line",
    [
        "Giấy phép số 12/GP-STTTT ngày 15/02/2019",
        "© 15/02/2019",
        "Bản quyền thuộc về Sở, 15/02/2019",
        "Chịu trách nhiệm: Bà H. 15/02/2019",
        "Cấp ngày 15/02/2019",
    ],
)
def test_licence_dates_are_never_taken(line: str) -> None:
    assert picked((TITLE, "h1"), (line, "div.date"), (LONG, "p")) is None
    assert picked((TITLE, "h1"), ("29/3/2024 08:15", "div.date"), (LONG, "p"), (line, "p")) == (DAY, Confidence.SURE)
    assert picked((line, "div.date"), ("x", "p"), ("y", "p"), ("z", "p"), (TITLE, "h1"), ("29/3/2024 08:15", "p")) == (
        DAY,
        Confidence.SURE,
    )


def test_the_line_after_a_licence_belongs_to_it() -> None:
    assert picked((TITLE, "h1"), (LONG, "p"), ("Giấy phép số 45 do Sở cấp", "p"), ("Ngày 15/02/2019", "p")) is None


@pytest.mark.parametrize(
    "mark",
    [
        "footer p",
        "div.footer p",
        "div.tin-lien-quan li",
        "aside p",
        "div.binh-luan span",
        "ul.list-news li",
        "header p",
    ],
)
def test_boxes_that_are_no_part_of_the_article_hold_no_date_of_it(mark: str) -> None:
    assert picked((TITLE, "h1"), ("29/3/2024 08:15", mark)) is None


@pytest.mark.parametrize(
    "heading",
    ["Tin liên quan", "Các tin khác:", "Bài viết cùng chuyên mục", "Bình luận (3)", "Ý kiến bạn đọc", "Đọc thêm"],
)
def test_what_follows_the_heading_of_a_box_belongs_to_the_box(heading: str) -> None:
    assert picked((TITLE, "h1"), (heading, "h3"), ("1/2/2024", "li.date"), ("3 giờ trước", "span.time")) is None


def test_a_date_in_running_text_is_for_a_person() -> None:
    found = picked((TITLE, "h1"), ("Ngày 29/3/2024 08:15, đoàn công tác kiểm tra công trình.", "p"))
    assert found == (DAY, Confidence.LIKELY)
    assert picked((TITLE, "h1"), (LONG + " ngày 29/3/2024", "p")) is None


def test_a_date_of_change_is_for_a_person_and_gives_way() -> None:
    changed = ("Cập nhật: 02/04/2024 10:00", "div.date")
    assert picked((TITLE, "h1"), changed) == (datetime(2024, 4, 2, 10, 0, tzinfo=VIETNAM), Confidence.LIKELY)
    assert picked((TITLE, "h1"), changed, ("29/3/2024 08:15", "div.date2")) == (DAY, Confidence.SURE)


def test_two_days_beside_one_headline_are_for_a_person() -> None:
    assert picked((TITLE, "h1"), ("29/3/2024 08:15", "div.a"), ("02/04/2024", "div.b")) == (DAY, Confidence.LIKELY)


def test_a_day_after_the_fetch_is_none() -> None:
    assert picked((TITLE, "h1"), ("29/5/2024 08:15", "div.date")) is None


def test_a_date_of_today_above_the_headline_may_be_the_clock() -> None:
    clock = ("Thứ Bảy, 20/04/2024", "div.date")
    today = datetime(2024, 4, 20, tzinfo=VIETNAM)
    menu = [Line(f"Mục {n}", (0, 1, 50 + n), (), (), "", 5) for n in range(5)]
    lines = [*page(clock), *menu, Line(TITLE, (0, 1, 90), ("body", "div.main", "h1"))]
    found = pick_date(lines, title=TITLE, fetched=FETCHED)
    assert found is not None and (found.when, found.confidence) == (today, Confidence.LIKELY)
    place = lines[0].place
    assert pick_date(lines, title=TITLE, fetched=FETCHED, clocks=frozenset({place})) is None
    assert clock_places([(lines, FETCHED)] * 3) == frozenset({place})
    assert clock_places([(lines, FETCHED)] * 2) == frozenset()
    older = [*page(("Thứ Sáu, 29/3/2024", "div.date")), *menu]
    assert clock_places([(lines, FETCHED), (lines, FETCHED), (older, FETCHED)]) == frozenset()


def test_relative_times_count_from_the_fetch() -> None:
    assert picked((TITLE, "h1"), ("3 giờ trước", "span.time")) == (
        datetime(2024, 4, 20, 6, 0, tzinfo=VIETNAM),
        Confidence.SURE,
    )
    assert picked((TITLE, "h1"), ("2 ngày trước", "span.time")) == (
        datetime(2024, 4, 18, 9, 0, tzinfo=VIETNAM),
        Confidence.LIKELY,
    )
    assert picked((TITLE, "h1"), ("3 giờ trước", "span.time"), fetched=None) is None


def test_without_a_headline_a_person_decides() -> None:
    assert picked(("29/3/2024 08:15", "div.date"), (LONG, "p")) == (DAY, Confidence.LIKELY)
    assert picked((LONG, "p")) is None
    assert pick_date([]) is None


@given(st.lists(st.builds(Line, st.text(max_size=60) | st.sampled_from(("29/3/2024", TITLE, "Tin liên quan", "© 2019")),
                          st.lists(st.integers(0, 3), max_size=4).map(tuple), st.lists(st.text(max_size=8), max_size=4).map(tuple),
                          machine=st.sampled_from(("", "2024-03-29", "x"))), max_size=8), st.text(max_size=20))  # fmt: skip
def test_no_lines_break_the_choice(lines: list[Line], title: str) -> None:
    pick_date(lines, title=title, fetched=FETCHED)
    clock_places([(lines, FETCHED)] * 3)
