"""What is not an item (codebook ruling 9): a section page, a subscription notice, an empty shell."""

from __future__ import annotations

import re

from canbang.text.normalise import heading_key

_SHELLS = frozenset({
    "trang chu", "home", "homepage", "trang nhat", "lien he", "gioi thieu", "so do trang", "so do cong", "sitemap",
    "tim kiem", "dang nhap", "dang ky", "chuyen muc", "danh muc", "tin tuc", "tin moi", "tin noi bat", "untitled",
    "khong tieu de", "no title", "test", "404", "404 not found", "page not found", "khong tim thay trang", "rss",
    "chinh sach bao mat", "dieu khoan su dung", "loi", "error", "video", "anh", "lich phat song",
})  # fmt: skip
_NOTICE = re.compile(
    r"^(?:nhan (?:nut )?(?:dang ky|theo doi)|dang ky (?:nhan|theo doi) (?:kenh|ban tin|trang|tin|thong bao)|theo doi (?:kenh|trang) "
    r"|subscribe|hay (?:nhan|bam) (?:nut )?(?:dang ky|theo doi|like)|chuyen muc |trang chu\b.{0,60}$|404\b)"
)
_NOTICE_MAX_WORDS = 22


def why_not_item(title: str, lead: str, text: str) -> str | None:
    """The reason why this is no item, or ``None``. A longer text speaks for itself whatever its title."""
    if not title and not lead and not text:
        return "không phải tin bài: dòng rỗng, không có tiêu đề lẫn nội dung"
    key = heading_key(title or lead or text[:200])
    if not key:
        return None if len(text) > 40 or title or lead else "không phải tin bài: không có chữ nào"
    words = len(key.split()) + len(lead.split()) + len(text.split())
    if key in _SHELLS and len(lead) + len(text) < 120:
        return f"không phải tin bài: trang chuyên mục hoặc khung trang (“{title}”)"
    if _NOTICE.match(key) and words <= _NOTICE_MAX_WORDS:
        return "không phải tin bài: lời mời đăng ký, theo dõi kênh hoặc trang chuyên mục"
    return None


_BODY_MIN = 80
_ERROR_MAX = 400
_GONE = re.compile(
    r"^(?:(?:loi )?404|khong tim thay|page not found|not found|trang (?:khong ton tai|ban tim)|bai viet (?:khong ton tai|da bi|da duoc)|noi dung khong ton tai"
    r"|ban can dang nhap|dang nhap|access denied|forbidden|just a moment|attention required|loi he thong|site under)"
)
_SCRIPT_ONLY = re.compile(r"enable javascript|bat javascript|trinh duyet khong ho tro|you need to enable")
_DENSE, _MANY_LINKS = 0.6, 15
_LISTED = 0.3


def why_not_article(
    title: str,
    lead: str,
    body: str,
    *,
    declares_list: bool,
    dated: bool,
    front: bool,
    links: int,
    link_share: float,
    linked_body: float,
) -> str | None:
    """Why a page that was fetched is no article, or ``None``.

    ``links`` counts the lines that are links, ``link_share`` (0 to 1) is their share of the page's text, ``linked_body`` the
    share of the body's lines that are links on the page (headlines of others); ``front`` says that the address is the site's
    front page. A dated page with a headline is an article, however little text it has.
    """
    if declares_list or front:
        return f"không phải tin bài: trang chủ hoặc trang chuyên mục (“{title[:60]}”)"
    if _GONE.match(heading_key(title)) and len(body) < _ERROR_MAX:
        return f"không phải tin bài: trang báo lỗi hoặc trang đăng nhập (“{title[:60]}”)"
    reason = why_not_item(title, lead, body)
    if reason or dated:
        return reason
    if links >= _MANY_LINKS and link_share >= _DENSE and linked_body >= _LISTED:
        return f"không phải tin bài: trang chuyên mục, {links} liên kết và không có ngày đăng"
    if len(body) < _ERROR_MAX and _SCRIPT_ONLY.search(heading_key(body)):
        return "không phải tin bài: khung trang trống, nội dung chỉ hiện khi chạy JavaScript"
    if len(body) < _BODY_MIN and not lead:
        return "không phải tin bài: khung trang, không có nội dung và ngày đăng"
    return None
