"""`canbang import`: pasted lines, text files and a channel's own archive become items that `measure` reads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from canbang.cli.lists import DEFAULT_REJECTS, rejects_file
from canbang.cli.outputs import check_outputs
from canbang.errors import InputError, reason
from canbang.fetch.accepted import Accepted, accepted
from canbang.fetch.enrolment import DEFAULT_FILE, read_enrolments
from canbang.fetch.guard import open_guard
from canbang.fetch.pasted import EnrolledPages, read_pasted
from canbang.fetch.source import Reject
from canbang.fetch.table import SUFFIXES
from canbang.fetch.warc import archive_source, is_archive
from canbang.item import Item
from canbang.text.dates import DateOrder, parse_date
from canbang.text.encodings import decode
from canbang.text.numbers import integer

DEFAULT_OUTPUT = Path("canbang-import.jsonl")
PASTE_MAX = 64 << 20
_SHOWN = 40
_BATCH = 500


@click.command("import", short_help="Nhận tin dán vào, tệp chữ, hoặc kho trang đã lưu của chính kênh.")
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[TỆP]")
@click.option("--channel", required=True, help="Tên kênh; với kho trang: địa chỉ đã ghi danh của kênh.")
@click.option(
    "--date", "given", metavar="NGÀY", help="Ngày đăng cho các dòng không ghi ngày (29/3/2024 hoặc 2024-03-29)."
)
@click.option(
    "--date-order",
    type=click.Choice([o.value for o in DateOrder]),
    help="Thứ tự trong 05/09/2026: dmy là ngày trước, mdy là tháng trước.",
)
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUTPUT,
    show_default=True,
    help="Tệp JSONL nhận thêm; tin đã có trong đó được giữ nguyên.",
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path),
    default=DEFAULT_REJECTS,
    show_default=True,
    help="Tệp ghi các dòng bị loại và lý do.",
)
@click.option(
    "--enrolments", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True, help="Tệp ghi danh kênh."
)
def import_(
    file: Path | None, channel: str, given: str | None, date_order: str | None, out: Path, rejects: Path, enrolments: Path
) -> None:  # fmt: skip
    """Nhận tin của kênh không lấy tự động được, ghi vào tệp JSONL cho canbang measure.

    TỆP là tệp chữ, mỗi dòng một đường dẫn hoặc một tin; không nêu TỆP (hoặc -) thì dán vào rồi bấm Ctrl+D. Ngày ghi ở đầu
    dòng: “29/3/2024 Khánh thành cầu https://…”, hoặc chung cho cả lần bằng --date. Dòng chỉ có đường dẫn thì tải trang đó nếu
    kênh đã ghi danh. TỆP cũng có thể là kho của chính kênh: .warc, .warc.gz, thư mục hoặc .zip các trang HTML.
    """
    if not channel.strip():
        raise InputError("--channel không được để trống: ghi tên kênh, ví dụ --channel “Zalo xã Thượng Trà”.")
    if out.suffix.lower() not in (".jsonl", ".ndjson"):
        raise InputError(f"-o {out}: tệp nhận phải có đuôi .jsonl để canbang measure đọc được.")
    check_outputs([file, enrolments], [out, rejects])
    notes: list[str] = []
    with accepted(out) as kept, rejects_file(rejects) as on_reject:
        before = len(kept.ids)
        if file is not None and str(file) != "-" and is_archive(file):
            things = _archive(file, channel, enrolments, notes, (given, date_order))
        else:
            things = _pasted(_text_of(file), channel, given, date_order, enrolments, kept)
        tally = _take(things, kept, on_reject)
    _report(out, tally, before, notes, kept, rejects)
    if tally.left and not tally.taken:
        sys.exit(2)


def _text_of(file: Path | None) -> str:
    """The pasted text, or a file's."""
    if file is None or str(file) == "-":
        if sys.stdin.isatty():
            click.echo(
                "Dán vào đây, mỗi dòng một đường dẫn hoặc một tin; xong thì xuống dòng rồi bấm Ctrl+D.", err=True
            )
        data = sys.stdin.buffer.read(PASTE_MAX + 1)
        name = "văn bản dán"
    else:
        kind = SUFFIXES.get(file.suffix.lower(), "")
        if kind and file.suffix.lower() != ".txt":
            raise InputError(f"{file}: tệp bảng đưa thẳng vào canbang measure {file}, không cần import.")
        try:
            with file.open("rb") as stream:
                data = stream.read(PASTE_MAX + 1)
        except OSError as error:
            raise InputError(f"{file}: không đọc được tệp ({reason(error)}).") from error
        name = str(file)
    if len(data) > PASTE_MAX:
        raise InputError(f"{name}: lớn hơn {PASTE_MAX >> 20} MB. Chia nhỏ, hoặc đưa dạng bảng vào canbang measure.")
    text = decode(data).replace("\0", "")
    if not text.strip():
        raise InputError(f"{name}: không có dòng nào. Mỗi dòng một đường dẫn hoặc một tin.")
    return text


def _pasted(
    text: str, channel: str, given: str | None, order: str | None, enrolments: Path, kept: Accepted
) -> Iterator[Item | Reject]:
    chosen = DateOrder(order) if order else None
    dated = parse_date(given, order=chosen or DateOrder.DMY) if given else None
    if given and dated is None:
        raise InputError(f"--date: không đọc được ngày “{given}”. Viết 29/3/2024 hoặc 2024-03-29.")
    with EnrolledPages(open_guard(), read_enrolments(enrolments)) as opener:
        yield from read_pasted(
            text.splitlines(), channel.strip(), when=dated.when if dated else None, order=chosen, opener=opener,
            known=kept.ids.__contains__,
        )  # fmt: skip


def _archive(
    file: Path, address: str, enrolments: Path, notes: list[str], unused: tuple[str | None, str | None]
) -> Iterator[Item | Reject]:
    if "://" not in address:
        raise InputError(
            f"{file}: kho trang cần --channel là địa chỉ đã ghi danh của kênh, ví dụ https://thuongtra.gov.vn/."
        )
    if any(unused):
        raise InputError(f"{file}: ngày lấy từ từng trang; bỏ --date và --date-order khi đọc kho trang.")
    source = archive_source(file, address, read_enrolments(enrolments))
    yield from source
    notes += source.notes


@dataclass(slots=True)
class _Tally:
    """What became of the lines; only the first of those left out are kept, to be shown."""

    taken: int = 0
    doubled: int = 0
    left: int = 0
    shown: list[Reject] = field(default_factory=list)

    def leave(self, reject: Reject) -> None:
        """Count one that was not accepted."""
        if reject.reason.startswith("trùng"):
            self.doubled += 1
        else:
            self.left += 1
        if len(self.shown) < _SHOWN:
            self.shown.append(reject)


def _take(things: Iterable[Item | Reject], kept: Accepted, on_reject: Callable[[Reject], None]) -> _Tally:
    """Append items in batches as they come."""
    tally = _Tally()
    batch: dict[str, Item] = {}
    for thing in things:
        again = isinstance(thing, Item) and (thing.id in kept.ids or thing.id in batch)
        if isinstance(thing, Item) and not again:
            batch[thing.id] = thing
        else:
            reject = thing if isinstance(thing, Reject) else _again(kept, thing)
            tally.leave(reject)
            on_reject(reject)
        if len(batch) >= _BATCH:
            kept.add(list(batch.values()))
            tally.taken += len(batch)
            batch = {}
    kept.add(list(batch.values()))
    tally.taken += len(batch)
    return tally


def _again(kept: Accepted, item: Item) -> Reject:
    return Reject(kept.path.name, f"mã {item.platform_id}", "trùng: đã nhận từ lần trước", item.title[:80])


def _report(out: Path, tally: _Tally, before: int, notes: list[str], kept: Accepted, rejects: Path) -> None:
    for reject in tally.shown:
        start = f" [{reject.start[:50]}]" if reject.start else ""
        click.echo(f"{reject.place}: {reject.reason}{start}", err=True)
    more = tally.left + tally.doubled - len(tally.shown)
    if more:
        click.echo(f"… và {integer(more)} dòng nữa, xem {rejects}", err=True)
    for note in notes:
        click.echo(note, err=True)
    if kept.broken:
        lines = ", ".join(map(str, kept.broken[:5]))
        click.echo(f"Lưu ý: {out} có dòng hỏng từ trước (dòng {lines}), giữ nguyên, không tính.", err=True)
    click.echo(
        f"Nhận {integer(tally.taken)} tin vào {out} (đã có {integer(before)}); trùng {integer(tally.doubled)}, "
        f"không nhận {integer(tally.left)}."
    )
    if tally.taken:
        click.echo(f"Đo bằng: canbang measure {out}", err=True)
