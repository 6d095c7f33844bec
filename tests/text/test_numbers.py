from datetime import date

from canbang.text.cells import safe_cell, unsafe_cell
from canbang.text.numbers import day, decimal, integer, percent, percent_range
from canbang.text.urls import canonical_url, links


def test_numbers_as_a_vietnamese_reader_writes_them() -> None:
    assert integer(1234567) == "1.234.567"
    assert decimal(1234.5) == "1.234,5"
    assert percent(0.0942) == "9,4\u00a0%"
    assert percent_range(0.051, 0.12) == "5,1–12,0\u00a0%"
    assert day(date(2024, 3, 29)) == "29/3/2024"


def test_cells_that_a_spreadsheet_would_run_are_disarmed_and_come_back() -> None:
    for live in ("=1+1", "+84", "-5", "@x"):
        assert safe_cell(live) == f"'{live}"
        assert unsafe_cell(safe_cell(live)) == live
    assert safe_cell("Tin thường") == "Tin thường"


def test_one_page_has_one_canonical_address() -> None:
    same = {
        canonical_url(url)
        for url in (
            "https://www.abc.vn/tin/mot-bai-123.html?utm_source=fb&fbclid=x",
            "http://m.abc.vn/tin/mot-bai-123.html#binh-luan",
            "https://abc.vn/tin/mot-bai-123.html",
        )
    }
    assert same == {"abc.vn/tin/mot-bai-123.html"}


def test_what_is_no_address_has_none() -> None:
    assert [
        canonical_url(url) for url in ("", "javascript:alert(1)", "abc.vn/x", "http://[", "file:///etc/passwd")
    ] == [""] * 5


def test_links_in_a_post_leave_out_bare_sites() -> None:
    assert links("Xem tại https://abc.vn/tin-1.html. Trang chủ: https://abc.vn") == ["abc.vn/tin-1.html"]
