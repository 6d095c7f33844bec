"""Lists for people, as CSV: rows that do not count, with their reason, and items whose date somebody should look at."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from canbang.errors import InputError, reason
from canbang.fetch.source import Reject
from canbang.item import Item
from canbang.text.cells import safe_cell
from canbang.text.numbers import day

DEFAULT_REJECTS = Path("canbang-rejects.csv")
DEFAULT_WORKLIST = Path("canbang-can-xem.csv")
_DATED_BY = {
    "feed": "RSS", "sitemap": "sitemap", "json_ld": "JSON-LD của trang", "open_graph": "Open Graph của trang",
    "microdata": "microdata của trang", "page_text": "chữ trên trang", "column": "cột ngày", "recipe": "mẫu trang đã học",
}  # fmt: skip
_REJECTS = ("Nguồn", "Vị trí", "Lý do", "Trích đầu tin")
_WORKLIST = ("Kênh", "Mã tin", "Ngày đang lấy", "Lấy ngày từ", "Được đếm trong kỳ", "Tiêu đề", "Liên kết")
_START = 80


class _List:
    """A CSV file that appears with its first row; put in place when all went well."""

    def __init__(self, path: Path, heading: Sequence[str], option: str, default: Path) -> None:
        self.path, self.heading, self.option, self.default = path, heading, option, default
        self.part = path.with_name(path.name + ".tmp")
        self.stream: Any = None
        self.failed = False

    def write(self, *cells: str) -> None:
        """Add one row."""
        if self.stream is None and not self.failed:
            self._begin()
        if self.stream is not None:
            csv.writer(self.stream).writerow([safe_cell(cell) for cell in cells])

    def _begin(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.stream = self.part.open("w", encoding="utf-8-sig", newline="")
        except OSError as error:
            if self.path != self.default:
                raise InputError(
                    f"{self.path}: không ghi được tệp này ({reason(error)}). Chọn chỗ khác bằng {self.option}."
                ) from error
            self.failed = True
            click.echo(f"Không ghi được {self.path} ({reason(error)}): chọn chỗ khác bằng {self.option}.", err=True)
            return
        csv.writer(self.stream).writerow(self.heading)

    def end(self) -> None:
        """Put it in place; without a row no file is left, not even that of an earlier run."""
        if self.stream is not None:
            self.stream.close()
            self.part.replace(self.path)
        elif not self.failed and self._is_earlier():
            self.path.unlink(missing_ok=True)

    def _is_earlier(self) -> bool:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                return next(csv.reader(stream), None) == list(self.heading)
        except (OSError, UnicodeDecodeError, csv.Error):
            return False

    def drop(self) -> None:
        """Leave nothing behind."""
        if self.stream is not None:
            self.stream.close()
            self.part.unlink(missing_ok=True)


@contextmanager
def _opened(into: _List) -> Iterator[_List]:
    try:
        yield into
    except BaseException:
        into.drop()
        raise
    into.end()


@contextmanager
def rejects_file(path: Path) -> Iterator[Callable[[Reject], None]]:
    """A callback that writes rejects. Where the default file cannot be written the run goes on: the count is in the report."""
    with _opened(_List(path, _REJECTS, "--rejects", DEFAULT_REJECTS)) as into:
        yield lambda reject: into.write(reject.source, reject.place, reject.reason, reject.start)


@contextmanager
def worklist_file(path: Path) -> Iterator[Callable[[Item, bool], None]]:
    """A callback that writes items with an unsure date, and whether they were counted or lie outside the window."""
    with _opened(_List(path, _WORKLIST, "--worklist", DEFAULT_WORKLIST)) as into:
        yield lambda item, counted: into.write(
            item.channel, item.platform_id, f"{item.published_at:%H:%M} {day(item.published_at)}",
            _DATED_BY.get(item.date_source, item.date_source),
            "có" if counted else "không, ngoài kỳ", (item.title or item.text)[:_START], item.url,
        )  # fmt: skip
