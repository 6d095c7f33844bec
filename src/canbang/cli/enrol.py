"""`canbang enrol`: an owner puts a channel under measurement and proves that it is theirs."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from canbang.cli.sources import guard
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
def enrol(url: str, owner: str, by: str, enrolments: Path) -> None:
    """Ghi danh ĐỊA-CHỈ (trang của chính đơn vị). Lần đầu in ra mã; đặt mã lên trang rồi chạy lại để kiểm tra.

    Chỉ kênh đã ghi danh và có bằng chứng mới được thu thập.
    """
    if not owner.strip() or not by.strip():
        raise InputError("--owner và --by không được để trống: ghi rõ cơ quan chủ quản và người ghi danh.")
    known = read_enrolments(enrolments)
    mine = next((e for e in known if e.url == url), None) or new_enrolment(url, owner.strip(), by.strip())
    mine = Enrolment(mine.url, mine.scope, owner.strip(), by.strip(), mine.code, mine.enrolled_at)
    old = next((e for e in known if e.url == url), mine)
    if (old.owner, old.by) != (mine.owner, mine.by):
        click.echo(f"Đổi ghi danh của {url}: {old.owner} ({old.by}) → {mine.owner} ({mine.by})", err=True)
    others = [e for e in known if e.url != url]
    write_enrolments(enrolments, [*others, mine])

    async def check() -> Enrolment:
        async with guard() as opened:
            opened.check_address(url)
            return await prove(mine, opened)

    proven = asyncio.run(check())
    write_enrolments(enrolments, [*others, proven])
    if proven.proof:
        click.echo(f"Đã ghi danh: {proven.line}")
        return
    click.echo(f"Chưa thấy mã ghi danh trên {url}.", err=True)
    click.echo(how_to_prove(proven), err=True)
    sys.exit(2)
