"""Workbooks: every sheet with the first one's headings, dates of merged cells on each of their rows, links behind cells."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.fetch.columns import Columns
from canbang.fetch.grid import Names, Progress, Row, Table, find_header, notes_of
from canbang.text.normalise import heading_key

_XLSX_MAX = 4 << 30
_XLSX_RATIO = 400
_EXTRAS_MAX = 256 << 20
"""Bytes of a sheet's XML up to which merged cells and links are looked for behind its rows."""
_FOUND_MAX = 200_000
_BLOCK = 1 << 20
_TAIL = 2048
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_LINK = re.compile(rb"<(?:\w+:)?hyperlink\s+([^>]{1,1500})>")
_REF = re.compile(rb'\bref="([A-Z]{1,3})(\d{1,7})')
_RID = re.compile(rb'\br?:?id="([^"]{1,80})"')
_RELATION = re.compile(rb"<Relationship\s+([^>]{1,3000})>")
_FILLED = ("published_at", "channel", "section")
"""Fields that a merged cell says for all its rows; a merged title would make two acts of one."""


@dataclass(slots=True)
class _Extras:
    """What stands behind the rows of a sheet: last row of each merged column from its first, links by cell."""

    merged: dict[int, dict[int, int]] = field(default_factory=dict)
    links: dict[tuple[int, int], str] = field(default_factory=dict)


def open_xlsx(path: Path, names: Names) -> Table:
    """A workbook. Raises :class:`InputError` for a bomb, a damaged file, or one without a usable sheet."""
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _XLSX_MAX or size > _XLSX_RATIO * path.stat().st_size + (64 << 20):
            raise InputError(f"{path}: tệp XLSX nén bất thường, không mở. Hãy xuất lại hoặc lưu dạng CSV.")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheets = {sheet.title: str(getattr(sheet, "_worksheet_path", "")) for sheet in book.worksheets}
        book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever the broken part makes its parsers raise
        raise InputError(f"{path}: không phải tệp XLSX hợp lệ hoặc tệp bị hỏng. Hãy lưu lại từ Excel.") from error

    def raw(sheet: str) -> Iterator[tuple[Any, ...]]:
        number = 0
        try:
            opened = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                for row in opened[sheet].iter_rows(values_only=True):
                    number += 1
                    yield row
            finally:
                opened.close()
        except Exception as error:  # as above; what lies behind the break is not taken for the end of the sheet
            raise InputError(
                f"{path}: trang tính “{sheet}” bị hỏng sau dòng {number}. Mở bằng Excel rồi lưu lại, hoặc xuất lại."
            ) from error

    usable, left, failure = _usable_sheets(path, list(sheets), raw, names)
    if not usable:
        raise failure or InputError(f"{path}: sổ tính không có trang nào.")
    first_header, columns, headings = usable[0][1:]
    extras = {sheet: _extras(path, sheets[sheet]) for sheet, *_ in usable}
    linked = any(found.links for found in extras.values())
    shown = replace(columns, index={"url": len(headings), **columns.index}) if linked else columns

    def rows(progress: Progress) -> Iterator[Row]:
        for sheet, header, *_ in usable:
            where = f" (trang “{sheet}”)" if len(usable) > 1 else ""
            for number, row in _complete(raw(sheet), extras[sheet], columns, len(headings) if linked else 0):
                if number > header + 1:
                    progress(0)
                    yield f"{number}{where}" if where else number, row

    notes = notes_of(path, columns, first_header)
    if len(usable) > 1:
        notes += (f"{path.name}: đọc {len(usable)} trang tính cùng tên cột: {_quoted([u[0] for u in usable])}",)
    if left:
        notes += (
            f"{path.name}: không đọc trang tính {_quoted(left)} (tên cột khác); có tin ở đó thì xuất riêng từng tệp",
        )
    if any(found.merged.get(columns.index.get(name, -1)) for found in extras.values() for name in _FILLED):
        notes += (f"{path.name}: ô gộp ở cột ngày, kênh hoặc chuyên mục được hiểu là của mọi dòng trong ô",)
    return Table(path, shown, headings, notes, rows)


def _quoted(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


_Usable = tuple[str, int, Columns, tuple[str, ...]]


def _usable_sheets(
    path: Path, sheets: list[str], raw: Any, names: Names
) -> tuple[list[_Usable], list[str], InputError | None]:
    """The first sheet that can be read and those with the same headings; names of the others; why the first failed."""
    usable: list[_Usable] = []
    left: list[str] = []
    failure: InputError | None = None
    for sheet in sheets:
        try:
            header, columns, headings = find_header(path, raw(sheet), names)
        except InputError as error:
            failure = failure or error
            left.append(sheet)
            continue
        same = not usable or _keys(headings) == _keys(usable[0][3])
        if same:
            usable.append((sheet, header, columns, headings))
        else:
            left.append(sheet)
    return usable, left, failure


def _keys(headings: tuple[str, ...]) -> list[str]:
    keys = [heading_key(name) for name in headings]
    while keys and not keys[-1]:
        keys.pop()
    return keys


def _complete(
    rows: Iterator[tuple[Any, ...]], extras: _Extras, columns: Columns, link_at: int
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Rows with their merged values and, at ``link_at`` where that is not 0, the address behind their cells."""
    fields = {columns.index[name] for name in _FILLED if name in columns.index} & set(extras.merged)
    held: dict[int, tuple[int, Any]] = {}
    title, url = columns.index.get("title", -1), columns.index.get("url", -1)
    for number, values in enumerate(rows, 1):
        row = list(values)
        for column in fields:
            if number in extras.merged[column]:
                held[column] = (extras.merged[column][number], row[column] if column < len(row) else None)
            elif column in held and number <= held[column][0] and any(cell not in (None, "") for cell in row):
                row += [None] * (column + 1 - len(row))
                row[column] = held[column][1]
        if link_at:
            link = extras.links.get((number, url)) or extras.links.get((number, title), "")
            row += [None] * (link_at + 1 - len(row))
            row[link_at] = link
            if 0 <= url < len(row) and link and "://" not in str(row[url] or ""):
                row[url] = link  # "Xem bài" with the address behind it
        yield number, tuple(row)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1


def _extras(path: Path, inside: str) -> _Extras:
    """Merged cells and links of one sheet; nothing where its XML is missing or very large."""
    found = _Extras()
    name = inside.lstrip("/")
    with zipfile.ZipFile(path) as archive:
        try:
            if archive.getinfo(name).file_size > _EXTRAS_MAX:
                return found
            folder, _, file = name.rpartition("/")
            targets = _targets(archive, f"{folder}/_rels/{file}.rels")
            for block in _behind(archive, name):
                _read_block(block, targets, found)
                if len(found.links) > _FOUND_MAX:
                    break
        except (KeyError, zipfile.BadZipFile, OSError, ValueError, EOFError):
            return found
    return found


def _behind(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The XML behind the rows, in blocks that overlap."""
    tail, behind = b"", False
    with archive.open(name) as stream:
        while block := stream.read(_BLOCK):
            block = tail + block
            if not behind:
                at = block.find(b"sheetData>")
                behind = at >= 0 and (block.rfind(b"</", 0, at) >= 0)
            if behind:
                yield block
            tail = block[-_TAIL:]


def _read_block(block: bytes, targets: dict[bytes, str], found: _Extras) -> None:
    for first, top, last, bottom in _MERGED.findall(block):
        if first == last:
            found.merged.setdefault(_column(first), {})[int(top)] = int(bottom)
    for attributes in _LINK.findall(block):
        ref, rid = _REF.search(attributes), _RID.search(attributes)
        target = targets.get(rid.group(1), "") if rid else ""
        if ref and target.startswith(("http://", "https://")):
            found.links[int(ref.group(2)), _column(ref.group(1))] = target


def _targets(archive: zipfile.ZipFile, name: str) -> dict[bytes, str]:
    try:
        if archive.getinfo(name).file_size > _EXTRAS_MAX >> 2:
            return {}
        body = archive.read(name)
    except KeyError:
        return {}
    targets = {}
    for attributes in _RELATION.findall(body)[:_FOUND_MAX]:
        rid, target = re.search(rb'\bId="([^"]+)"', attributes), re.search(rb'\bTarget="([^"]+)"', attributes)
        if rid and target:
            targets[rid.group(1)] = html.unescape(target.group(1).decode("utf-8", "replace"))
    return targets
