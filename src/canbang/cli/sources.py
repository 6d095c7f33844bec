"""What `measure` and `sample` share: sources, the window, the rejects file, the progress bar."""

from __future__ import annotations

import calendar
import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from canbang.errors import InputError, reason
from canbang.fetch.collected import folder_sources, is_collected
from canbang.fetch.enrolment import DEFAULT_FILE, read_enrolments
from canbang.fetch.export import file_source
from canbang.fetch.guard import Guard
from canbang.fetch.site import network_source
from canbang.fetch.source import Reject, Source
from canbang.fetch.table import SUFFIXES
from canbang.item import VIETNAM
from canbang.report.frame import Frame, Window, day_number
from canbang.text.cells import safe_cell
from canbang.text.dates import DateOrder, parse_date

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_REJECTS = Path("canbang-rejects.csv")
LOOPBACK_SWITCH = "CANBANG_TEST_LOOPBACK"
"""Environment variable that lets tests fetch from this machine; anything else private stays closed."""


def source_options(command: F) -> F:
    """Arguments and options that say what is read and which window is cut."""
    for decorate in reversed((
        click.argument("sources", nargs=-1, required=True, metavar="NGUỒN..."),
        click.option("--month", metavar="YYYY-MM", help="Kỳ là một tháng, cắt theo giờ Việt Nam."),
        click.option("--from", "first", metavar="NGÀY", help="Ngày đầu kỳ (29/3/2024 hoặc 2024-03-29)."),
        click.option("--to", "last", metavar="NGÀY", help="Ngày cuối kỳ, tính cả ngày đó."),
        click.option("--date-order", type=click.Choice([o.value for o in DateOrder]), help="Thứ tự trong 05/09/2026: dmy là ngày trước, mdy là tháng trước."),
        click.option("--channel", default="", help="Tên kênh cho tệp không có cột kênh (mặc định: tên tệp)."),
        click.option("--rejects", type=click.Path(path_type=Path), default=DEFAULT_REJECTS, show_default=True, help="Tệp ghi các dòng bị loại và lý do."),
        click.option("--enrolments", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True, help="Tệp ghi danh kênh."),
    )):  # fmt: skip
        command = decorate(command)
    return command


def guard() -> Guard:
    """The guard; the test switch opens loopback and drops the polite gap there."""
    switch = os.environ.get(LOOPBACK_SWITCH) == "1"
    return Guard(allow_loopback=True, gap=0.0) if switch else Guard()


def _day(text: str, option: str) -> date:
    dated = parse_date(text)
    if dated is None:
        raise InputError(f"{option}: không đọc được ngày “{text}”. Viết 29/3/2024 hoặc 2024-03-29.")
    return dated.when.date()


def window(month: str | None, first: str | None, last: str | None) -> Window:
    """The window of the options; open at both ends without them."""
    if month and (first or last):
        raise InputError("Chỉ dùng --month, hoặc --from và --to, không dùng cả hai.")
    if month:
        try:
            start = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007  (a month has no zone; it is cut in Vietnam)
        except ValueError as error:
            raise InputError(f"--month: không đọc được tháng “{month}”. Viết dạng 2026-09.") from error
        return Window(start, start.replace(day=calendar.monthrange(start.year, start.month)[1]))
    span = Window(_day(first, "--from") if first else None, _day(last, "--to") if last else None)
    if span.first and span.last and span.first > span.last:
        raise InputError(f"--from {first} sau --to {last}: kỳ rỗng. Đổi lại thứ tự.")
    return span


def warn_of_future(frame: Frame) -> None:
    """Say so where items are dated after today: a wrong clock or a day read as a month."""
    today = day_number(datetime.now(VIETNAM))
    late = int((frame.day > today).sum())
    if late:
        frame.notes.append(f"{late} tin có ngày đăng sau hôm nay: kiểm tra cột ngày và thứ tự ngày/tháng")


def open_sources(names: Sequence[str], channel: str, order: str | None, enrolments: Path) -> list[Source]:
    """Sources in the order named; each is checked before the first is read."""
    known = None
    opened: list[Source] = []
    files = [Path(name) for name in names if "://" not in name]
    for path in files:
        if sum(path.resolve() == other.resolve() for other in files) > 1:
            raise InputError(f"{path}: tệp này được nêu hai lần. Bỏ bớt một lần.")
    for name in names:
        if "://" in name:
            known = read_enrolments(enrolments) if known is None else known
            opened.append(network_source(name, known, guard()))
        elif is_collected(Path(name)):
            opened += folder_sources(Path(name))
        else:
            path = Path(name)
            if not path.exists() and "." in name and "/" not in name and path.suffix.lower() not in SUFFIXES:
                raise InputError(f"{name}: không có tệp này. Nếu là địa chỉ trang, viết đủ https://{name}")
            # two files of one name in two folders are two channels
            same = sum(path.stem == other.stem for other in files) > 1
            own = channel or (f"{path.resolve().parent.name}/{path.stem}" if same else "")
            opened.append(file_source(path, channel=own, order=DateOrder(order) if order else None))
    return opened


_HEADING = ["Nguồn", "Vị trí", "Lý do", "Trích đầu tin"]


@contextmanager
def rejects_file(path: Path) -> Iterator[Callable[[Reject], None]]:
    """A callback that writes rejects as CSV, put in place when all went well.

    A run without rejects leaves no file, not even that of an earlier run. Where the default file cannot be written
    the run goes on: the count stands in the report.
    """
    part = path.with_name(path.name + ".tmp")
    opened: list[Any] = []
    failed: list[OSError] = []

    def write(reject: Reject) -> None:
        if not opened and not failed:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                stream = part.open("w", encoding="utf-8-sig", newline="")
            except OSError as error:
                if path != DEFAULT_REJECTS:
                    raise InputError(
                        f"{path}: không ghi được tệp dòng bị loại ({reason(error)}). Chọn chỗ khác bằng --rejects."
                    ) from error
                failed.append(error)
                click.echo(
                    f"Không ghi được {path} ({reason(error)}): xem lý do loại bằng --rejects ở chỗ khác.", err=True
                )
                return
            opened.extend((stream, csv.writer(stream)))
            opened[1].writerow(_HEADING)
        if opened:
            opened[1].writerow([safe_cell(cell) for cell in (reject.source, reject.place, reject.reason, reject.start)])

    try:
        yield write
    except BaseException:
        if opened:
            opened[0].close()
            part.unlink(missing_ok=True)
        raise
    if opened:
        opened[0].close()
        part.replace(path)
    elif not failed and _is_rejects(path):
        path.unlink(missing_ok=True)


def _is_rejects(path: Path) -> bool:
    """Whether the file is a rejects file of an earlier run."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), None) == _HEADING
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[Source], None]]:
    """A bar per source on standard error; silent where that is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[int, Any] = {}

        def show(source: Source) -> None:
            task = tasks.get(id(source))
            if task is None:
                task = tasks[id(source)] = bars.add_task(f"Đọc {source.name[:40]}", total=None)
            total = max(source.size, source.done) or None
            bars.update(task, total=total, completed=source.done if total else 0)

        yield show
