"""`canbang collect`: read enrolled channels into a folder that `measure` and `sample` take."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from canbang.cli.sources import guard
from canbang.errors import InputError
from canbang.fetch.collected import folder_sources
from canbang.fetch.coverage import Attempt, Outcome, day_words
from canbang.fetch.enrolment import DEFAULT_FILE, Enrolment, read_enrolments
from canbang.fetch.folder import Folder
from canbang.fetch.site import enrolled
from canbang.fetch.visit import collect as collect_channels
from canbang.text.numbers import integer

DEFAULT_FOLDER = Path("canbang-thu-thap")
_SHOWN_ERRORS = 3


@click.command(short_help="Thu thập tin của các kênh đã ghi danh vào một thư mục.")
@click.argument("channels", nargs=-1, required=True, metavar="KÊNH...")
@click.option("--into", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True, help="Thư mục thu thập; chạy lại thì ghi tiếp vào đó.")  # fmt: skip
@click.option("--no-pages", is_flag=True, help="Không tải từng bài: chỉ lấy tiêu đề, sapo, ngày đăng có trong RSS hoặc sitemap.")  # fmt: skip
@click.option("--enrolments", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True, help="Tệp ghi danh kênh.")  # fmt: skip
def collect(channels: tuple[str, ...], into: Path, no_pages: bool, enrolments: Path) -> None:
    """Thu thập tin mới của KÊNH (địa chỉ đã ghi danh: trang chủ, RSS hoặc sitemap) vào một thư mục.

    Chạy đều đặn, ví dụ mỗi giờ: RSS chỉ giữ vài chục tin mới nhất, để lâu là thiếu. Kênh nào không đọc được thì ghi là
    thiếu dữ liệu và các kênh khác vẫn chạy tiếp. Đo bằng: canbang measure THƯ-MỤC. Kết thúc với mã 1 nếu có kênh chưa
    đọc đủ, mã 2 nếu không đọc được kênh nào.
    """
    known = read_enrolments(enrolments)
    opened = guard()
    chosen: dict[str, Enrolment] = {}
    for channel in channels:
        address = _address(channel, known)
        opened.check_address(address)
        chosen[address] = enrolled(address, known)
    with Folder(into) as folder:
        if folder.recovered:
            click.echo(f"Lần thu thập trước dừng giữa chừng, đã khôi phục: {', '.join(folder.recovered)}", err=True)
        attempts = asyncio.run(
            collect_channels(
                folder, list(chosen.items()), opened, pages=not no_pages, done=lambda a: click.echo(line(a))
            )
        )
    _say_gaps(into)
    click.echo(f"Đo: canbang measure {into}")
    if all(attempt.outcome is Outcome.FAILED for attempt in attempts):
        sys.exit(2)
    if any(attempt.outcome is not Outcome.WHOLE for attempt in attempts):
        sys.exit(1)


def _address(channel: str, known: Sequence[Enrolment]) -> str:
    """The address of a channel named by its host, or the address itself."""
    if "://" in channel:
        return channel
    for enrolment in known:
        if enrolment.scope.rstrip("/") == channel.rstrip("/").removeprefix("www."):
            return enrolment.url
    raise InputError(
        f"{channel}: không có kênh ghi danh nào tên này. Viết đủ địa chỉ https://{channel}, hoặc ghi danh bằng canbang enrol."
    )


def line(attempt: Attempt) -> str:
    """How one reading went, as a newsroom would say it."""
    counted = [f"{integer(attempt.got)} tin mới"]
    counted += [
        f"{integer(count)} {word}"
        for count, word in (
            (attempt.revised, "tin được sửa"), (attempt.deleted, "tin bị gỡ (vẫn đếm)"), (attempt.known, "tin đã có"),
            (attempt.rejected, "mục không phải tin"), (len(attempt.waiting), "tin chưa tải được, lần sau thử lại"),
        )
        if count
    ]  # fmt: skip
    if attempt.outcome is Outcome.FAILED:
        said = "KHÔNG đọc được; thời gian này tính là thiếu dữ liệu"
    else:
        said = ", ".join(counted)
        if attempt.covers:
            said += f"; danh sách tin lùi đến {day_words(attempt.covers[0])}"
    lines = [f"{attempt.address}: {said}"]
    lines += [f"  - {note}" for note in attempt.notes]
    lines += [f"  - {message}" for _, message in attempt.errors[:_SHOWN_ERRORS]]
    more = len(attempt.errors) - _SHOWN_ERRORS
    return "\n".join([*lines, f"  - và {more} lỗi khác, xem coverage.jsonl"] if more > 0 else lines)


def _say_gaps(into: Path) -> None:
    """What stands missing in the whole folder."""
    for source in folder_sources(into):
        for note in (*source.coverage.summary(), *source.notes):
            click.echo(note, err=True)
