"""Which heading of an export holds which field, by synonyms met in Vietnamese and English exports.

To teach a new export: add its heading (no accents, lower case, blanks for punctuation) to ``SYNONYMS``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from canbang.errors import InputError
from canbang.text.normalise import heading_key

# In order of preference: where two headings of one file name the same field, the earlier synonym wins.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "platform_id": (
        "platform id", "id bai viet", "ma bai", "ma bai viet", "ma tin", "id video", "video id", "post id",
        "id tin", "ma noi dung", "content id", "id noi dung", "item id", "id bai dang", "id tiktok", "ma so", "id",
    ),
    "channel": ("channel", "kenh", "ten kenh", "ten trang", "page name", "trang", "outlet", "nguon kenh"),
    "url": (
        "url", "duong dan", "lien ket", "lien ket co dinh", "permalink", "link", "link bai", "dia chi",
        "duong link", "lien ket bai viet", "share url", "video link", "lien ket video", "link video", "post url",
        "post link", "link bai viet", "duong dan bai viet",
    ),
    "published_at": (
        "published at", "publishedat", "thoi gian xuat ban video", "thoi diem xuat ban video", "ngay dang", "ngay dang tai", "ngay phat song", "ngay cong bo", "ngay gio", "ngay thang", "posted", "posted at", "thoi gian dang", "ngay gio dang", "thoi gian xuat ban", "ngay xuat ban",
        "thoi diem dang", "publish time", "publish datetime", "published", "create time", "created time",
        "thoi gian", "ngay phat", "pubdate", "post time", "video publish time", "ngay gui", "ngay tao", "thoi gian tao",
        "ngay", "date", "datetime",
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
        "noi dung dang", "noi dung bai dang", "noi dung tin bai", "toan van", "chu thich bai viet", "post text",
    ),
    "kind": ("kind", "loai", "loai bai viet", "loai noi dung", "hinh thuc", "the loai", "post type", "type"),
    "share_of": ("share of", "chia se tu", "share of url", "bai goc", "lien ket goc", "shared from", "nguon chia se"),
    "section": ("section", "chuyen muc", "muc", "danh muc", "category", "chuyen trang"),
    "views": (
        "views", "luot xem", "view count", "so luot xem", "total views", "tong luot xem", "video views", "luot xem video",
        "so nguoi xem", "so nguoi tiep can", "luot tiep can", "reach",
    ),
    "likes": (
        "likes", "luot thich", "cam xuc", "reactions", "like count", "so luot thich", "total likes", "tong luot thich",
        "luot bay to cam xuc",
    ),
    "shares": ("shares", "luot chia se", "share count", "so luot chia se", "total shares", "tong luot chia se"),
    "comments": (
        "comments", "binh luan", "comment count", "so binh luan", "luot binh luan", "total comments", "tong binh luan",
        "tong luot binh luan",
    ),
    "watch_seconds": ("watch seconds", "thoi gian xem giay", "so giay xem"),
    "watch_hours": ("watch time hours", "thoi gian xem gio"),
    "is_share": ("is share", "la bai chia se", "la luot chia se", "bai chia se"),
    "date_source": ("date source",),
    "date_confidence": ("date confidence",),
    "status": ("status", "trang thai", "tinh trang", "trang thai xuat ban", "trang thai dang"),
}  # fmt: skip

METRICS = ("views", "likes", "shares", "comments", "watch_seconds")

# "Mô tả" is the whole text of a Facebook or YouTube export and the lead of a portal's.
_TEXT_OR_LEAD = ("mo ta", "description", "mo ta video", "video description", "mo ta bai viet", "dien giai")

AUTHORS = frozenset({
    "tac gia", "author", "authors", "nguoi viet", "phong vien", "but danh", "nguoi dang", "bien tap vien",
    "bien tap", "writer", "byline", "creator", "nguoi tao", "nguoi dang bai", "nhuan but", "cong tac vien", "posted by",
    "created by", "published by", "nguoi duyet", "nguoi phe duyet", "nguoi xuat ban", "nguoi thuc hien", "nguoi gui",
    "owner", "username", "user name", "account username", "account name", "ten tai khoan", "tai khoan", "ten nguoi dung",
})  # fmt: skip
"""Headings that name a person: never read."""

_FIELD_OF = {synonym: (field, rank) for field, names in SYNONYMS.items() for rank, synonym in enumerate(names)}


# YouTube Studio heads the column of video ids "Content", "Nội dung".
_YOUTUBE_TITLE = frozenset({"video title", "tieu de video"})
_YOUTUBE_DATE = frozenset({"video publish time", "thoi gian xuat ban video", "thoi diem xuat ban video"})
_YOUTUBE_ID = frozenset({"content", "noi dung"})
NAMEABLE = {
    "title": "tiêu đề", "published_at": "ngày đăng", "text": "nội dung", "lead": "sapo", "url": "đường dẫn", "platform_id": "mã bài",
    "channel": "kênh", "section": "chuyên mục", "kind": "loại", "status": "trạng thái", "share_of": "chia sẻ từ",
    "is_share": "là bài chia sẻ", "views": "lượt xem", "likes": "lượt thích", "shares": "lượt chia sẻ",
    "comments": "bình luận", "watch_seconds": "số giây xem", "watch_hours": "thời gian xem (giờ)",
}  # fmt: skip
"""Fields that a person may name a column for, and what they are called in Vietnamese."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands (``index``), headings of persons that were left out (``dropped``), fields that a person
    named a column for and that were found (``named``)."""

    index: dict[str, int]
    dropped: tuple[str, ...]
    named: frozenset[str] = frozenset()

    @property
    def usable(self) -> bool:
        """Whether there is something to read an item from."""
        return "title" in self.index or "text" in self.index


def field_words(field: str) -> str:
    """A field as a person knows it: "tiêu đề (title)"."""
    return f"{NAMEABLE[field]} ({field})"


def parse_names(words: Sequence[str]) -> dict[str, str]:
    """Fields by heading from ``field=heading`` words (``--column``); a field goes by its name or any of its synonyms.

    Raises :class:`InputError` naming the word.
    """
    names: dict[str, str] = {}
    for word in words:
        written, mark, heading = (part.strip() for part in word.partition("="))
        field = written if written in NAMEABLE else _FIELD_OF.get(heading_key(written), ("", 0))[0]
        if not mark or not heading or field not in NAMEABLE:
            fields = ", ".join(map(field_words, NAMEABLE))
            raise InputError(f"--column {word}: viết dạng trường=tên cột; trường là một trong: {fields}.")
        if heading_key(heading) in AUTHORS:
            raise InputError(f"--column {word}: cột nêu tên người không được đọc.")
        other = next((one for one, had in names.items() if heading_key(had) == heading_key(heading)), field)
        if field in names or other != field:
            raise InputError(f"--column {word}: {field_words(other)} đã lấy cột “{names[other]}”. Mỗi trường một cột.")
        names[field] = heading
    return names


def map_headings(headings: Sequence[object], names: Mapping[str, str] | None = None) -> Columns:
    """Fields by the headings of a table; unknown headings are left alone. What a person named (``names``) comes first."""
    best: dict[str, tuple[int, int]] = {}
    either: list[int] = []
    dropped: list[str] = []
    keys = [heading_key("" if heading is None else str(heading)) for heading in headings]
    wanted = {heading_key(heading): field for field, heading in (names or {}).items()}
    youtube = not _YOUTUBE_TITLE.isdisjoint(keys) and not _YOUTUBE_DATE.isdisjoint(keys)
    for position, key in enumerate(keys):
        if key in AUTHORS:
            dropped.append(str(headings[position]).strip())
        elif key in wanted:
            best.setdefault(wanted[key], (-1, position))
            if best[wanted[key]][0] >= 0:
                best[wanted[key]] = (-1, position)
        elif youtube and key in _YOUTUBE_ID:
            best["platform_id"] = (0, position)
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
    named = frozenset(field for field, (rank, _) in best.items() if rank < 0)
    return Columns(index, tuple(dropped), named)


def accepted_titles() -> str:
    """The headings under which a title is looked for, for messages."""
    return "“Tiêu đề”, “Tên bài”, “title” hoặc cột nội dung “Nội dung”, “Mô tả”, “text”"
