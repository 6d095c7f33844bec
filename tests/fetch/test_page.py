"""An article page: date with source and confidence, canonical address, body, and what is no article."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbang.fetch.body import read_body
from canbang.fetch.lines import page_lines
from canbang.fetch.page import (
    Article,
    PublishedAt,
    feed_links,
    meta_content,
    parse,
    read_article,
    read_draft,
    read_page,
)
from canbang.fetch.recipe import Layout, Recipe
from canbang.fetch.recipe_watch import Watch
from canbang.item import VIETNAM, Confidence, DateSource
from canbang.text.date_places import Places

FETCHED = datetime(2024, 4, 20, 9, 0, tzinfo=VIETNAM)
DAY = datetime(2024, 3, 29, 8, 15, tzinfo=VIETNAM)
TITLE = "Thông xe cầu Khe Dâu sau mười tháng thi công"
PARAGRAPH = "<p>Bà con phấn khởi vì đường mới giúp việc đi lại, học hành của con em và việc bán nông sản thuận lợi hơn trước rất nhiều.</p>"
LD = (
    '<script type="application/ld+json">{{"@type":"NewsArticle","headline":"'
    + TITLE
    + '","description":"Cầu dài 146 m","datePublished":"{}"}}</script>'
)


def page(
    head: str = "", line: str = '<div class="date">Thứ Sáu, 29/3/2024 - 08:15 GMT+7</div>', body: str = PARAGRAPH * 4
) -> bytes:
    return f"<!doctype html><html><head><meta charset=utf-8><title>{TITLE}</title>{head}</head><body><div class=main><h1>{TITLE}</h1>{line}<div class=nd>{body}</div></div></body></html>".encode()


def read(body: bytes, **options: object) -> Article:
    return read_article(body, **{"url": "https://lamvan.gov.vn/tin/cau-1", "fetched": FETCHED} | options)  # type: ignore[arg-type]


def test_a_page_without_metadata_is_dated_by_the_line_its_readers_see() -> None:
    article = read(page())
    assert article.published == PublishedAt(
        DAY, True, DateSource.PAGE_TEXT, Confidence.SURE, "Thứ Sáu, 29/3/2024 - 08:15 GMT+7"
    )
    assert (article.title, article.reason, article.converted, article.codec) == (TITLE, "", "", "utf-8")
    assert article.text.startswith("Bà con phấn khởi")


@pytest.mark.parametrize(
    ("declared", "line", "when", "source", "confidence"),
    [
        ("2024-03-29T08:15:00+07:00", "", DAY, DateSource.JSON_LD, Confidence.SURE),
        ("2024-03-29T01:15:00Z", "29/3/2024 08:15", DAY, DateSource.JSON_LD, Confidence.SURE),
        ("2024-03-29T08:15:00Z", "29/3/2024 08:15", DAY, DateSource.PAGE_TEXT, Confidence.SURE),
        ("3/5/2024 8:15:00 AM", "", datetime(2024, 5, 3, 8, 15, tzinfo=VIETNAM), DateSource.JSON_LD, None),
        ("3/4/2024 8:15:00 AM", "", datetime(2024, 4, 3, 8, 15, tzinfo=VIETNAM), DateSource.JSON_LD, Confidence.LIKELY),
        (
            "3/4/2024 8:15:00 AM",
            "4/3/2024 08:15",
            datetime(2024, 3, 4, 8, 15, tzinfo=VIETNAM),
            DateSource.PAGE_TEXT,
            Confidence.SURE,
        ),
        (
            "2024-04-20T08:58:00+07:00",
            "29/3/2024 08:15",
            datetime(2024, 4, 20, 8, 58, tzinfo=VIETNAM),
            DateSource.JSON_LD,
            Confidence.LIKELY,
        ),
        (
            "2024-04-20T08:58:00+07:00",
            "20/4/2024 08:58",
            datetime(2024, 4, 20, 8, 58, tzinfo=VIETNAM),
            DateSource.JSON_LD,
            Confidence.SURE,
        ),
        ("0001-01-01T00:00:00", "29/3/2024 08:15", DAY, DateSource.PAGE_TEXT, Confidence.SURE),
        ("hôm nào đó", "29/3/2024 08:15", DAY, DateSource.PAGE_TEXT, Confidence.SURE),
    ],
)
def test_declared_dates_are_held_against_the_ones_readers_see(
    declared: str, line: str, when: datetime, source: DateSource, confidence: Confidence | None
) -> None:
    """Local time with a Z, the moment of serving, an American order: known mistakes of content systems."""
    published = read(page(LD.format(declared), f'<div class="date">{line}</div>')).published
    if (
        confidence is None
    ):  # 3 May lies after the fetch, so the American reading was meant: no date rather than a wrong one
        assert published is None
        return
    assert published is not None
    assert (published.when, published.source, published.confidence) == (when, source, confidence)


def by_recipe(html: bytes, **layout: object) -> Article:
    """The page by a recipe that a person wrote."""
    recipe = Recipe("lamvan.gov.vn", 1, FETCHED, 6, (Layout("div.nd", **layout),))  # type: ignore[arg-type]
    return read_draft(
        html, url="https://lamvan.gov.vn/tin/cau-1", fetched=FETCHED, watch=Watch("lamvan.gov.vn", recipe)
    ).article(Places())


def test_a_recipe_names_the_date_where_nothing_is_declared() -> None:
    html = page(line='<b data-x="29/3/2024 08:15">hôm nọ</b>')
    assert read(html).published is None
    published = by_recipe(html, date="b@data-x", date_sure=True).published
    assert published == PublishedAt(DAY, True, DateSource.RECIPE, Confidence.SURE, "29/3/2024 08:15")
    unsure = by_recipe(html, date="b@data-x").published
    assert unsure is not None and (unsure.source, unsure.confidence) == (DateSource.RECIPE, Confidence.LIKELY)
    declared = by_recipe(page(LD.format("2024-03-28T08:15:00+07:00")), date="div.date", date_sure=True).published
    assert declared is not None and (declared.when.day, declared.source) == (28, DateSource.JSON_LD)


def test_a_recipe_names_the_lead_before_a_description_that_every_page_has() -> None:
    html = page(
        '<meta name="description" content="Cổng thông tin điện tử">',
        line='<p class="sapo">Cầu dài 146 m, rộng 9 m.</p>',
    )
    assert (read(html).lead, by_recipe(html, lead="p.sapo").lead) == (
        "Cổng thông tin điện tử",
        "Cầu dài 146 m, rộng 9 m.",
    )


def test_a_date_by_a_weak_name_yields_to_the_one_that_readers_see() -> None:
    weak = '<meta name="dcterms.created" content="2016-07-18">'
    shown = read(page(weak)).published
    assert shown is not None and (shown.when, shown.source, shown.confidence) == (
        DAY,
        DateSource.PAGE_TEXT,
        Confidence.SURE,
    )
    alone = read(page(weak, line="")).published
    assert alone is not None and (alone.when.year, alone.confidence) == (2016, Confidence.LIKELY)


def test_a_date_that_links_to_its_own_article_is_read() -> None:
    line = '<div class="posted-on"><a href="https://lamvan.gov.vn/tin/cau-1" rel="bookmark"><time datetime="2024-03-29T08:15:00+07:00">29 tháng 3, 2024</time></a></div>'
    published = read(page(line=line)).published
    assert published is not None and (published.when, published.confidence) == (DAY, Confidence.SURE)


def test_a_time_element_says_it_to_machines() -> None:
    published = read(page(line='<time datetime="2024-03-29T01:15:00Z"></time>')).published
    assert published is not None and (published.when, published.confidence) == (DAY, Confidence.SURE)


@pytest.mark.parametrize(
    ("canonical", "url"),
    [("https://www.lamvan.gov.vn/tin/cau-1.html", "https://www.lamvan.gov.vn/tin/cau-1.html"), ("/tin/khac", "https://lamvan.gov.vn/tin/khac"),
     ("https://lamvan.gov.vn/", "https://lamvan.gov.vn/tin/cau-1"), ("https://other.vn/tin/1", "https://lamvan.gov.vn/tin/cau-1"),
     ("javascript:x", "https://lamvan.gov.vn/tin/cau-1"), ("http://[", "https://lamvan.gov.vn/tin/cau-1")],
)  # fmt: skip
def test_a_canonical_address_counts_on_its_own_host_only(canonical: str, url: str) -> None:
    assert read(page(f'<link rel="canonical" href="{canonical}">')).url == url


LINKS = "".join(f'<li><a href="/t/{n}">Tin số {n} của mục này hôm nay có gì mới</a></li>' for n in range(30))


@pytest.mark.parametrize(
    ("html", "url", "reason"),
    [
        (page(), "https://lamvan.gov.vn/", "trang chủ hoặc trang chuyên mục"),
        (
            page('<script type="application/ld+json">{"@type":"CollectionPage"}</script>'),
            "https://lamvan.gov.vn/thoi-su",
            "trang chủ hoặc trang chuyên mục",
        ),
        (
            f"<title>Kinh tế địa phương</title><h1>Kinh tế địa phương</h1><ul>{LINKS}</ul>".encode(),
            "https://lamvan.gov.vn/kinh-te",
            "30 liên kết",
        ),
        (
            "<title>Không tìm thấy trang</title><h1>Không tìm thấy trang</h1>".encode(),
            "https://lamvan.gov.vn/tin/x",
            "trang báo lỗi",
        ),
        (
            "<title>Đăng nhập hệ thống</title><form></form>".encode(),
            "https://lamvan.gov.vn/tin/x",
            "trang báo lỗi hoặc trang đăng nhập",
        ),
        (
            "<title>Cổng Lam Vân tin tức tổng hợp</title><div id=app></div>".encode(),
            "https://lamvan.gov.vn/tin/x",
            "khung trang",
        ),
        (
            "<title>Cổng Lam Vân tin tức</title><p>You need to enable JavaScript to run this app, please, on this browser of yours, today.</p>".encode(),
            "https://lamvan.gov.vn/tin/x",
            "JavaScript",
        ),
        (b"", "https://lamvan.gov.vn/tin/x", "dòng rỗng"),
        (page(), "https://lamvan.gov.vn/tin/cau-1", ""),
        (page(body=""), "https://lamvan.gov.vn/tin/anh-1", ""),  # a dated headline with a picture is an item
        (page(LD.format("2024-03-29"), line="", body=f"<ul>{LINKS}</ul>"), "https://lamvan.gov.vn/tin/1", ""),
    ],
)
def test_what_is_no_article_says_why(html: bytes, url: str, reason: str) -> None:
    found = read(html, url=url).reason
    assert reason in found and bool(found) is bool(reason)


def test_a_page_in_a_font_of_the_nineties_is_read_whole() -> None:
    html = "<html><head><title>Céng hßa x· héi chñ nghÜa ViÖt Nam, t­ëng niÖm</title></head><body><h1>Céng hßa x· héi chñ nghÜa ViÖt Nam, t­ëng niÖm</h1><p class=date>29/3/2024 08:15</p></body></html>"
    article = read(html.encode("latin-1"))
    assert (article.title, article.converted) == ("Cộng hòa xã hội chủ nghĩa Việt Nam, tưởng niệm", "tcvn3")
    assert article.published is not None and article.published.when == DAY


def test_no_name_of_a_person_and_no_comment_comes_out() -> None:
    head = '<meta name="author" content="Trần Thị Giấu">' + LD.format("2024-03-29").replace(
        '"headline"', '"author":{"name":"Trần Thị Giấu"},"headline"'
    )
    html = page(head, body=PARAGRAPH * 5).replace(
        b"</body>",
        "<div class='comments' id='comments'><p>Trần Thị Giấu: bài hay quá, tôi ở xóm trên cũng mong có cầu như vậy từ lâu rồi.</p></div></body>".encode(),
    )
    assert not any("Giấu" in str(value) for value in dataclasses.asdict(read(html)).values())


def test_lines_are_what_a_reader_sees() -> None:
    lines = page_lines(
        parse(
            "<body><p>Ngày <b>29</b>/3/2024 <i>08:15</i><br>dòng hai<script>x()</script> tiếp</p><ul><li><a href=x>Mục</a></li></ul></body>".encode()
        )
    )
    assert [(line.text, line.linked) for line in lines] == [
        ("Ngày 29/3/2024 08:15", 0),
        ("dòng hai tiếp", 0),
        ("Mục", 3),
    ]


def test_what_is_nested_without_end_is_read_without_end() -> None:
    deep = (b"<div>" * 20_000) + b"29/3/2024" + (b"</div>" * 20_000)
    page_lines(parse(deep))
    assert read_body("<div>" * 3_000 + "x") in ("", "x")


def test_the_callers_of_before_still_find_their_functions() -> None:
    meta = read_page(page(LD.format("2024-03-29T08:15:00+07:00")))
    assert (meta.title, meta.lead, meta.published_at, meta.date_source) == (
        TITLE,
        "Cầu dài 146 m",
        DAY,
        DateSource.JSON_LD,
    )
    assert read_page(page()).published_at is None  # running text is the article reader's, with a confidence
    head = b'<link rel="alternate" type="application/rss+xml" href="/rss"><meta name="canbang" content="abc">'
    assert (feed_links(head, "https://a.vn/x"), meta_content(head, "canbang")) == (["https://a.vn/rss"], ["abc"])


PIECES = st.sampled_from(
    (b"<h1>", b"</h1>", b"<p class=date>", b"</div>", b"<div>", b"29/3/2024 08:15", "3 giờ trước".encode(), b"<time datetime='", b"'>", b"<br>",
     "Giấy phép".encode(), b"<script type='application/ld+json'>", b'{"@type":"NewsArticle","datePublished":"', b'"}</script>', b"\xe1\xbb", b"\x00", b"<!--",
     "Tin liên quan".encode(), b".VnTime", "ViÖt Nam t­ëng".encode(), b"&#174;", b"9999-12-31T23:59:59Z", b"0001-01-01", b"<title>", b"<table><tr><td>"),
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=30), max_size=14).map(b"".join))
def test_no_page_breaks_the_article_reader(body: bytes) -> None:
    read(body)
    read_page(body)
