from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbang.item import VIETNAM
from canbang.text.dates import DateOrder, order_evidence, parse_date

MORNING = datetime(2024, 3, 29, 8, 15, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    "text",
    [
        "Thứ Sáu, 29/3/2024 - 08:15 GMT+7",
        "Thứ Sáu, 29/3/2024, 08:15 (GMT+7)",
        "08:15 29/03/2024",
        "29.03.2024 08h15",
        "29-03-2024 8:15 SA",
        "8 giờ 15 phút, ngày 29 tháng 3 năm 2024",
        "2024-03-29T08:15:00+07:00",
        "2024-03-29T01:15:00Z",
        "2024-03-29 08:15",
        "2024/03/29 08:15:00",
        "Fri, 29 Mar 2024 08:15:00 +0700",
        "1711674900",
        "1711674900000",
    ],
)
def test_every_written_form_of_one_moment_reads_the_same(text: str) -> None:
    dated = parse_date(text)
    assert dated is not None and dated.has_time
    assert dated.when == MORNING


@pytest.mark.parametrize(
    "text", ["29/3/2024", "29-03-2024", "29.03.2024", "Hà Nội, ngày 29 tháng 3 năm 2024", "29/3/24"]
)
def test_a_day_without_a_clock_is_midnight_and_says_so(text: str) -> None:
    dated = parse_date(text)
    assert dated is not None
    assert (dated.when, dated.has_time) == (datetime(2024, 3, 29, tzinfo=VIETNAM), False)


@pytest.mark.parametrize(
    "text", ["", "32/13/2024", "30/2/2024", "hôm nào đó", "1.234.567", "12/2024", "x" * 500, "31/09/2026 25:10"]
)
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert parse_date(text) is None


def test_afternoon_marks_move_the_clock() -> None:
    dated = parse_date("05/09/2026 08:15 CH")
    assert dated is not None and dated.when == datetime(2026, 9, 5, 20, 15, tzinfo=VIETNAM)


def test_the_order_is_the_callers() -> None:
    dated = parse_date("05/09/2026", order=DateOrder.MDY)
    assert dated is not None and (dated.when.month, dated.when.day) == (5, 9)


def test_relative_times_need_a_now() -> None:
    now = datetime(2026, 9, 5, 12, 0, tzinfo=UTC)
    assert parse_date("3 giờ trước") is None
    dated = parse_date("3 giờ trước", now=now)
    assert dated is not None and dated.when == now - timedelta(hours=3)


def test_other_zones_are_kept() -> None:
    dated = parse_date("08:15 29/03/2024 GMT+9")
    assert dated is not None and dated.when == datetime(2024, 3, 29, 8, 15, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("29/3/2024", DateOrder.DMY),
        ("3/29/2024", DateOrder.MDY),
        ("5/9/2026", None),
        ("5/5/2026", False),
        ("2026-09-05", False),
    ],
)
def test_what_one_value_says_of_the_order(text: str, said: object) -> None:
    assert order_evidence(text) is said


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    parse_date(text)
    order_evidence(text)


@given(
    st.from_regex(
        r"\A[0-9]{1,4}[/.\-][0-9]{1,2}[/.\-][0-9]{1,4}( [0-9]{1,2}[:h][0-9]{2}( CH)?( GMT[+-][0-9]{1,2})?)?\Z"
    )
)
def test_no_number_breaks_the_reader(text: str) -> None:
    parse_date(text)
