"""What every kind of table is opened into, and how its heading row is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.fetch.columns import Columns, accepted_titles, field_words, map_headings
from canbang.text.normalise import heading_key

HEADER_SEARCH = 30
_SHOWN = 12

Row = tuple[int | str, Sequence[Any] | str]
"""Row number as a person counts it (heading included; with its sheet where there are several), and its values; a text
where the row is broken."""
Progress = Callable[[int], None]
Names = Mapping[str, str]
"""Fields by the heading that a person named for them (``--column``), before any synonym."""


class MissingColumn(InputError):
    """A heading that a person named and a file does not have."""

    def __init__(self, path: Path, field: str, heading: str, headings: Sequence[str]) -> None:
        shown = [f"“{name[:30]}”" for name in headings if name]
        more = f" và {len(shown) - _SHOWN} cột khác" if len(shown) > _SHOWN else ""
        super().__init__(
            f"{path}: không có cột “{heading}” (đã nêu cho {field_words(field)}). "
            f"Các cột của tệp: {', '.join(shown[:_SHOWN]) or 'không có cột nào'}{more}."
        )
        self.field = field


class NoTitle(InputError):
    """A table without a heading that names titles or texts; ``headings`` are those it has, for a person to choose from."""

    def __init__(self, message: str, headings: Sequence[str]) -> None:
        super().__init__(message)
        self.headings = tuple(headings)


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
    widest: tuple[str, ...] = ()
    met: set[str] = set()
    for number, row in enumerate(rows):
        if number >= HEADER_SEARCH:
            break
        headings = tuple("" if cell is None else str(cell).strip() for cell in row)
        filled = tuple(name for name in headings if name)
        first, widest = first or filled, max(widest, filled, key=len)
        met.update(map(heading_key, headings if names else ()))
        columns = map_headings(headings, names)
        if columns.usable and (best is None or len(columns.index) > best[0]):
            best = (len(columns.index), number, columns, headings)
    if best is None:
        for field, heading in names.items():
            if heading_key(heading) not in met:
                raise MissingColumn(path, field, heading, first)
        seen = ", ".join(f"“{name[:30]}”" for name in first[:8]) or "không có gì"
        raise NoTitle(
            f"{path}: không thấy cột tiêu đề trong {HEADER_SEARCH} dòng đầu (dòng đầu có: {seen}). "
            f"Đặt tên một cột là {accepted_titles()}.",
            widest,
        )
    check_names(path, best[2], names, best[3])
    return best[1], best[2], best[3]


def check_names(path: Path, columns: Columns, names: Names, headings: Sequence[str]) -> None:
    """Raise :class:`MissingColumn` for a heading that a person named and the file does not have."""
    for field, heading in names.items():
        if field not in columns.named:
            raise MissingColumn(path, field, heading, headings)


def notes_of(path: Path, columns: Columns, header: int) -> tuple[str, ...]:
    """What a person must know of how the file was read."""
    notes = []
    if header:
        notes.append(f"{path.name}: bỏ qua {header} dòng phía trên dòng tên cột")
    if columns.dropped:
        names = ", ".join(f"“{name}”" for name in columns.dropped)
        notes.append(f"{path.name}: không đọc cột nêu tên người ({names})")
    return tuple(notes)
