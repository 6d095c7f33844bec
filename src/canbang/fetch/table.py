"""Tables as they come: CSV, XLSX, JSONL, JSON and Parquet as a stream of rows, however large the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from canbang.errors import InputError, reason
from canbang.fetch.delimited import open_csv
from canbang.fetch.grid import Names, Table
from canbang.fetch.records import open_json, open_jsonl, open_parquet
from canbang.fetch.workbook import open_xlsx

__all__ = ["SUFFIXES", "Table", "open_table"]

SUFFIXES = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet",
}  # fmt: skip

_OPENERS: dict[str, Callable[[Path, Names], Table]] = {
    "csv": open_csv, "xlsx": open_xlsx, "jsonl": open_jsonl, "json": open_json, "parquet": open_parquet,
}  # fmt: skip


def open_table(path: Path, names: Names | None = None) -> Table:
    """Open a file by its suffix; ``names`` are fields by the headings that a person named.

    Raises :class:`InputError` where it cannot be read as a table of items.
    """
    if not path.exists():
        raise InputError(f"{path}: không có tệp này. Kiểm tra lại tên tệp và thư mục.")
    if path.is_dir():
        raise InputError(f"{path}: đây là thư mục. Hãy chỉ rõ tệp CSV, XLSX, JSONL hoặc Parquet.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: tệp rỗng. Hãy xuất lại từ hệ thống đăng bài.")
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        hint = {
            ".xls": " Mở bằng Excel rồi lưu lại dạng .xlsx.",
            ".zip": " Giải nén rồi đưa từng tệp bên trong (YouTube Studio: “Table data.csv”); kho trang HTML: canbang import.",
        }.get(path.suffix.lower(), "")
        raise InputError(f"{path}: không đọc được loại tệp “{path.suffix}”. Cần CSV, XLSX, JSONL hoặc Parquet.{hint}")
    try:
        return _OPENERS[kind](path, names or {})
    except PermissionError as error:
        raise InputError(f"{path}: không có quyền đọc tệp này.") from error
    except OSError as error:
        raise InputError(f"{path}: không đọc được tệp ({reason(error)}).") from error
