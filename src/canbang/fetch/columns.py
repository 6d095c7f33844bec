"""Which heading of an export holds which field, by synonyms met in Vietnamese and English exports.

To teach a new export: add its heading (no accents, lower case, blanks for punctuation) to ``SYNONYMS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from canbang.text.normalise import heading_key

# In order of preference: where two headings of one file name the same field, the earlier synonym wins.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "platform_id": (
        "platform id", "id bai viet", "ma bai", "ma bai viet", "ma tin", "id video", "video id", "post id",
        "id tin", "ma noi dung", "content id", "id noi dung", "item id", "ma so", "id",
    ),
    "channel": ("channel", "kenh", "ten kenh", "ten trang", "page name", "trang", "outlet", "nguon kenh"),
    "url": (
        "url", "duong dan", "lien ket", "lien ket co dinh", "permalink", "link", "link bai", "dia chi",
        "duong link", "lien ket bai viet", "share url",
    ),
    "published_at": (
        "published at", "publishedat", "ngay dang", "ngay dang tai", "ngay phat song", "ngay cong bo", "ngay gio", "ngay thang", "posted", "posted at", "thoi gian dang", "ngay gio dang", "thoi gian xuat ban", "ngay xuat ban",
        "thoi diem dang", "publish time", "publish datetime", "published", "create time", "created time",
        "thoi gian", "ngay phat", "pubdate", "post time", "video publish time", "ngay", "date", "datetime",
    ),
    "title": (
        "title", "tieu de", "tieu de bai", "tieu de bai viet", "tieu de tin bai", "ten tin", "tua de", "tin bai", "ten tac pham", "post title", "tieu de tin", "ten bai", "ten bai viet", "ten tin bai", "tit",
        "headline", "tieu de video", "video title", "ten video", "ten clip",
    ),
    "lead": (
        "lead", "sapo", "sa po", "tom tat", "mo ta ngan", "trich yeu", "lead paragraph", "summary", "gioi thieu ngan",
    ),
    "text": (
        "text", "noi dung", "noi dung bai viet", "body", "content", "message", "caption", "chu thich",
        "noi dung dang", "noi dung bai dang", "noi dung tin bai", "toan van", "video description",
    ),
    "kind": ("kind", "loai", "loai bai viet", "loai noi dung", "hinh thuc", "the loai", "post type", "type"),
    "share_of": ("share of", "chia se tu", "share of url", "bai goc", "lien ket goc", "shared from", "nguon chia se"),
    "section": ("section", "chuyen muc", "muc", "danh muc", "category", "chuyen trang"),
    "views": ("views", "luot xem", "view count", "so luot xem", "so nguoi tiep can", "reach"),
    "likes": ("likes", "luot thich", "cam xuc", "reactions", "like count", "so luot thich"),
    "shares": ("shares", "luot chia se", "share count", "so luot chia se"),
    "comments": ("comments", "binh luan", "comment count", "so binh luan", "luot binh luan"),
    "watch_seconds": ("watch seconds", "thoi gian xem giay", "so giay xem"),
}  # fmt: skip

METRICS = ("views", "likes", "shares", "comments", "watch_seconds")

# "Mô tả" is the whole text of a Facebook or YouTube export and the lead of a portal's.
_TEXT_OR_LEAD = ("mo ta", "description", "video description", "mo ta bai viet", "dien giai")

AUTHORS = frozenset({
    "tac gia", "author", "authors", "nguoi viet", "phong vien", "but danh", "nguoi dang", "bien tap vien",
    "bien tap", "writer", "byline", "creator", "nguoi tao", "nguoi dang bai", "nhuan but", "cong tac vien", "posted by",
})  # fmt: skip
"""Headings that name a person: never read."""

_FIELD_OF = {synonym: (field, rank) for field, names in SYNONYMS.items() for rank, synonym in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands (``index``), and the headings of persons that were left out (``dropped``)."""

    index: dict[str, int]
    dropped: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether there is something to read an item from."""
        return "title" in self.index or "text" in self.index


def map_headings(headings: Sequence[object]) -> Columns:
    """Fields by the headings of a table; unknown headings are left alone."""
    best: dict[str, tuple[int, int]] = {}
    either: list[int] = []
    dropped: list[str] = []
    for position, heading in enumerate(headings):
        key = heading_key("" if heading is None else str(heading))
        if key in AUTHORS:
            dropped.append(str(heading).strip())
        elif key in _TEXT_OR_LEAD:
            either.append(position)
        elif key in _FIELD_OF:
            field, rank = _FIELD_OF[key]
            if field not in best or rank < best[field][0]:
                best[field] = (rank, position)
    index = {field: position for field, (_, position) in best.items()}
    for position in either:
        if "text" not in index:
            index["text"] = position
        elif "lead" not in index:
            index["lead"] = position
    return Columns(index, tuple(dropped))


def accepted_titles() -> str:
    """The headings under which a title is looked for, for messages."""
    return "“Tiêu đề”, “Tên bài”, “title” hoặc cột nội dung “Nội dung”, “Mô tả”, “text”"
