"""Pasted lines: what stands in one, dates decided once, duplicates shown, links of enrolled channels alone opened."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canbang.errors import InputError
from canbang.fetch.enrolment import Enrolment
from canbang.fetch.guard import Guard
from canbang.fetch.pasted import EnrolledPages, Pasted, read_pasted, take_apart
from canbang.fetch.source import Reject
from canbang.item import VIETNAM, DateSource, Item, Kind
from canbang.text.dates import DateOrder
from conftest import Site

DAY = datetime(2026, 9, 5, tzinfo=VIETNAM)


def split(lines: list[str], **options: object) -> tuple[list[Item], list[Reject]]:
    things = list(read_pasted(lines, "Zalo xã", **options))  # type: ignore[arg-type]
    return [t for t in things if isinstance(t, Item)], [t for t in things if isinstance(t, Reject)]


@pytest.mark.parametrize(
    ("line", "url", "date", "title", "text"),
    [
        ("29/3/2024 08:15 Khánh thành cầu https://a.vn/tin-1.html", "https://a.vn/tin-1.html", "29/3/2024 08:15", "Khánh thành cầu", ""),
        ("08h15 29/3/2024 - Khánh thành cầu", "", "08h15 29/3/2024", "Khánh thành cầu", ""),
        ("(2024-03-29) Khánh thành cầu", "", "2024-03-29", "Khánh thành cầu", ""),
        ("Khánh thành cầu | 29-3-2024 | Cầu dài 146 m", "", "29-3-2024", "Khánh thành cầu", "Cầu dài 146 m"),
        ("Khánh thành cầu\t29.3.2024", "", "29.3.2024", "Khánh thành cầu", ""),
        ("Khánh thành cầu https://a.vn/1?x=2. 29/3/2024", "https://a.vn/1?x=2", "", "Khánh thành cầu", ". 29/3/2024"),
        ("Khánh thành cầu https://a.vn/1 29/3/2024", "https://a.vn/1", "29/3/2024", "Khánh thành cầu", ""),
        ("Lễ khánh thành ngày 29/3/2024 tại xã", "", "", "Lễ khánh thành ngày 29/3/2024 tại xã", ""),
        ("29/3/20245 là gì", "", "", "29/3/20245 là gì", ""),
        ("https://a.vn/1", "https://a.vn/1", "", "", ""),
        ("Dài " * 60, "", "", "", ("Dài " * 60).strip()),
    ],
)  # fmt: skip
def test_a_line_is_taken_apart(line: str, url: str, date: str, title: str, text: str) -> None:
    assert take_apart(7, line) == Pasted(7, url, date, title, text)


def test_lines_become_items_of_the_channel() -> None:
    items, rejects = split(
        ["29/3/2024 08:15 Khánh thành cầu https://a.vn/tin-1.html?utm_source=x", "", "30/3/2024 Lịch cắt điện",
         "30/3/2024 Phóng sự https://www.youtube.com/watch?v=abc"],
    )  # fmt: skip
    assert rejects == []
    assert [(item.platform_id, item.title, item.published_at.isoformat(), item.kind) for item in items] == [
        ("a.vn/tin-1.html", "Khánh thành cầu", "2024-03-29T08:15:00+07:00", Kind.ARTICLE),
        (items[1].platform_id, "Lịch cắt điện", "2024-03-30T00:00:00+07:00", Kind.POST),
        ("youtube.com/watch?v=abc", "Phóng sự", "2024-03-30T00:00:00+07:00", Kind.CLIP),
    ]
    assert len(items[1].platform_id) == 16


def test_every_line_that_cannot_be_read_is_named_with_its_number_and_the_way_out() -> None:
    _, rejects = split(
        ["Tin không ngày", "31/2/2024 Tin sai ngày", "29/3/2024 Trang chủ", "29/3/2024 https://a.vn/bai-1"]
    )
    assert [(reject.place, reject.reason.split(". ", 1)[-1]) for reject in rejects] == [
        ("dòng 1", "Ghi ngày ở đầu dòng (29/3/2024 …), hoặc thêm --date cho cả lần dán"),
        ("dòng 2", "Viết ngày dạng 29/3/2024 hoặc 2024-03-29"),
        ("dòng 3", "Dán tiêu đề hoặc nội dung của bài"),
        ("dòng 4", "Dán thêm tiêu đề hoặc nội dung sau đường dẫn"),
    ]


def test_duplicates_are_shown_within_a_paste_and_against_what_was_accepted() -> None:
    lines = ["Lịch cắt điện", "LỊCH CẮT ĐIỆN", "Tin a https://a.vn/1", "Tin b https://www.a.vn/1?fbclid=z"]
    items, rejects = split(lines, when=DAY)
    assert [item.title for item in items] == ["Lịch cắt điện", "Tin a"]
    assert [reject.reason for reject in rejects] == [
        "trùng dòng 1: cùng chữ, cùng ngày",
        "trùng dòng 3: cùng đường dẫn",
    ]
    again, known = split(lines[2:3], when=DAY, known={item.id for item in items}.__contains__)
    assert (again, [reject.reason for reject in known]) == ([], ["trùng: đã nhận từ lần trước"])


def test_day_and_month_are_asked_once_and_never_guessed() -> None:
    with pytest.raises(InputError, match="dòng 2: không rõ số nào là ngày"):
        split(["29 tin", "5/9/2026 Tin"], when=DAY)
    with pytest.raises(InputError, match="dòng 1 và dòng 2"):
        split(["29/3/2024 Tin a", "3/29/2024 Tin b"])
    months = [split(["5/9/2026 Tin"], order=order)[0][0].published_at.month for order in DateOrder]
    assert months == [9, 5]
    assert [i.published_at.month for i in split(["5/9/2026 Tin a", "25/9/2026 Tin b"])[0]] == [9, 9]


PAGE = """<html><head><meta property="og:title" content="Thông xe cầu Khe Dâu"><meta property="og:description" content="Dài 146 m">
<meta property="article:published_time" content="2026-09-05T08:15:00+07:00"></head><body><article><p>{0}</p></article></body></html>"""


def test_a_bare_link_is_opened_on_an_enrolled_channel_only(site: Site) -> None:
    url = site.put("/tin/cau-123.html", PAGE.format("Sáng 5/9, xã thông xe cầu Khe Dâu sau hai năm thi công. " * 8))
    host = url.split("/")[2]
    record = Enrolment(f"{site.url}/", f"{host}/", "UBND", "A", "m", "2026-09-01", "dns", host, "2026-09-01")
    other = Enrolment("https://b.vn/", "b.vn/", "UBND", "A", "m", "2026-09-01", "dns", "b.vn", "2026-09-01")
    with EnrolledPages(Guard(allow_loopback=True, gap=0.0), [record]) as opener:
        (item,), rejects = split([url], opener=opener)
    assert rejects == []
    assert (item.title, item.lead, item.date_source) == ("Thông xe cầu Khe Dâu", "Dài 146 m", DateSource.OPEN_GRAPH)
    assert item.published_at.isoformat() == "2026-09-05T08:15:00+07:00"
    asked = len(site.asked)
    with EnrolledPages(Guard(allow_loopback=True, gap=0.0), [other]) as opener:
        items, (reject,) = split([url], opener=opener)
    assert (items, len(site.asked)) == ([], asked)
    assert "canbang enrol" in reject.reason


def test_a_redirect_out_of_the_channel_and_a_dead_link_are_named(site: Site) -> None:
    host = site.url.split("/")[2]
    record = Enrolment(f"{site.url}/muc/", f"{host}/muc/", "UBND", "A", "m", "2026-09-01", "dns", host, "2026-09-01")
    site.put("/muc/a", "", 302, Location="/khac/a")
    site.put("/khac/a", PAGE.format("x"))
    with EnrolledPages(Guard(allow_loopback=True, gap=0.0), [record]) as opener:
        items, rejects = split([f"{site.url}/muc/a", f"{site.url}/muc/b"], opener=opener)
    assert items == []
    assert ["nằm ngoài kênh" in rejects[0].reason, "mã 404" in rejects[1].reason] == [True, True]


LINE = st.text(alphabet=st.sampled_from("aĐ 1239/.-:|\t()htps://www.vn;,\0\u2028=ngày"), max_size=80)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINE, max_size=6), st.sampled_from([None, *DateOrder]))
def test_no_paste_breaks_the_reader_and_no_line_is_lost(lines: list[str], order: DateOrder | None) -> None:
    try:
        things = list(read_pasted(lines, "k", when=DAY, order=order))
    except InputError as error:
        assert "\n" not in str(error)
        return
    assert len(things) == sum(bool(line.strip()) for line in lines)
