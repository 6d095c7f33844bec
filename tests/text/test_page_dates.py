"""Which of a page's lines holds its own date. Lines are written by hand: (text, mark of the innermost block)."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbang.item import VIETNAM, Confidence
from canbang.text.date_places import Places
from canbang.text.page_dates import Line, Shown, find_dates

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
    found = find_dates(page(*blocks), **{"title": TITLE, "fetched": FETCHED} | options).pick()  # type: ignore[arg-type]
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
    shown = find_dates(lines, title=TITLE, fetched=FETCHED)
    found = shown.pick()
    assert found is not None and (found.when, found.confidence) == (today, Confidence.LIKELY)
    places = Places()
    for _ in range(2):
        places.learn(shown.lines)
        assert places.clocks == frozenset() and shown.pick(places) == found
    places.learn(shown.lines)
    assert places.clocks == frozenset({f"^{lines[0].place}"})
    assert shown.pick(places) is None
    older = [*page(("Thứ Sáu, 29/3/2024", "div.date")), *menu, lines[-1]]
    places.learn(find_dates(older, title=TITLE, fetched=FETCHED).lines)
    assert places.clocks == frozenset()


def shown_by(*blocks: tuple[str, str], fetched: datetime = FETCHED) -> Shown:
    return find_dates(page(*blocks), title=TITLE, fetched=fetched)


def taught(*pages: Shown) -> Places:
    places = Places()
    for one in pages:
        places.learn(one.lines)
    return places


def test_no_text_is_sure_of_its_date_before_three_pages_were_compared() -> None:
    pages = [shown_by((TITLE, "h1"), (f"{day}/3/2024 08:15", "div.date")) for day in (27, 28, 29)]
    assert (found := pages[2].pick()) and found.confidence is Confidence.SURE  # alone, nobody will know better
    places = Places()
    for confidence in (Confidence.LIKELY, Confidence.LIKELY, Confidence.SURE):
        places.learn(pages[places.pages].lines)
        assert (found := pages[2].pick(places)) and (found.when, found.confidence) == (DAY, confidence)


def test_a_date_of_today_is_sure_where_its_place_has_shown_other_days() -> None:
    """Below the headline too: a clock beside the print button shows today on every page."""
    today = shown_by((TITLE, "h1"), ("20/4/2024", "div.date"))
    assert (found := today.pick(taught(today, today, today))) and found.confidence is Confidence.LIKELY
    older = shown_by((TITLE, "h1"), ("29/3/2024", "div.date"))
    assert (found := today.pick(taught(today, today, older))) and found.confidence is Confidence.SURE
    elsewhere = shown_by((TITLE, "h1"), ("29/3/2024", "div.other"))
    assert (found := today.pick(taught(today, today, elsewhere))) and found.confidence is Confidence.LIKELY


def test_a_line_that_says_what_it_is_is_no_clock() -> None:
    for line in ("Ngày đăng: 20/4/2024", "3 giờ trước"):
        today = shown_by((TITLE, "h1"), (line, "div.date"))
        assert (found := today.pick(taught(today, today, today))) and found.confidence is Confidence.SURE


def test_articles_of_today_make_no_clock_of_the_line_they_are_dated_by() -> None:
    """Read every hour, all articles are today's; their minutes differ from the moment of fetching, a clock's do not."""
    above = [
        shown_by((f"0{hour}:15 20/4/2024", "p"), ("Mục", "p"), (TITLE, "h1"), fetched=FETCHED) for hour in (1, 2, 3, 4)
    ]
    assert taught(*above).clocks == frozenset()
    below = [shown_by((TITLE, "h1"), ("20/4/2024", "div.date"))] * 4
    assert taught(*below).clocks == frozenset()


def test_a_clock_is_known_at_the_next_visit_and_an_old_copy_of_a_page_does_not_undo_it() -> None:
    clock = ("Thứ Bảy, 20/04/2024", "div.top")
    heads = [(f"Mục {n}", "p") for n in range(5)]
    page_of = lambda line: find_dates(  # noqa: E731
        [Line(line, (0, 5), ("body", "div.top")), *(Line(word, (0, 6, n), linked=5) for n, (word, _) in enumerate(heads)),
         Line(TITLE, (0, 7, 1), ("body", "div.main", "h1")), Line("29/3/2024", (0, 7, 2), ("body", "div.main", "p"))],
        title=TITLE, fetched=FETCHED,
    )  # fmt: skip
    places = taught(*[page_of(clock[0])] * 3)
    assert places.clocks == frozenset({"^body>div.top"})
    later = Places(places.pages, places.clocks, places.moved)
    later.learn(page_of(clock[0]).lines)
    later.learn(page_of("Thứ Ba, 02/04/2024").lines)
    assert later.clocks == places.clocks
    assert (found := page_of("Thứ Ba, 02/04/2024").pick(later)) and (found.when.day, found.confidence) == (
        29,
        Confidence.SURE,
    )
    for _ in range(2):
        later.learn(page_of("Thứ Ba, 02/04/2024").lines)
    assert later.clocks == frozenset()


def test_a_clock_with_a_time_is_known_wherever_it_stands() -> None:
    """Where the headline was taken for the site's name, the clock stands below it."""
    shown = [shown_by((TITLE, "h1"), (f"{FETCHED:%d/%m/%Y %H:%M}", "div.lich"), fetched=FETCHED)] * 3
    places = taught(*shown)
    assert len(places.clocks) == 1 and shown[0].pick(places) is None


def test_a_place_of_its_own_that_varies_dates_pages_whose_headline_is_not_known() -> None:
    def bare(day: str) -> Shown:
        return find_dates(
            page((day, "td.ngay-dang"), (LONG, "p"), ("1/2/2024", "li.o"), ("5/3/2024", "li.o")), fetched=FETCHED
        )

    pages = [bare(f"{day}/3/2024") for day in (11, 12, 13)]
    assert (found := pages[0].pick()) and found.confidence is Confidence.LIKELY
    places = taught(*pages)
    assert (found := pages[0].pick(places)) and (found.when.day, found.confidence) == (11, Confidence.SURE)
    same = [bare("11/3/2024")] * 4  # a week's column: the same on all pages
    assert (found := same[0].pick(taught(*same))) and found.confidence is Confidence.LIKELY
    changed = [bare(f"Cập nhật: {day}/3/2024") for day in (11, 12, 13)]
    assert (found := changed[0].pick(taught(*changed))) and found.confidence is Confidence.LIKELY


def test_numbers_of_articles_are_no_part_of_a_place() -> None:
    assert (
        Line("", (), ("div#post-20412.c-3", "p")).place
        == Line("", (), ("div#post-20413.c-3", "p")).place
        == "div#post-#.c-3>p"
    )


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
    assert find_dates([]).pick() is None


@given(st.lists(st.builds(Line, st.text(max_size=60) | st.sampled_from(("29/3/2024", TITLE, "Tin liên quan", "© 2019")),
                          st.lists(st.integers(0, 3), max_size=4).map(tuple), st.lists(st.text(max_size=8), max_size=4).map(tuple),
                          machine=st.sampled_from(("", "2024-03-29", "x"))), max_size=8), st.text(max_size=20))  # fmt: skip
def test_no_lines_break_the_choice(lines: list[Line], title: str) -> None:
    shown = find_dates(lines, title=title, fetched=FETCHED)
    shown.pick(taught(shown, shown, shown))
