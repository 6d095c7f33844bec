"""`canbang enrol`: an owner puts a channel under measurement and proves that it is theirs."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import click

from canbang.errors import InputError
from canbang.fetch.enrolment import (
    DEFAULT_FILE,
    Enrolment,
    how_to_prove,
    new_enrolment,
    prove,
    read_enrolments,
    write_enrolments,
)  # fmt: skip
from canbang.fetch.guard import open_guard
from canbang.fetch.platforms import accounts, prove_account
from canbang.fetch.trouble import FetchError, Trouble


@click.command(short_help="Ghi danh một kênh của đơn vị và kiểm tra bằng chứng.")
@click.argument("url", metavar="ĐỊA-CHỈ")
@click.option("--owner", required=True, help="Cơ quan chủ quản của kênh.")
@click.option("--by", required=True, help="Người ghi danh, chức vụ.")
@click.option(
    "--enrolments",
    type=click.Path(path_type=Path),
    default=DEFAULT_FILE,
    show_default=True,
    help="Tệp ghi danh kênh.",
)
@click.option(
    "--channels",
    "file",
    type=click.Path(path_type=Path),
    default=accounts.DEFAULT_FILE,
    show_default=True,
    help="Tệp kênh YouTube, Facebook, TikTok, Zalo của đơn vị.",
)
def enrol(url: str, owner: str, by: str, enrolments: Path, file: Path) -> None:
    """Ghi danh ĐỊA-CHỈ (trang của chính đơn vị). Lần đầu in ra mã; đặt mã lên trang rồi chạy lại để kiểm tra.

    Kênh YouTube, Facebook, TikTok, Zalo: ghi vào tệp kênh trước; bằng chứng là mã truy cập do chủ kênh cấp, hoặc (YouTube
    với khóa API) mã ghi danh trong phần mô tả kênh.

    Chỉ kênh đã ghi danh và có bằng chứng mới được thu thập.
    """
    if not owner.strip() or not by.strip():
        raise InputError("--owner và --by không được để trống: ghi rõ cơ quan chủ quản và người ghi danh.")
    known = read_enrolments(enrolments)
    account = accounts.account_of(url, accounts.read_accounts(file), file)
    old = accounts.recorded(account, known) if account else next((e for e in known if e.url == url), None)
    new = old or new_enrolment(account.url if account else url, owner.strip(), by.strip())
    # the code and a written consent stay; the proof is looked at anew
    mine = replace(new, owner=owner.strip(), by=by.strip(), proof="", proof_at="", proved_at="")
    if old and (old.owner, old.by) != (mine.owner, mine.by):
        click.echo(f"Đổi ghi danh của {mine.url}: {old.owner} ({old.by}) → {mine.owner} ({mine.by})", err=True)
    others = [e for e in known if e is not old]
    if old is None:  # before anything is asked: the code that goes onto the site must not be lost
        write_enrolments(enrolments, [*others, mine])
    try:
        proven = prove_account(account, mine, open_guard()) if account else asyncio.run(_look(mine))
    except FetchError as error:
        if error.trouble is Trouble.ENROLMENT:  # asked and denied; what could not be asked has withdrawn nothing
            write_enrolments(enrolments, [*others, mine])
        raise
    write_enrolments(enrolments, [*others, proven])
    if proven.proof:
        click.echo(f"Đã ghi danh: {proven.line}")
        return
    click.echo(f"Chưa thấy mã ghi danh trên {url}.", err=True)
    click.echo(how_to_prove(proven), err=True)
    sys.exit(2)


async def _look(mine: Enrolment) -> Enrolment:
    async with open_guard() as opened:
        opened.check_address(mine.url)
        return await prove(mine, opened)
