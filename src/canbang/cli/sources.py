"""What `measure` and `sample` share: what is asked for, the window, reading the sources into a frame."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from canbang import pipeline
from canbang.cli.lists import DEFAULT_REJECTS, DEFAULT_WORKLIST, rejects_file, worklist_file
from canbang.errors import InputError
from canbang.fetch.collected import folder_sources, is_collected
from canbang.fetch.columns import field_words, parse_names
from canbang.fetch.enrolment import DEFAULT_FILE, read_enrolments
from canbang.fetch.export import file_source
from canbang.fetch.grid import MissingColumn
from canbang.fetch.guard import open_guard
from canbang.fetch.site import network_source
from canbang.fetch.source import Source
from canbang.fetch.table import SUFFIXES
from canbang.item import VIETNAM
from canbang.label.labeller import Labeller
from canbang.report.frame import Frame, Window, day_number
from canbang.text.dates import DateOrder, parse_date
from canbang.text.numbers import integer

column_option = click.option(
    "--column", "columns", multiple=True, metavar="TRƯỜNG=TÊN-CỘT",
    help="Cột của tệp xuất chứa trường này, ví dụ “tiêu đề=Tít bài”, khi tên cột không tự nhận ra; dùng được nhiều lần.",
)  # fmt: skip
_OPTIONS = (
    click.argument("sources", nargs=-1, required=True, metavar="NGUỒN..."),
    click.option("--month", metavar="YYYY-MM", help="Kỳ là một tháng, cắt theo giờ Việt Nam."),
    click.option("--from", "first", metavar="NGÀY", help="Ngày đầu kỳ (29/3/2024 hoặc 2024-03-29)."),
    click.option("--to", "last", metavar="NGÀY", help="Ngày cuối kỳ, tính cả ngày đó."),
    click.option("--date-order", type=click.Choice([o.value for o in DateOrder]), help="Thứ tự trong 05/09/2026: dmy là ngày trước, mdy là tháng trước."),
    click.option("--channel", default="", help="Tên kênh cho tệp không có cột kênh (mặc định: tên tệp)."),
    column_option,
    click.option("--rejects", type=click.Path(path_type=Path), default=DEFAULT_REJECTS, show_default=True, help="Tệp ghi các dòng bị loại và lý do."),
    click.option("--worklist", type=click.Path(path_type=Path), default=DEFAULT_WORKLIST, show_default=True, help="Tệp ghi các tin có ngày chưa chắc, cần người xem."),
    click.option("--enrolments", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True, help="Tệp ghi danh kênh."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is read, which window is cut, and where the lists for people go: the options of :func:`source_options`."""

    sources: tuple[str, ...]
    month: str | None
    first: str | None
    last: str | None
    date_order: str | None
    channel: str
    columns: tuple[str, ...]
    rejects: Path
    worklist: Path
    enrolments: Path

    @property
    def window(self) -> Window:
        """The window of the options. Raises :class:`InputError`."""
        return window(self.month, self.first, self.last)

    def read(self, labeller: Labeller, span: Window) -> Frame:
        """Read all sources into a frame, with a progress bar on standard error; says where the lists are."""
        with (
            rejects_file(self.rejects) as on_reject,
            worklist_file(self.worklist) as on_doubt,
            progress_bar(Console(stderr=True)) as progress,
        ):
            opened = open_sources(
                self.sources, self.channel, self.date_order, self.enrolments, names=parse_names(self.columns)
            )
            frame = pipeline.read_frame(
                opened, labeller, window=span, on_reject=on_reject, on_doubt=on_doubt, progress=progress
            )
        warn_of_future(frame)
        if frame.rejected:
            click.echo(f"{integer(frame.rejected)} dòng bị loại, lý do ở {self.rejects}", err=True)
        if doubtful := frame.likely + frame.likely_outside:
            click.echo(f"{integer(doubtful)} tin có ngày chưa chắc, danh sách ở {self.worklist}", err=True)
        return frame


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Arguments and options that say what is read and which window is cut, handed to the command as ``asked``."""

    @wraps(command)
    def call(**given: Any) -> Any:
        own = {name: given.pop(name) for name in Asked.__slots__}
        return command(asked=Asked(**own), **given)

    for decorate in reversed(_OPTIONS):
        call = decorate(call)
    return call


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


def open_sources(
    words: Sequence[str], channel: str, order: str | None, enrolments: Path, *, names: Mapping[str, str] | None = None
) -> list[Source]:
    """Sources in the order named; each is checked before the first is read. ``names`` are fields by heading."""
    known = None
    opened: list[Source] = []
    tables = _Tables(names or {})
    files = [Path(name) for name in words if "://" not in name]
    for path in files:
        if sum(path.resolve() == other.resolve() for other in files) > 1:
            raise InputError(f"{path}: tệp này được nêu hai lần. Bỏ bớt một lần.")
    for name in words:
        if "://" in name:
            known = read_enrolments(enrolments) if known is None else known
            opened.append(network_source(name, known, open_guard()))
        elif is_collected(Path(name)):
            opened += folder_sources(Path(name))
        else:
            path = Path(name)
            if not path.exists() and "." in name and "/" not in name and path.suffix.lower() not in SUFFIXES:
                raise InputError(f"{name}: không có tệp này. Nếu là địa chỉ trang, viết đủ https://{name}")
            # two files of one name in two folders are two channels
            same = sum(path.stem == other.stem for other in files) > 1
            own = channel or (f"{path.resolve().parent.name}/{path.stem}" if same else "")
            opened.append(tables.open(path, own, DateOrder(order) if order else None))
    tables.check()
    return opened


class _Tables:
    """Export files with the headings that a person named: a heading must stand in one of them, not in each."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.missing: dict[str, MissingColumn] = {}
        self.found: set[str] = set()

    def open(self, path: Path, channel: str, order: DateOrder | None) -> Source:
        """Open one, by those of the headings that it has."""
        names = dict(self.names)
        lacks: list[MissingColumn] = []
        while True:
            try:
                source = file_source(path, channel=channel, order=order, names=names)
            except MissingColumn as error:
                lacks.append(error)
                self.missing.setdefault(error.field, error)
                del names[error.field]
            except InputError:
                if lacks:  # the heading that a person named is what they can mend
                    raise lacks[0] from None
                raise
            else:
                self.found |= set(names)
                return source

    def check(self) -> None:
        """Raise :class:`InputError` for a heading that no file has."""
        for field in self.names:
            if field not in self.found:
                raise self.missing.get(field) or InputError(
                    f"--column {self.names[field]}: không có tệp xuất nào để tìm cột này cho {field_words(field)}."
                )


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
