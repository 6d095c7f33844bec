"""CSV and its kin: any encoding, any separator, and a quote that nobody closed does not swallow the rows behind it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from canbang.fetch.cells import moment_of
from canbang.fetch.columns import Columns, map_headings
from canbang.fetch.grid import HEADER_SEARCH, Names, Progress, Row, Table, find_header, notes_of
from canbang.text.encodings import FALLBACK, detect_file

_CELL_MAX = 16 << 20
_RECORD_MAX = 2000
"""Lines that one quoted record may span before it is taken for an unclosed quote."""
_UNCLOSED = "dấu ngoặc kép mở mà không đóng: các dòng sau được đọc lại từng dòng; sửa dấu ngoặc ở dòng này"


class _Lines:
    """Lines with a memory: those of the present record can be put back and read again."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source, self._again = source, list[str]()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _RECORD_MAX:
            raise StopIteration
        line = self._again.pop() if self._again else next(self._source)
        self.taken.append(line)
        self.number += 1
        return line

    def give_back(self, keep: int) -> None:
        """Put all but the first ``keep`` lines of the record back."""
        back = self.taken[keep:]
        self._again += reversed(back)
        self.number -= len(back)
        self.taken = self.taken[:keep]


def open_csv(path: Path, names: Names) -> Table:
    """A delimited text file. Raises :class:`InputError` where no heading row is found."""
    encoding = detect_file(path)
    csv.field_size_limit(_CELL_MAX)

    def lines(progress: Progress) -> Iterator[str]:
        with path.open("r", encoding=encoding, errors="replace", newline="") as stream:
            for line in stream:
                progress(len(line))
                yield line.replace("\0", "") if "\0" in line else line

    with path.open("r", encoding=encoding, errors="replace", newline="") as stream:
        head = stream.read(1 << 16)
    delimiter = _delimiter(head)
    first = (row for _, row in _records(_Lines(lines(lambda _: None)), delimiter, None) if not isinstance(row, str))
    header, columns, headings = find_header(path, first, names)

    def rows(progress: Progress) -> Iterator[Row]:
        width = len(headings)
        for number, (line, row) in enumerate(_records(_Lines(lines(progress)), delimiter, columns, header)):
            if number <= header:
                continue
            if isinstance(row, str):
                yield line, row
            elif any(cell.strip() for cell in row[width:]):
                yield line, f"thừa ô: dòng có {len(row)} ô, dòng tên cột có {width}"
            else:
                yield line, row

    notes = list(notes_of(path, columns, header))
    if encoding.startswith("utf-16"):
        notes.append(f"{path.name}: đọc theo bảng mã UTF-16")
    elif encoding == FALLBACK:
        notes.append(f"{path.name}: tệp không phải UTF-8, đã đọc theo bảng mã Windows-1258")
    return Table(path, columns, headings, tuple(notes), rows)


def _records(
    lines: _Lines, delimiter: str, columns: Columns | None, header: int = 0
) -> Iterator[tuple[int, list[str] | str]]:
    """Records with the number of their last line; ``columns`` are known once the heading row is."""
    count = 0
    while True:
        lines.taken = []
        first = lines.number + 1
        try:
            row = next(csv.reader(lines, delimiter=delimiter))
        except StopIteration:
            if not lines.taken:
                return
            row = []
        except csv.Error as error:
            yield lines.number, f"dòng CSV hỏng ({error})"
            count += 1
            continue
        spans = len(lines.taken) > 1
        if spans and columns is not None and count > header and _swallowed(lines.taken, delimiter, columns):
            lines.give_back(1)
            yield first, _UNCLOSED
        else:
            yield lines.number, row
        count += 1


def _swallowed(taken: list[str], delimiter: str, columns: Columns) -> bool:
    """Whether a record that spans lines holds what are rows of their own: full ones, with a date where dates stand."""
    if len(taken) >= _RECORD_MAX:
        return True
    date, width = columns.index.get("published_at", -1), max(columns.index.values(), default=0) + 1
    if date < 0 or width < 2:
        return False
    for line in taken[1:]:
        if line.count(delimiter) < width - 1 or line.count('"') % 2:
            continue
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if len(cells) >= width and not isinstance(moment_of(cells[date], None), str):
            return True
    return False


def _delimiter(head: str) -> str:
    """The separator that cuts the first lines into most columns of known headings, else most columns."""
    lines = [line for line in head.splitlines()[:HEADER_SEARCH] if line.strip()]

    def score(mark: str) -> tuple[int, int]:
        rows = list(csv.reader(lines, delimiter=mark)) if lines else []
        known = max((len(map_headings(row).index) for row in rows), default=0)
        return known, max((len(row) for row in rows), default=0)

    try:
        return max(",;\t|", key=score)
    except csv.Error:
        return ","
