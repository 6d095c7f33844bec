"""`canbang collect`: read enrolled sites and accounts into a folder that `measure` and `sample` take."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from canbang.errors import InputError
from canbang.fetch.account_visit import Reading, check_accounts, collect_accounts
from canbang.fetch.collected import folder_sources
from canbang.fetch.coverage import Attempt, Outcome, counted_words, day_words, spoken
from canbang.fetch.enrolment import DEFAULT_FILE, Enrolment, read_enrolments
from canbang.fetch.folder import Folder
from canbang.fetch.guard import open_guard
from canbang.fetch.platforms import accounts as platform_accounts
from canbang.fetch.site import enrolled
from canbang.fetch.visit import collect as collect_channels

DEFAULT_FOLDER = Path("canbang-thu-thap")
_SHOWN_ERRORS = 3


@click.command(short_help="Thu thập tin của các kênh đã ghi danh vào một thư mục.")
@click.argument("channels", nargs=-1, required=True, metavar="KÊNH...")
@click.option("--into", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True, help="Thư mục thu thập; chạy lại thì ghi tiếp vào đó.")  # fmt: skip
@click.option("--no-pages", is_flag=True, help="Không tải từng bài: chỉ lấy tiêu đề, sapo, ngày đăng có trong RSS hoặc sitemap.")  # fmt: skip
@click.option("--enrolments", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True, help="Tệp ghi danh kênh.")  # fmt: skip
@click.option("--channels", "file", type=click.Path(path_type=Path), default=platform_accounts.DEFAULT_FILE, show_default=True, help="Tệp kênh YouTube, Facebook, TikTok, Zalo của đơn vị.")  # fmt: skip
def collect(channels: tuple[str, ...], into: Path, no_pages: bool, enrolments: Path, file: Path) -> None:
    """Thu thập tin mới của KÊNH vào một thư mục.

    KÊNH là địa chỉ trang đã ghi danh (trang chủ, RSS hoặc sitemap), hoặc tên hay địa chỉ của một kênh YouTube, Facebook,
    TikTok, Zalo trong tệp kênh.

    Chạy đều đặn, ví dụ mỗi giờ: RSS chỉ giữ vài chục tin mới nhất, để lâu là thiếu. Kênh nào không đọc được thì ghi là
    thiếu dữ liệu và các kênh khác vẫn chạy tiếp. Đo bằng: canbang measure THƯ-MỤC. Kết thúc với mã 1 nếu có kênh chưa
    đọc đủ, mã 2 nếu không đọc được kênh nào.
    """
    known, listed = read_enrolments(enrolments), platform_accounts.read_accounts(file)
    opened = open_guard()
    sites: dict[str, Enrolment] = {}
    accounts: dict[str, platform_accounts.Account] = {}
    for channel in channels:
        if account := platform_accounts.account_of(channel, listed, file):
            platform_accounts.enrolled(account, known)
            accounts[account.address] = account
            continue
        address = _address(channel, known)
        opened.check_address(address)
        sites[address] = enrolled(address, known)
    with Folder(into) as folder:
        if folder.recovered:
            click.echo(f"Lần thu thập trước dừng giữa chừng, đã khôi phục: {', '.join(folder.recovered)}", err=True)
        check_accounts(folder, list(accounts.values()), known)
        # sites first: what leaves a feed while an account is read is gone, an account's list keeps it
        attempts = asyncio.run(
            collect_channels(
                folder, list(sites.items()), opened, pages=not no_pages, done=lambda a: click.echo(line(a))
            )
        )
        readings = collect_accounts(
            folder, list(accounts.values()), known, opened, done=lambda reading: click.echo(account_line(reading))
        )
    _say_gaps(into)
    click.echo(f"Đo: canbang measure {into}")
    outcomes = {attempt.outcome for attempt in attempts} | {reading.outcome for reading in readings}
    if outcomes == {Outcome.FAILED}:
        sys.exit(2)
    if outcomes != {Outcome.WHOLE}:
        sys.exit(1)


def _address(channel: str, known: Sequence[Enrolment]) -> str:
    """The address of a channel named by its host, or the address itself."""
    if "://" in channel:
        return channel
    for enrolment in known:
        if enrolment.scope.rstrip("/") == channel.rstrip("/").removeprefix("www."):
            return enrolment.url
    raise InputError(
        f"{channel}: không có kênh ghi danh nào tên này, cũng không có trong tệp kênh. Viết đủ địa chỉ https://…, "
        "hoặc ghi danh bằng canbang enrol."
    )


def line(attempt: Attempt) -> str:
    """How one reading of a site went, as a newsroom would say it."""
    said = counted_words(attempt)
    if attempt.covers and attempt.outcome is not Outcome.FAILED:
        said += f"; danh sách tin lùi đến {day_words(attempt.covers[0])}"
    return "\n".join([f"{attempt.address}: {said}", *(f"  - {note}" for note in attempt.notes), *_errors(attempt)])


def account_line(reading: Reading) -> str:
    """How one reading of an account went: counts, the days read whole, the quota used."""
    first, days = reading.attempts[0], []
    for start, end in (attempt.covers for attempt in reading.attempts if attempt.covers):
        day = (start + timedelta(seconds=1)).date()
        while day <= (end - timedelta(seconds=1)).date():
            days.append(day)
            day += timedelta(days=1)
    said = [counted_words(first)]
    said += [f"đọc đủ {spoken(days)}"] if days else []
    said += [reading.quota] if reading.quota else []
    notes = [f"  - {note}" for note in first.notes[:_SHOWN_ERRORS]]
    return "\n".join([f"{reading.account.name} ({first.address}): {'; '.join(said)}", *notes, *_errors(first)])


def _errors(attempt: Attempt) -> list[str]:
    lines = [f"  - {message}" for _, message in attempt.errors[:_SHOWN_ERRORS]]
    more = len(attempt.errors) - _SHOWN_ERRORS
    return [*lines, f"  - và {more} lỗi khác, xem coverage.jsonl"] if more > 0 else lines


def _say_gaps(into: Path) -> None:
    """What stands missing in the whole folder."""
    for source in folder_sources(into):
        for note in (*source.coverage.summary(), *source.notes):
            click.echo(note, err=True)
