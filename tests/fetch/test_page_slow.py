"""Thirty thousand hostile pages and lines: no reader of dates and pages raises."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canbang.fetch.metadata import read_metadata
from canbang.fetch.page import parse, read_article
from canbang.item import VIETNAM
from canbang.text.dates import order_evidence, split_date

pytestmark = pytest.mark.slow
NOW = datetime(2026, 9, 5, 12, 0, tzinfo=VIETNAM)
WORDS = st.sampled_from((
    "ngày", "tháng", "năm", "29", "3", "2024", "99", "/", "-", ".", ":", "08", "h", "g", " giờ ", "SA", "CH", "AM", "GMT+7", "UTC-14", "Thứ Sáu", "CN", "Ba",
    "trước", "hôm qua", "vừa xong", "T", "Z", "+07:00", "9999-12-31", "0001-01-01", "1990", "2100", " ", ",", "|", "(", ")", "đêm", "phút", "năm năm",
))  # fmt: skip
PIECES = st.sampled_from((
    "<h1>", "</h1>", "<p class=date>", "</div>", "<div class='footer'>", "<div>", "29/3/2024 08:15", "3 giờ trước", "<time datetime='", "'>", "<br>", "Giấy phép",
    '<script type="application/ld+json">', '{"@type":"NewsArticle","datePublished":"', '"}</script>', "<!--", "Tin liên quan", ".VnTime", "ViÖt Nam t\u00adëng",
    "&#174;", "<title>", "<table><tr><td>", '<meta property="og:title" content="', '<link rel="canonical" href="http://[', "<ul><li><a href=x>", "\x00", "</html>",
)).map(str.encode)  # fmt: skip


@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(WORDS | st.text(max_size=3), max_size=14).map("".join))
def test_no_line_breaks_the_date_reader(text: str) -> None:
    order_evidence(text)
    found = split_date(text, now=NOW)
    assert found is None or found[0].when.tzinfo is not None


@settings(max_examples=15_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES | st.binary(max_size=30), max_size=16).map(b"".join), st.text(max_size=30))
def test_no_page_breaks_the_article_reader(body: bytes, header: str) -> None:
    read_article(body, content_type=header, url="https://a.vn/" + header, fetched=NOW)
    read_metadata(parse(body), selectors={"date": header})
