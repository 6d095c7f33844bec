"""`canbang rollup`: many saved reports as one figure."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from canbang.report.rollup import render, rollup
from canbang.report.rollup_text import print_rollup
from canbang.report.saved import read_saved


@click.command("rollup", short_help="Gộp các phiếu đã lưu (cả năm, cả địa bàn) từ ô mẫu, không lấy trung bình.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHIẾU.json...")
@click.option("--json", "as_json", is_flag=True, help="In phiếu gộp dạng JSON; gộp hay so sánh tiếp được.")
def rollup_command(files: tuple[Path, ...], as_json: bool) -> None:
    """Gộp các PHIẾU lưu bằng canbang measure … --json: tính lại từ ô mẫu của từng phiếu, có khoảng tin cậy chung.

    Các phiếu phải chấm theo cùng bộ tiêu chí, không trùng danh sách tin, không trùng kênh trong cùng những ngày.
    """
    joined = rollup([read_saved(path) for path in files])
    if as_json:
        click.echo(render(joined), nl=False)
    else:
        print_rollup(joined, Console())
