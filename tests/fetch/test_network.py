"""The guard, feeds, sitemaps, sites and enrolment, against a publisher's server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from dataclasses import replace

import pytest

from canbang.errors import InputError
from canbang.fetch.enrolment import Enrolment, covering, new_enrolment, prove
from canbang.fetch.feed import read_feed
from canbang.fetch.guard import FetchError, Guard, is_public
from canbang.fetch.page import read_page
from canbang.fetch.site import network_source
from canbang.fetch.sitemap import read_listing
from canbang.fetch.source import Reject
from canbang.item import DateSource, Item
from conftest import Site

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Cổng Lam Vân</title>
<item><title>Thông xe cầu Khe Dâu</title><link>{0}/tin/cau-12345.html</link><guid>12345</guid>
<description>&lt;p&gt;Cây cầu dài 146 m&lt;/p&gt;</description><pubDate>Sat, 05 Sep 2026 08:15:00 +0700</pubDate></item>
<item><title>Trang chủ</title><link>{0}/</link><pubDate>Sat, 05 Sep 2026 08:15:00 +0700</pubDate></item>
<item><title>Tin không ngày</title><link>{0}/tin/x-12346.html</link></item>
</channel></rss>"""


def get(url: str, **options: object) -> object:
    async def run() -> object:
        async with Guard(**{"allow_loopback": True, "gap": 0.0, "deadline": 2.0} | options) as guard:  # type: ignore[arg-type]
            return await guard.get(url, limit=1 << 20)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1", "::ffff:127.0.0.1", "fe80::1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "100.64.0.1", "fc00::1"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert is_public(address) is False


def test_a_public_address_is_public() -> None:
    assert is_public("203.162.0.1") is True


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://2130706433/", "http://0177.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
     "http://localhost/", "http://127.0.0.1:22/", "ftp://example.com/", "file:///etc/passwd", "http://a:b@example.com/",
     "http://example.com:8080/", "http:///x", "http://[/"],
)  # fmt: skip
def test_addresses_a_publisher_never_has_are_refused_without_the_test_switch(url: str) -> None:
    with pytest.raises(FetchError):
        get(url, allow_loopback=False)


def test_the_test_switch_opens_loopback_and_nothing_else(site: Site) -> None:
    url = site.put("/a", "xin chào")
    assert get(url).body == "xin chào".encode()  # type: ignore[attr-defined]
    with pytest.raises(FetchError, match="không phải địa chỉ công khai"):
        get("http://10.0.0.1/")


def test_redirects_are_vetted_one_by_one(site: Site) -> None:
    site.put("/out", "", 302, Location="http://169.254.169.254/latest")
    with pytest.raises(FetchError, match=r"169\.254"):
        get(site.url + "/out")
    site.put("/loop", "", 302, Location="/loop")
    with pytest.raises(FetchError, match="chuyển hướng"):
        get(site.url + "/loop")


def test_robots_are_obeyed(site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /kin")
    site.put("/kin/a", "x")
    with pytest.raises(FetchError, match=r"robots\.txt"):
        get(site.url + "/kin/a")


def test_a_failing_robots_file_closes_the_host(site: Site) -> None:
    site.put("/robots.txt", "", 503)
    with pytest.raises(FetchError, match=r"robots\.txt"):
        get(site.put("/a", "x"))


def test_a_gzip_bomb_stops_at_the_limit(site: Site) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = squeezer.compress(b"\0" * (64 << 20)) + squeezer.flush()
    with pytest.raises(FetchError, match="lớn hơn 1 MB"):
        get(site.put("/bomb", bomb, Content_Encoding="gzip"))


def test_gzip_pages_are_read(site: Site) -> None:
    assert get(site.put("/z", gzip.compress(b"hello"), Content_Encoding="gzip")).body == b"hello"  # type: ignore[attr-defined]


def test_a_dead_host_is_named() -> None:
    with pytest.raises(FetchError, match="không kết nối được"):
        get("http://127.0.0.1:9/")


def test_a_feed_gives_items_and_says_what_it_left_out() -> None:
    things = list(read_feed(RSS.format("https://a.vn").encode(), "https://a.vn/rss"))
    (item,) = [thing for thing in things if isinstance(thing, Item)]
    assert (item.title, item.lead, item.platform_id) == ("Thông xe cầu Khe Dâu", "Cây cầu dài 146 m", "12345")
    assert (item.published_at.isoformat(), item.date_source) == ("2026-09-05T08:15:00+07:00", DateSource.FEED)
    assert [reject.place for reject in things if isinstance(reject, Reject)] == ["mục 2", "mục 3"]


def test_a_page_where_a_feed_was_expected_is_named() -> None:
    with pytest.raises(InputError, match="HTML"):
        list(read_feed(b"<!doctype html><html><body>x</body></html>", "https://a.vn/rss"))


def test_a_feed_that_declares_entities_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>'
    for body in (bomb, bomb.decode().encode("utf-16")):
        with pytest.raises(InputError, match="thực thể"):
            list(read_feed(body, "https://a.vn/rss"))


def test_sitemaps_are_read_without_dtd() -> None:
    listing = read_listing(
        [
            b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
            b"<url><loc>https://a.vn/1</loc><news:news><news:publication_date>2026-09-05T08:15:00+07:00</news:publication_date>"
            b"<news:title>T</news:title></news:news></url></urlset>"
        ],
        "https://a.vn/sitemap.xml",
    )
    assert [(e.url, e.title, e.written) for e in listing.entries] == [
        ("https://a.vn/1", "T", "2026-09-05T08:15:00+07:00")
    ]
    assert (listing.kind, listing.further) == ("sitemap", ())
    packed = gzip.compress(b"<sitemapindex><sitemap><loc>https://a.vn/s2.xml</loc></sitemap></sitemapindex>")
    index = read_listing([packed[:9], packed[9:]], "x")
    assert (index.kind, index.entries, [one.url for one in index.further]) == ("index", (), ["https://a.vn/s2.xml"])
    for bad in (b'<!DOCTYPE x [<!ENTITY a "b">]><urlset/>', b"<urlset>", b"<other/>", b"\x1f\x8bxxxx"):
        with pytest.raises(InputError):
            read_listing([bad], "https://a.vn/sitemap.xml")


def test_a_page_says_its_date_by_json_ld_before_open_graph() -> None:
    meta = read_page(
        """<html><head><title>Báo</title><meta property="og:title" content="Tiêu đề OG">
        <meta property="article:published_time" content="2020-01-01T00:00:00+07:00">
        <script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"Tiêu đề","datePublished":"2026-09-05T08:15:00+07:00"}]}</script>
        </head></html>""".encode()
    )
    assert (meta.title, meta.date_source) == ("Tiêu đề", DateSource.JSON_LD)
    assert meta.published_at is not None and meta.published_at.year == 2026


def enrolled(site: Site) -> Enrolment:
    record = new_enrolment(site.url + "/", "UBND tỉnh Lam Vân", "Chánh Văn phòng")
    site.put("/.well-known/canbang.txt", f"# canbang\n{record.code}\n")
    return replace(record, proof="well-known", proof_at=site.url + "/.well-known/canbang.txt", proved_at="2026-09-01")


def read(site: Site, path: str, records: list[Enrolment]) -> list[object]:
    return list(network_source(site.url + path, records, Guard(allow_loopback=True, gap=0.0)))


def test_an_address_without_enrolment_is_refused_before_anything_is_fetched(site: Site) -> None:
    site.put("/rss", RSS.format(site.url))
    with pytest.raises(InputError, match="canbang enrol"):
        read(site, "/rss", [])
    assert site.asked == []


def test_an_enrolled_feed_is_read(site: Site) -> None:
    site.put("/rss", RSS.format(site.url))
    assert [type(thing).__name__ for thing in read(site, "/rss", [enrolled(site)])] == ["Item", "Reject", "Reject"]


def test_a_withdrawn_proof_closes_the_channel(site: Site) -> None:
    site.put("/rss", RSS.format(site.url))
    record = enrolled(site)
    site.put("/.well-known/canbang.txt", "canbang-khac")
    with pytest.raises(InputError, match="không còn thấy mã"):
        read(site, "/rss", [record])


def test_the_feed_of_a_site_is_found(site: Site) -> None:
    site.put("/", '<html><head><link rel="alternate" type="application/rss+xml" href="/tin.rss"></head></html>')
    site.put("/tin.rss", RSS.format(site.url))
    assert len(read(site, "/", [enrolled(site)])) == 3


def test_a_sitemap_is_followed_to_its_pages(site: Site) -> None:
    page = '<html><head><meta property="og:title" content="Tin trong trang"><meta property="article:published_time" content="2026-09-05T08:15:00+07:00"></head></html>'
    site.put(
        "/sitemap.xml",
        f"<urlset><url><loc>{site.url}/tin-1.html</loc></url><url><loc>{site.url}/mat.html</loc></url></urlset>",
    )
    site.put("/tin-1.html", page)
    first, second = read(site, "/sitemap.xml", [enrolled(site)])
    assert isinstance(first, Item) and (first.title, first.date_source) == ("Tin trong trang", DateSource.OPEN_GRAPH)
    assert isinstance(second, Reject) and "404" in second.reason


def test_a_redirect_out_of_the_enrolled_channel_is_not_read(site: Site) -> None:
    other = Site()
    other.put("/rss", RSS.format(other.url))
    site.put("/rss", "", 302, Location=other.url + "/rss")
    with pytest.raises(InputError, match="nằm ngoài kênh đã ghi danh"):
        read(site, "/rss", [enrolled(site)])
    other.server.shutdown()


def test_html_at_a_feed_address_is_named(site: Site) -> None:
    site.put("/rss", "<!doctype html><html><body>404</body></html>")
    with pytest.raises(InputError, match="HTML"):
        read(site, "/rss", [enrolled(site)])


def proven(site: Site, record: Enrolment, txt: dict[str, list[str]] | None = None) -> Enrolment:
    async def run() -> Enrolment:
        async with Guard(allow_loopback=True, gap=0.0) as guard:
            return await prove(record, guard, lambda name: (txt or {}).get(name, []))

    return asyncio.run(run())


def test_each_of_the_three_proofs_is_seen(site: Site) -> None:
    record = new_enrolment(site.url + "/muc/", "UBND", "Chánh Văn phòng")
    site.put("/muc/", "<html></html>")
    assert proven(site, record).proof == ""
    assert proven(site, record, {"_canbang.127.0.0.1": [record.code]}).proof == "dns"
    site.put("/muc/", f'<html><head><meta name="canbang-enrol" content="{record.code}"></head></html>')
    by_meta = proven(site, record)
    assert by_meta.proof == "meta"
    assert covering(site.url + "/muc/rss", [by_meta]) == by_meta
    assert covering(site.url + "/khac/rss", [by_meta]) is None
    site.put("/.well-known/canbang.txt", record.code)
    assert covering(site.url + "/khac/rss", [proven(site, record)]) is not None


@pytest.mark.parametrize(
    "url", ["https://a.vn:cổng/", "https://a.vn:99999/", "https://[a.vn/", "ftp://a.vn/", "a.vn", ""]
)
def test_a_broken_address_is_covered_by_nothing_and_named(url: str) -> None:
    with pytest.raises(InputError, match="địa chỉ không hợp lệ"):
        covering(url, [])


def test_somebody_elses_code_proves_nothing(site: Site) -> None:
    record = new_enrolment(site.url + "/", "UBND", "Chánh Văn phòng")
    site.put("/", '<html><head><meta name="canbang-enrol" content="canbang-khac"></head></html>')
    site.put("/.well-known/canbang.txt", "canbang-khac")
    assert proven(site, record).proof == ""
