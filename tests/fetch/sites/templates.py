"""The sites: what each is, how it writes addresses and dates, what stands between its paragraphs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """One publisher's site. Pairs are (before, after) the redesign; the markup is in `<key>.html.j2`."""

    key: str
    name: str
    host: str
    urls: tuple[str, str]
    dates: tuple[str, str]  # form of the article's own date
    clock: str  # form of the header's clock, "" for none
    listed: str  # form of the dates of other stories
    lead: str  # "apart" from the body, "inside" (its first paragraph), "none" (not on the page)
    words: tuple[str, str]  # how paragraphs are written: plain, rich, office, entities
    between: tuple[str, ...]  # what stands between paragraphs of the first layout
    second: str  # name of the second layout; the first is "text"
    licence: str
    encoding: str = "utf-8"
    content_type: str = "text/html; charset=utf-8"
    daily: bool = True  # pages seen soon after they appear; else all at once, long after
    per_paragraph: tuple[int, int] = (1, 3)  # sentences in a paragraph


SITES = (
    Site(
        "sharepoint", "Cổng thông tin điện tử tỉnh Lam Vân", "lamvan.example",
        ("http://{host}/tintuc/Pages/tin-hoat-dong.aspx?ItemID={id}&l=Tintrongtinh", "https://{host}/SitePages/chi-tiet.aspx?ItemID={id}&PageIndex=0"),
        ("sa-ch", "dmy-hm"), "day-dmy-hm", "dmy", "apart", ("office", "rich"), ("figure",), "photo",
        "Giấy phép số 12/GP-TTĐT do Cục Quản lý Phát thanh, truyền hình và Thông tin điện tử cấp ngày 15/02/2019",
    ),
    Site(
        "liferay", "Trang thông tin Sở Nông nghiệp Lam Vân", "snn.lamvan.example",
        ("https://{host}/web/guest/tin-tuc/-/asset_publisher/Mb3xT9/content/{slug}", "https://{host}/tin-tuc/-/chi-tiet/{slug}-{id}"),
        ("dash-hm", "hm-dmy-bar"), "day-dmy-hm", "dmy", "apart", ("plain", "rich"), ("figure",), "photo",
        "Giấy phép thiết lập trang thông tin điện tử tổng hợp số 07/GP-STTTT, cấp ngày 22-08-2017", daily=False,
    ),
    Site(
        "vportal", "Cổng thông tin huyện Thanh Khê Hạ", "thanhkheha.lamvan.example",
        ("http://{host}/Default.aspx?tabid=288&NewsID={id}", "http://{host}/portal/Pages/print.aspx?sname=tk&p={id}"),
        ("place-long", "hour-h"), "day-dmy-hm-gmt", "dmy", "apart", ("office", "entities"), ("figure", "related"), "photo",
        "Giấy phép số: 45/GP-BC ngày 09/11/2012. Người chịu trách nhiệm: Chánh Văn phòng UBND huyện", encoding="utf-8-sig",
    ),
    Site(
        "wordpress", "Trung tâm Văn hóa - Thể thao huyện Sông Cừ", "vanhoasongcu.example",
        ("https://{host}/{ym}/{slug}/", "https://{host}/{slug}/"),
        ("words", "dmy"), "", "words", "inside", ("plain", "rich"), ("figure", "related"), "gallery",
        "© 2021 Trung tâm Văn hóa - Thể thao huyện Sông Cừ. Bản quyền thuộc về đơn vị, cập nhật 01/06/2021", daily=False,
    ),
    Site(
        "tables", "Báo Lam Vân điện tử", "baolamvan.example",
        ("http://{host}/Index.asp?Menu=12&ArticleID={id}", "http://{host}/tinbai.asp?id={id}&cat=7"),
        ("day-dmy-hm-gmt", "dash"), "day-dmy-hm", "dmy", "apart", ("entities", "plain"), ("figure",), "photo",
        "Giấy phép xuất bản số 187/GP-BVHTT, Bộ Văn hóa - Thông tin cấp ngày 31/12/2003", encoding="cp1258", content_type="text/html",
    ),
    Site(
        "modern", "Lam Vân Ngày Nay", "ngaynay.example",
        ("https://{host}/{slug}-post{id}.html", "https://{host}/{section}/{slug}-{id}.htm"),
        ("day-dmy-hm-gmt", "hm-dmy"), "day-dmy-hm", "ago", "apart", ("rich", "rich"), ("figure", "related", "ad"), "photo",
        "Giấy phép số 301/GP-BTTTT do Bộ Thông tin và Truyền thông cấp ngày 14/06/2022",
    ),
    Site(
        "aggregator", "Tin Nhanh 24", "tinnhanh24.example",
        ("https://{host}/{slug}/c/{id}.epi", "https://{host}/{slug}-r{id}.html"),
        ("hm-dmy", "day-dmy-hm"), "", "ago", "apart", ("plain", "plain"), ("figure", "related", "ad"), "brief",
        "Giấy phép số 1818/GP-TTĐT do Sở TT&TT cấp ngày 05/05/2017, sửa đổi bổ sung ngày 20/10/2020",
    ),
    Site(
        "television", "Đài Phát thanh và Truyền hình Lam Vân", "ltv.example",
        ("https://{host}/tin-tuc/{slug}-{id}.html", "https://{host}/video/{slug}-{id}.htm"),
        ("posted", "hm-dmy-bar"), "day-dmy-hm", "dmy-hm", "apart", ("plain", "plain"), ("ad",), "video",
        "Giấy phép số 96/GP-PTTH cấp ngày 07.03.2018. Chịu trách nhiệm nội dung: Giám đốc Đài", per_paragraph=(2, 4),
    ),
    Site(
        "ministry", "Cổng thông tin Bộ Văn vật", "bovanvat.example",
        ("https://{host}/vi/tin-tuc-su-kien/-/tin/{slug}-{id}.html", "https://{host}/bai-viet/{slug}-{id}"),
        ("day-dmy-hm", "dmy"), "day-dmy-hm", "dmy", "apart", ("office", "plain"), ("figure",), "document",
        "Giấy phép số 102/GP-TTĐT ngày 18 tháng 7 năm 2016. © Bản quyền thuộc Bộ Văn vật", daily=False, per_paragraph=(1, 2),
    ),
    Site(
        "amp", "Sổ Tay Di Động", "m.sotay.example",
        ("https://{host}/amp/{slug}-{id}.amp", "https://{host}/{slug}-{id}.html?amp=1"),
        ("ago", "dot"), "", "ago", "apart", ("plain", "rich"), ("figure", "related", "ad"), "slides",
        "Giấy phép số 88/GP-TTĐT, cấp 03/04/2020", per_paragraph=(1, 2),
    ),
    Site(
        "commune", "Ủy ban nhân dân xã Đồng Mía", "dongmia.songcu.example",
        ("http://{host}/tin-tuc/tin-xa/{id}", "https://{host}/chi-tiet-tin?tin={id}&page=1"),
        ("long", "ampm"), "day-dmy-hm", "dmy", "none", ("office", "entities"), ("figure",), "photo",
        "Trang thông tin điện tử xã Đồng Mía, cấp phép ngày 11/09/2020. Chịu trách nhiệm: Chủ tịch UBND xã", encoding="utf-8-nfd", daily=False,
    ),
    Site(
        "joomla", "Thư viện tỉnh Lam Vân", "thuvienlamvan.example",
        ("http://{host}/index.php/tin-tuc/{id}-{slug}", "http://{host}/index.php?option=com_content&view=article&id={id}:{slug}&catid=9&Itemid=112"),
        ("joomla", "dot"), "day-dmy-hm", "dash", "inside", ("entities", "office"), ("figure", "related"), "photo",
        "Copyright © 2014 Thư viện tỉnh Lam Vân. Giấy phép 21/GP-STTTT ngày 30/10/2014", content_type="text/html; charset=iso-8859-1",
    ),
    Site(
        "bare", "Tạp chí Đất Cao", "datcao.example",
        ("https://{host}/bai/{slug}", "https://{host}/post?id={id}"),
        ("dash", "long"), "dmy-hm", "dmy", "apart", ("rich", "rich"), ("figure", "ad"), "photo",
        "Giấy phép hoạt động báo chí số 512/GP-BTTTT, ngày 27-12-2021", per_paragraph=(2, 4), daily=False,
    ),
    Site(
        "comments", "Diễn đàn Đời Sống Trẻ", "doisongtre.example",
        ("https://{host}/{section}/{slug}-{id}.html", "https://{host}/{slug}.d{id}"),
        ("hm-dmy-bar", "day-dmy-hm"), "", "ago", "apart", ("rich", "plain"), ("figure", "related"), "interview",
        "Giấy phép số 216/GP-BTTTT cấp ngày 19/05/2023",
    ),
)  # fmt: skip
