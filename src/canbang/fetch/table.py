"""Tables as they come: CSV, XLSX, JSONL and Parquet as a stream of rows, however large the file."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canbang.errors import InputError, reason
from canbang.fetch.columns import Columns, accepted_titles, map_headings
from canbang.text.encodings import FALLBACK, detect_file

SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}  # fmt: skip
_HEADER_SEARCH = 30
_CELL_MAX = 16 << 20
_XLSX_MAX = 4 << 30
_XLSX_RATIO = 400

Row = tuple[int, Sequence[Any] | str]
"""Row number as a person counts it (heading included), and its values; a text where the row is broken."""


@dataclass(slots=True)
class Table:
    """An opened table: its columns, and ``rows(progress)``, which may be called more than once."""

    path: Path
    columns: Columns
    headings: tuple[str, ...]
    notes: tuple[str, ...]
    rows: Callable[[Callable[[int], None]], Iterator[Row]]


def open_table(path: Path) -> Table:
    """Open a file by its suffix. Raises :class:`InputError` where it cannot be read as a table of items."""
    if not path.exists():
        raise InputError(f"{path}: không có tệp này. Kiểm tra lại tên tệp và thư mục.")
    if path.is_dir():
        raise InputError(f"{path}: đây là thư mục. Hãy chỉ rõ tệp CSV, XLSX, JSONL hoặc Parquet.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: tệp rỗng. Hãy xuất lại từ hệ thống đăng bài.")
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        hint = " Mở bằng Excel rồi lưu lại dạng .xlsx." if path.suffix.lower() == ".xls" else ""
        raise InputError(f"{path}: không đọc được loại tệp “{path.suffix}”. Cần CSV, XLSX, JSONL hoặc Parquet.{hint}")
    try:
        return _OPENERS[kind](path)
    except PermissionError as error:
        raise InputError(f"{path}: không có quyền đọc tệp này.") from error
    except OSError as error:
        raise InputError(f"{path}: không đọc được tệp ({reason(error)}).") from error


def _find_header(path: Path, rows: Iterator[Sequence[Any]]) -> tuple[int, Columns, tuple[str, ...]]:
    """Number of the heading row (from 0): exports often carry a title block above it."""
    best: tuple[int, int, Columns, tuple[str, ...]] | None = None
    first: tuple[str, ...] = ()
    for number, row in enumerate(rows):
        if number >= _HEADER_SEARCH:
            break
        names = tuple("" if cell is None else str(cell).strip() for cell in row)
        first = first or tuple(name for name in names if name)
        columns = map_headings(names)
        if columns.usable and (best is None or len(columns.index) > best[0]):
            best = (len(columns.index), number, columns, names)
    if best is None:
        seen = ", ".join(f"“{name[:30]}”" for name in first[:8]) or "không có gì"
        raise InputError(
            f"{path}: không thấy cột tiêu đề trong {_HEADER_SEARCH} dòng đầu (dòng đầu có: {seen}). "
            f"Đặt tên một cột là {accepted_titles()}."
        )
    return best[1], best[2], best[3]


def _notes(path: Path, columns: Columns, header: int) -> tuple[str, ...]:
    notes = []
    if header:
        notes.append(f"{path.name}: bỏ qua {header} dòng phía trên dòng tên cột")
    if columns.dropped:
        names = ", ".join(f"“{name}”" for name in columns.dropped)
        notes.append(f"{path.name}: không đọc cột nêu tên người ({names})")
    return tuple(notes)


def _open_csv(path: Path) -> Table:
    encoding = detect_file(path)
    csv.field_size_limit(_CELL_MAX)

    def lines(progress: Callable[[int], None]) -> Iterator[str]:
        with path.open("r", encoding=encoding, errors="replace", newline="") as stream:
            for line in stream:
                progress(len(line))
                yield line.replace("\0", "") if "\0" in line else line

    with path.open("r", encoding=encoding, errors="replace", newline="") as stream:
        head = stream.read(1 << 16)
    delimiter = _delimiter(head)

    def raw(progress: Callable[[int], None]) -> Iterator[tuple[int, list[str] | str]]:
        reader = csv.reader(lines(progress), delimiter=delimiter)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.line_num, f"dòng CSV hỏng ({error})"
                continue
            yield reader.line_num, row

    header, columns, headings = _find_header(path, (row for _, row in raw(lambda _: None) if not isinstance(row, str)))

    def rows(progress: Callable[[int], None]) -> Iterator[Row]:
        width = len(headings)
        for number, (line, row) in enumerate(raw(progress)):
            if number <= header:
                continue
            if isinstance(row, str):
                yield line, row
            elif any(cell.strip() for cell in row[width:]):
                yield line, f"thừa ô: dòng có {len(row)} ô, dòng tên cột có {width}"
            else:
                yield line, row

    notes = list(_notes(path, columns, header))
    if encoding.startswith("utf-16"):
        notes.append(f"{path.name}: đọc theo bảng mã UTF-16")
    elif encoding == FALLBACK:
        notes.append(f"{path.name}: tệp không phải UTF-8, đã đọc theo bảng mã Windows-1258")
    return Table(path, columns, headings, tuple(notes), rows)


def _delimiter(head: str) -> str:
    """The separator that cuts the first lines into most columns of known headings, else most columns."""
    lines = [line for line in head.splitlines()[:_HEADER_SEARCH] if line.strip()]

    def score(mark: str) -> tuple[int, int]:
        rows = list(csv.reader(lines, delimiter=mark)) if lines else []
        known = max((len(map_headings(row).index) for row in rows), default=0)
        return known, max((len(row) for row in rows), default=0)

    try:
        return max(",;\t|", key=score)
    except csv.Error:
        return ","


def _open_xlsx(path: Path) -> Table:
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _XLSX_MAX or size > _XLSX_RATIO * path.stat().st_size + (64 << 20):
            raise InputError(f"{path}: tệp XLSX nén bất thường, không mở. Hãy xuất lại hoặc lưu dạng CSV.")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        names = list(book.sheetnames)
        book.close()
    except InputError:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:  # openpyxl says OSError of a foreign package
        raise InputError(f"{path}: không phải tệp XLSX hợp lệ hoặc tệp bị hỏng. Hãy lưu lại từ Excel.") from error

    def raw(sheet: str) -> Iterator[tuple[Any, ...]]:
        opened = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            yield from opened[sheet].iter_rows(values_only=True)
        finally:
            opened.close()

    failure: InputError | None = None
    for sheet in names:
        try:
            header, columns, headings = _find_header(path, raw(sheet))
        except InputError as error:
            failure = failure or error
            continue
        break
    else:
        raise failure or InputError(f"{path}: sổ tính không có trang nào.")

    def rows(progress: Callable[[int], None]) -> Iterator[Row]:
        for number, row in enumerate(raw(sheet), 1):
            if number > header + 1:
                progress(0)
                yield number, row

    notes = _notes(path, columns, header)
    if len(names) > 1:
        rest = ", ".join(f"“{name}”" for name in names if name != sheet)
        notes += (
            f"{path.name}: chỉ đọc trang tính “{sheet}”, không đọc {rest}; trang khác có tin thì xuất riêng từng tệp",
        )
    return Table(path, columns, headings, notes, rows)


def _open_jsonl(path: Path) -> Table:
    encoding = detect_file(path)

    def raw(progress: Callable[[int], None]) -> Iterator[tuple[int, dict[str, Any] | str]]:
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
        if seen >= 200:
            break
    headings = tuple(keys)
    columns = map_headings(headings)
    if not columns.usable:
        if not headings:
            raise InputError(
                f"{path}: không có dòng nào là một đối tượng JSON. Cần mỗi dòng một đối tượng {{…}}, không phải một mảng […]."
            )
        shown = ", ".join(f"“{key[:30]}”" for key in headings[:8])
        raise InputError(f"{path}: không thấy khóa tiêu đề trong các dòng JSON (có: {shown}). Cần {accepted_titles()}.")

    def rows(progress: Callable[[int], None]) -> Iterator[Row]:
        for number, value in raw(progress):
            yield number, value if isinstance(value, str) else tuple(value.get(key) for key in headings)

    return Table(path, columns, headings, _notes(path, columns, 0), rows)


def _open_parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        headings = tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, pa.ArrowException) as error:
        raise InputError(f"{path}: không phải tệp Parquet hợp lệ hoặc tệp bị hỏng.") from error
    columns = map_headings(headings)
    if not columns.usable:
        shown = ", ".join(f"“{name[:30]}”" for name in headings[:8])
        raise InputError(f"{path}: không thấy cột tiêu đề (có: {shown}). Cần {accepted_titles()}.")
    wanted = sorted(set(columns.index.values()))
    narrow = Columns({f: wanted.index(i) for f, i in columns.index.items()}, columns.dropped)

    def rows(progress: Callable[[int], None]) -> Iterator[Row]:
        number = 0
        with pq.ParquetFile(path) as opened:
            for batch in opened.iter_batches(batch_size=2048, columns=[headings[i] for i in wanted]):
                values = [batch.column(i).to_pylist() for i in range(batch.num_columns)]
                for row in zip(*values, strict=True):
                    number += 1
                    yield number, row
                progress(batch.nbytes)

    return Table(path, narrow, tuple(headings[i] for i in wanted), _notes(path, columns, 0), rows)


_OPENERS: dict[str, Callable[[Path], Table]] = {
    "csv": _open_csv,
    "xlsx": _open_xlsx,
    "jsonl": _open_jsonl,
    "parquet": _open_parquet,
}
