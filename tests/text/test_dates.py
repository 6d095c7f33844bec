from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbang.item import VIETNAM
from canbang.text.dates import Dated, DateOrder, Doubt, order_evidence, parse_date, split_date

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


@pytest.mark.parametrize(
    "text",
    [
        "8g15 29/3/2024", "08h15' ngày 29/3/2024", "08:15-29/03/2024", "29-03-2024-08:15", "29/03/2024-8h15", "Thứ 6, 29/3/2024 8:15",
        "8:15:00 SA 29/3/2024", "29/3/2024 8:15 a.m.", "29/03/2024, 08:15 (GMT+7)", "29 tháng Ba năm 2024, 8 giờ 15 phút",
        "29/03/2024 lúc 8 giờ 15", "Đăng lúc 08:15 | 29/03/2024", "29/3 năm 2024, 8h15", "2024-03-29T08:15:00.0000000+07:00",
        "2024-03-29T08:15:00GMT+7", "Thứ Sáu ngày 29-3-2024 8:15 sáng", "29 / 3 / 2024 08:15",
    ],
)  # fmt: skip
def test_more_written_forms_of_the_same_moment(text: str) -> None:
    dated = parse_date(text)
    assert dated is not None
    assert (dated.when, dated.has_time, dated.doubt) == (MORNING, True, Doubt.NONE)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("8:15 CH", 20),
        ("12:15 SA", 0),
        ("12:15 CH", 12),
        ("1 giờ 15 trưa", 13),
        ("11 giờ 15 đêm", 23),
        ("20:15 tối", 20),
        ("3h15 chiều", 15),
    ],
)
def test_halves_of_the_day(text: str, hour: int) -> None:
    dated = parse_date(f"{text}, 29/3/2024")
    assert dated is not None and (dated.when.hour, dated.when.minute) == (hour, 15)


@pytest.mark.parametrize(
    "text",
    [
        "Tháng Ba 29, 2024",
        "29 Tháng Ba, 2024",
        "29 Th3, 2024",
        "ngày 29 tháng 3, 2024",
        "Thứ Sáu, ngày 29 tháng 3 năm 2024",
    ],
)
def test_months_in_words(text: str) -> None:
    assert parse_date(text) == Dated(datetime(2024, 3, 29, tzinfo=VIETNAM), False)


@pytest.mark.parametrize(
    "text",
    [
        "15-29/03/2024",
        "10 - 12 - 15 tuổi",
        "0001-01-01T00:00:00Z",
        "0001-01-01",
        "9h",
        "tháng 3 năm 2024",
        "1/1/1",
        "Nghị định 123/2024",
    ],
)
def test_what_only_looks_like_a_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "when", "timed", "doubt"),
    [
        ("3 giờ trước", datetime(2026, 9, 5, 9, 0, tzinfo=VIETNAM), True, Doubt.NONE),
        ("khoảng 25 phút trước", datetime(2026, 9, 5, 11, 35, tzinfo=VIETNAM), True, Doubt.NONE),
        ("vừa xong", datetime(2026, 9, 5, 12, 0, tzinfo=VIETNAM), True, Doubt.NONE),
        ("Hôm qua lúc 15:30", datetime(2026, 9, 4, 15, 30, tzinfo=VIETNAM), True, Doubt.NONE),
        ("hôm kia", datetime(2026, 9, 3, tzinfo=VIETNAM), False, Doubt.NONE),
        ("2 ngày trước", datetime(2026, 9, 3, 12, 0, tzinfo=VIETNAM), False, Doubt.ROUNDED),
        ("một tuần trước", datetime(2026, 8, 29, 12, 0, tzinfo=VIETNAM), False, Doubt.ROUNDED),
        ("2 hours ago", datetime(2026, 9, 5, 10, 0, tzinfo=VIETNAM), True, Doubt.NONE),
    ],
)
def test_relative_times_count_from_the_fetch(text: str, when: datetime, timed: bool, doubt: Doubt) -> None:
    assert parse_date(text, now=datetime(2026, 9, 5, 12, 0, tzinfo=VIETNAM)) == Dated(when, timed, doubt)
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("5/9/2026 8:15:00 AM", Doubt.AMERICAN),  # SharePoint in English writes 9 May so
        ("Thứ Bảy, 5/9/2026 8:15 AM", Doubt.NONE),
        ("Saturday, 5/9/2026 8:15 AM", Doubt.NONE),
        ("Chủ nhật, 5/9/2026", Doubt.WEEKDAY),
        ("15/9/2026 8:15 AM", Doubt.NONE),
        ("5/9/2026 8:15 SA", Doubt.NONE),
    ],
)
def test_a_date_that_could_be_another_day_says_why(text: str, doubt: Doubt) -> None:
    dated = parse_date(text)
    assert dated is not None and (dated.when.month, dated.doubt) == (9, doubt)


def test_the_words_beside_a_date_come_out() -> None:
    found = split_date("Thời sự - Thứ Sáu, 29/3/2024 - 08:15 GMT+7 | Lượt xem: 125")
    assert found is not None and found[0].when == MORNING
    assert [word for word in found[1].split() if word.strip("-|")] == ["Thời", "sự", "Lượt", "xem:", "125"]
