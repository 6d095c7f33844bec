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
