"""`canbang sample`: the draw and the sheet that people fill in."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from rich.console import Console

from canbang import pipeline
from canbang.audit.draw import make_draw, write_draw
from canbang.audit.sheet import write_sheet
from canbang.cli.label import labeller_option
from canbang.cli.sources import open_sources, progress_bar, rejects_file, source_options, window
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.estimate.design import MINIMUM, plan
from canbang.label.choose import load_labeller
from canbang.label.labeller import COLUMN
from canbang.limits import load_limits
from canbang.report.balance import HALF_WIDTH
from canbang.text.numbers import integer


@click.command(short_help="Rút mẫu ngẫu nhiên và tạo phiếu chấm.")
@source_options
@labeller_option
@click.option(
    "-n",
    "--items",
    "budget",
    type=click.IntRange(min=4 * MINIMUM),
    help="Số tin rút; mặc định đủ cho sai số ±2,5 điểm.",
)
@click.option(
    "--sheet",
    "sheet_path",
    type=click.Path(path_type=Path),
    default=Path("phieu-cham.xlsx"),
    show_default=True,
    help="Phiếu chấm (xlsx hoặc csv).",
)
@click.option(
    "--draw",
    "draw_path",
    type=click.Path(path_type=Path),
    default=Path("draw.json"),
    show_default=True,
    help="Tệp rút mẫu, giữ nguyên đến khi đo.",
)
@click.option("--seed", default="", help="Mã rút mẫu; mặc định một mã ngẫu nhiên mới.")
@click.option("--force", is_flag=True, help="Ghi đè phiếu chấm và tệp rút mẫu đã có.")
def sample(
    sources: tuple[str, ...], month: str | None, first: str | None, last: str | None, date_order: str | None,
    channel: str, spec: str, rejects: Path, enrolments: Path, budget: int | None, sheet_path: Path, draw_path: Path, seed: str,
    force: bool,
) -> None:  # fmt: skip
    """Rút ngẫu nhiên một số tin của các NGUỒN để người chấm, theo nhóm điểm của máy; phiếu chấm không có điểm.

    Chấm hết các dòng của phiếu rồi chạy canbang measure với cùng nguồn, --judgements và --draw.
    """
    for path in (sheet_path, draw_path):
        if path.exists() and not force:
            raise InputError(
                f"{path}: đã có tệp này, có thể đang chấm dở. Chọn tên khác (--sheet, --draw) hoặc thêm --force."
            )
    span = window(month, first, last)
    labeller = load_labeller(spec)
    with rejects_file(rejects) as on_reject, progress_bar(Console(stderr=True)) as progress:
        opened = open_sources(sources, channel, date_order, enrolments)
        frame = pipeline.read_frame(opened, labeller, window=span, on_reject=on_reject, progress=progress)
    scores = frame.probability[:, COLUMN["counted_negative"]].astype(float)
    wanted = budget or plan(scores, [], load_limits()["negative_share"].value, HALF_WIDTH).for_half_width
    book = load_codebook()
    draw = make_draw(
        frame.ids, scores, wanted, seed or secrets.token_hex(16),
        labeller=frame.labeller, codebook=(book.version, book.digest),
        window=(str(span.first or ""), str(span.last or "")),
    )  # fmt: skip
    place = {item_id: position for position, item_id in enumerate(frame.ids)}
    write_sheet(sheet_path, frame.spool.read([place[item_id] for item_id in draw.drawn]))
    write_draw(draw, draw_path)
    click.echo(f"Đã rút {integer(len(draw.drawn))} trong {integer(len(frame))} tin.")
    click.echo(f"Phiếu chấm: {sheet_path} (điền hết các dòng; cột Chủ đề có thể để trống)")
    click.echo(f"Tệp rút mẫu: {draw_path} (giữ nguyên, cần khi đo)")
    click.echo(f"Chấm xong: canbang measure {' '.join(sources)} --judgements {sheet_path} --draw {draw_path}")
