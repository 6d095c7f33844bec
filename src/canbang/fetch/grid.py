"""What every kind of table is opened into, and how its heading row is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.fetch.columns import Columns, accepted_titles, map_headings

HEADER_SEARCH = 30

Row = tuple[int | str, Sequence[Any] | str]
"""Row number as a person counts it (heading included; with its sheet where there are several), and its values; a text
where the row is broken."""
Progress = Callable[[int], None]
Names = Mapping[str, str]
"""Fields by the heading that a person named for them (``--column``), before any synonym."""


@dataclass(slots=True)
class Table:
    """An opened table: its columns, and ``rows(progress)``, which may be called more than once."""

    path: Path
    columns: Columns
    headings: tuple[str, ...]
    notes: tuple[str, ...]
    rows: Callable[[Progress], Iterator[Row]]


def find_header(path: Path, rows: Iterator[Sequence[Any]], names: Names) -> tuple[int, Columns, tuple[str, ...]]:
    """Number of the heading row (from 0): exports often carry a title block above it. Raises :class:`InputError`."""
    best: tuple[int, int, Columns, tuple[str, ...]] | None = None
    first: tuple[str, ...] = ()
    for number, row in enumerate(rows):
        if number >= HEADER_SEARCH:
            break
        headings = tuple("" if cell is None else str(cell).strip() for cell in row)
        first = first or tuple(name for name in headings if name)
        columns = map_headings(headings, names)
        if columns.usable and (best is None or len(columns.index) > best[0]):
            best = (len(columns.index), number, columns, headings)
    if best is None:
        seen = ", ".join(f"“{name[:30]}”" for name in first[:8]) or "không có gì"
        raise InputError(
            f"{path}: không thấy cột tiêu đề trong {HEADER_SEARCH} dòng đầu (dòng đầu có: {seen}). "
            f"Đặt tên một cột là {accepted_titles()}."
        )
    check_names(path, best[2], names)
    return best[1], best[2], best[3]


def check_names(path: Path, columns: Columns, names: Names) -> None:
    """Raise :class:`InputError` for a heading that a person named and the file does not have."""
    for field, heading in names.items():
        if field not in columns.named:
            raise InputError(f"{path}: không có cột “{heading}” (đã nêu cho {field}). Chép đúng tên cột trong tệp.")


def notes_of(path: Path, columns: Columns, header: int) -> tuple[str, ...]:
    """What a person must know of how the file was read."""
    notes = []
    if header:
        notes.append(f"{path.name}: bỏ qua {header} dòng phía trên dòng tên cột")
    if columns.dropped:
        names = ", ".join(f"“{name}”" for name in columns.dropped)
        notes.append(f"{path.name}: không đọc cột nêu tên người ({names})")
    return tuple(notes)
