"""JSON Lines, JSON (an array, or TikTok's "Download your data") and Parquet as tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.fetch.columns import Columns, accepted_titles, map_headings
from canbang.fetch.grid import Names, NoTitle, Progress, Row, Table, check_names, notes_of
from canbang.text.encodings import decode, detect_file

JSON_MAX = 256 << 20
_KEYS_FROM = 200
_VIDEO_ID = re.compile(r"/video/(\d{5,25})")
_OWN_LISTS = ("Videos", "Posts")
"""Under these TikTok keeps what the account posted. Browsing, messages, likes and followers are never looked at."""


def _usable(path: Path, headings: tuple[str, ...], names: Names, what: str) -> Columns:
    columns = map_headings(headings, names)
    check_names(path, columns, names, headings)
    if not columns.usable:
        shown = ", ".join(f"“{name[:30]}”" for name in headings[:8])
        raise NoTitle(f"{path}: không thấy {what} (có: {shown}). Cần {accepted_titles()}.", headings)
    return columns


def open_jsonl(path: Path, names: Names) -> Table:
    """One JSON object a line. Raises :class:`InputError`."""
    encoding = detect_file(path)

    def raw(progress: Progress) -> Iterator[tuple[int, dict[str, Any] | str]]:
        with path.open("r", encoding=encoding, errors="replace") as stream:
            for number, line in enumerate(stream, 1):
                progress(len(line))
                if not line.strip():
                    continue
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    yield number, "dòng JSON hỏng"
                    continue
                yield number, value if isinstance(value, dict) else "dòng JSON không phải một đối tượng {…}"

    keys: dict[str, None] = {}
    for seen, (_, value) in enumerate(raw(lambda _: None)):
        if isinstance(value, dict):
            keys.update(dict.fromkeys(value))
        if seen >= _KEYS_FROM:
            break
    headings = tuple(keys)
    if not headings:
        raise InputError(
            f"{path}: không có dòng nào là một đối tượng JSON. Cần mỗi dòng một đối tượng {{…}}; một mảng […] thì đặt đuôi tệp là .json."
        )
    columns = _usable(path, headings, names, "khóa tiêu đề trong các dòng JSON")

    def rows(progress: Progress) -> Iterator[Row]:
        for number, value in raw(progress):
            yield number, value if isinstance(value, str) else tuple(value.get(key) for key in headings)

    return Table(path, columns, headings, notes_of(path, columns, 0), rows)


def open_json(path: Path, names: Names) -> Table:
    """One JSON document: an array of objects, or TikTok's own download. Raises :class:`InputError`."""
    if path.stat().st_size > JSON_MAX:
        raise InputError(f"{path}: tệp JSON lớn hơn {JSON_MAX >> 20} MB. Chuyển thành JSONL (mỗi dòng một đối tượng).")
    try:
        value = json.loads(decode(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: tệp JSON hỏng. Tải lại tệp; tệp mỗi dòng một đối tượng thì đặt đuôi .jsonl."
        ) from error
    notes: tuple[str, ...] = ()
    listed = value if isinstance(value, list) else None
    if isinstance(value, dict):
        listed = _tiktok(value)
        if listed is not None:
            notes = (
                f"{path.name}: tệp “Tải dữ liệu của bạn” của TikTok: chỉ đọc danh sách bài đã đăng, giờ UTC; "
                "tin nhắn, lịch sử xem, người theo dõi không được đọc",
            )
    if listed is None:
        raise InputError(f"{path}: không phải mảng JSON, cũng không phải tệp “Tải dữ liệu của bạn” của TikTok.")
    objects: list[dict[str, Any]] = [row for row in listed if isinstance(row, dict)]
    headings = tuple(dict.fromkeys(key for row in objects for key in row))
    if not headings:
        raise InputError(f"{path}: danh sách bài trong tệp JSON trống. Xuất lại tệp.")
    columns = _usable(path, headings, names, "khóa tiêu đề trong các đối tượng JSON")

    def rows(progress: Progress) -> Iterator[Row]:
        for number, row in enumerate(listed, 1):
            broken = "phần tử JSON không phải một đối tượng {…}"
            yield number, tuple(row.get(key) for key in headings) if isinstance(row, dict) else broken

    return Table(path, columns, headings, (*notes, *notes_of(path, columns, 0)), rows)


def _tiktok(value: dict[str, Any], depth: int = 0) -> list[Any] | None:
    """Posts of the account in TikTok's download, wherever this year's version keeps them."""
    for key, inner in value.items():
        if not isinstance(inner, dict):
            continue
        listed = inner.get("VideoList")
        if key in _OWN_LISTS and isinstance(listed, list):
            return [_tiktok_post(row) if isinstance(row, dict) else row for row in listed]
        found = _tiktok(inner, depth + 1) if depth < 3 else None
        if found is not None:
            return found
    return None


def _tiktok_post(row: dict[str, Any]) -> dict[str, Any]:
    link = str(row.get("Link") or row.get("link") or "")
    found = _VIDEO_ID.search(link)
    when = str(row.get("Date") or row.get("date") or "").strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", when):
        when = when.replace(" ", "T") + "Z"  # the download is in UTC and says so nowhere
    return {
        "platform_id": found.group(1) if found else "", "url": link, "published_at": when, "kind": "video",
        "title": row.get("Title") or row.get("Description") or row.get("title") or "",
        "likes": row.get("Likes") or row.get("likes"),
    }  # fmt: skip


def open_parquet(path: Path, names: Names) -> Table:
    """A Parquet file; only the columns that are read leave the disk. Raises :class:`InputError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        headings = tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, pa.ArrowException) as error:
        raise InputError(f"{path}: không phải tệp Parquet hợp lệ hoặc tệp bị hỏng.") from error
    columns = _usable(path, headings, names, "cột tiêu đề")
    wanted = sorted(set(columns.index.values()))
    narrow = Columns({f: wanted.index(i) for f, i in columns.index.items()}, columns.dropped, columns.named)

    def rows(progress: Progress) -> Iterator[Row]:
        number = 0
        with pq.ParquetFile(path) as opened:
            for batch in opened.iter_batches(batch_size=2048, columns=[headings[i] for i in wanted]):
                values = [batch.column(i).to_pylist() for i in range(batch.num_columns)]
                for row in zip(*values, strict=True):
                    number += 1
                    yield number, row
                progress(batch.nbytes)

    return Table(path, narrow, tuple(headings[i] for i in wanted), notes_of(path, columns, 0), rows)
