"""What pages declare: JSON-LD before Open Graph before microdata; never a person's name."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from canbang.fetch.metadata import Metadata, is_list, read_metadata, selected
from canbang.item import DateSource

LD = '<script type="application/ld+json">{}</script>'
OG = '<meta property="og:title" content="Tiêu đề OG"><meta property="og:description" content="Dẫn OG"><meta property="article:published_time" content="2024-01-02T00:00:00+07:00"><meta property="article:section" content="Mục OG">'
MICRO = '<h1>Tiêu đề h1</h1><span itemprop="datePublished" content="2024-01-03">x</span><div class="sapo">Dẫn trong trang</div><i class="ngay">5/4/2024</i>'


def read(html: str, **options: object) -> Metadata:
    return read_metadata(LexborHTMLParser(html), **options)  # type: ignore[arg-type]


def test_json_ld_stands_before_open_graph_before_microdata() -> None:
    block = '{"@type":"NewsArticle","headline":"Tiêu đề LD","description":"Dẫn LD","articleSection":["Thời sự"],"datePublished":"2024-01-01"}'
    meta = read(LD.format(block) + OG + MICRO)
    assert (meta.title, meta.lead, meta.section) == ("Tiêu đề LD", "Dẫn LD", "Thời sự")
    assert meta.dates == (
        ("2024-01-01", DateSource.JSON_LD), ("2024-01-02T00:00:00+07:00", DateSource.OPEN_GRAPH), ("2024-01-03", DateSource.MICRODATA),
    )  # fmt: skip
    without = read(OG + MICRO)
    assert (without.title, without.lead, without.section, without.described) == (
        "Tiêu đề OG",
        "Dẫn OG",
        "Mục OG",
        False,
    )


def test_a_description_for_search_engines_is_the_lead_of_last_resort() -> None:
    meta = read('<meta name="description" content="Cổng thông tin điện tử">' + MICRO)
    assert (meta.title, meta.lead, meta.described) == ("Tiêu đề h1", "Cổng thông tin điện tử", True)


@pytest.mark.parametrize(
    ("title", "headings", "expected"),
    [
        ("Thông xe cầu Khe Dâu - Cổng Lam Vân", ["Điều hướng", "Thông xe cầu Khe Dâu"], "Thông xe cầu Khe Dâu"),
        ("Cổng Lam Vân > Thông xe cầu Khe Dâu", ["Thông xe cầu Khe Dâu"], "Thông xe cầu Khe Dâu"),
        ("Thông xe cầu Khe Dâu sau mười tháng thi công", ["Thư viện tỉnh Lam Vân"], "Thông xe cầu Khe Dâu sau mười tháng thi công"),
        ("Chi tiết tin", ["Thông xe cầu Khe Dâu"], "Thông xe cầu Khe Dâu"),
        ("Thông xe cầu Khe Dâu - Trang thông tin Sở", ["Điều hướng", "Trang thông tin Sở"], "Thông xe cầu Khe Dâu - Trang thông tin Sở"),
        ("", ["Thông xe"], "Thông xe"),
        ("Thông xe", [], "Thông xe"),
        ("", [], ""),
    ],
)  # fmt: skip
def test_the_headline_is_told_from_the_names_of_site_and_menu(title: str, headings: list[str], expected: str) -> None:
    html = f"<title>{title}</title>" + "".join(f"<h1>{one}</h1>" for one in headings)
    assert read(html).title == expected


def test_microdata_of_licence_and_comments_date_nothing() -> None:
    foreign = "".join(f'<div class="{name}"><p><i itemprop="datePublished" content="2019-02-15"></i></p></div>' for name in ("footer-top", "giay-phep", "comment-list", "tin-lien-quan"))  # fmt: skip
    assert read(f"<body>{foreign}</body>").dates == ()
    own = '<article class="relative"><i itemprop="datePublished">2024-03-29</i></article>'
    assert read(f"<body>{foreign}{own}</body>").dates == (("2024-03-29", DateSource.MICRODATA),)


def test_a_name_that_systems_give_to_the_day_of_their_template_is_weak() -> None:
    meta = read('<meta name="dcterms.created" content="2016-07-18">')
    assert (meta.dates, meta.weak) == ((), "2016-07-18")


@pytest.mark.parametrize(
    "block",
    [
        '{"@graph":[{"@type":"WebSite","name":"Báo"},{"@type":["Article","NewsArticle"],"headline":"A","datePublished":"2024-01-01"}]}',
        '[{"@type":"BreadcrumbList"},{"@type":"http://schema.org/NewsArticle","headline":"A","datePublished":"2024-01-01"}]',
        '{"@type":"WebPage","mainEntity":{"@type":"Article","headline":"A","datePublished":"2024-01-01"}}',
        '<!-- {"@type":"NewsArticle","headline":"A\nB","headline":"A","datePublished":"2024-01-01"} -->',
        '{"@type":"VideoObject","name":"Clip","uploadDate":"2020-01-01"},'.join(
            ("[", '{"@type":"NewsArticle","headline":"A","datePublished":"2024-01-01"}]')
        ),
    ],
)
def test_an_article_block_is_found_wherever_it_stands(block: str) -> None:
    meta = read(LD.format(block))
    assert (meta.title, meta.dates) == ("A", (("2024-01-01", DateSource.JSON_LD),))


def test_of_several_articles_the_pages_own_is_taken() -> None:
    blocks = '[{"@type":"NewsArticle","headline":"Bài khác","datePublished":"2020-01-01"},{"@type":"NewsArticle","headline":"Bài này","datePublished":"2024-01-01"}]'
    assert read(LD.format(blocks) + "<h1>Bài này</h1>").dates == (("2024-01-01", DateSource.JSON_LD),)


def test_a_broken_block_is_passed_over() -> None:
    assert read(LD.format("{broken") + LD.format("[" * 5000) + OG).title == "Tiêu đề OG"


def test_a_canonical_address_is_made_whole() -> None:
    assert read('<link rel="canonical" href="/tin/1">', url="https://a.vn/x?y=1").canonical == "https://a.vn/tin/1"
    assert read("<p>x</p>", url="https://a.vn/x").canonical == ""


def test_lists_declare_themselves() -> None:
    assert is_list(read(LD.format('{"@type":"CollectionPage","mainEntity":{"@type":"ItemList"}}')))
    assert not is_list(read(LD.format('[{"@type":"ItemList"},{"@type":"NewsArticle","headline":"A"}]')))
    assert not is_list(read("<p>x</p>"))


def test_a_selector_that_is_none_finds_nothing() -> None:
    tree = LexborHTMLParser("<p class='a' title='T'>x</p>")
    assert [selected(tree, css) for css in ("p.a", "p@title", "p[", "", "@title", ".b", ":::")] == [
        "x",
        "T",
        "",
        "",
        "",
        "",
        "",
    ]


def test_no_name_of_a_person_comes_out() -> None:
    """A page that names its author in every way gives none of them."""
    html = LD.format(
        '{"@type":"NewsArticle","headline":"A","author":{"@type":"Person","name":"Trần Thị Giấu"},"creator":"Trần Thị Giấu","editor":"Trần Thị Giấu"}'
    )
    html += '<meta name="author" content="Trần Thị Giấu"><meta property="article:author" content="Trần Thị Giấu"><span itemprop="author">Trần Thị Giấu</span>'
    assert not any("Giấu" in str(value) for value in dataclasses.asdict(read(html)).values())


@given(
    st.text(max_size=200),
    st.sampled_from(("", LD, '<meta property="og:title" content="{}">', '<link rel=canonical href="{}">', "<h1>{}")),
)
def test_no_page_breaks_the_reader(text: str, wrap: str) -> None:
    read((wrap or "{}").replace("{}", text), url="https://a.vn/" + text[:5])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(("@type", "@graph", "headline", "datePublished", "description", "mainEntity", "articleSection")), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_no_shape_of_json_ld_breaks_the_reader(value: object) -> None:
    import json

    read(LD.format(json.dumps(value)))
    read(LD.format(json.dumps([{"@type": "NewsArticle", "headline": value, "datePublished": value}])))
