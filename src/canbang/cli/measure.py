"""`canbang measure`: the main job."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from canbang import pipeline
from canbang.audit.draw import read_draw
from canbang.audit.sheet import read_sheet
from canbang.cli.label import labeller_option
from canbang.cli.sources import open_sources, progress_bar, rejects_file, source_options, window
from canbang.errors import InputError
from canbang.label.choose import load_labeller
from canbang.report import html, json, text, xlsx
from canbang.report.frame import DIMENSIONS, Window
from canbang.text.numbers import integer


@click.command(short_help="Đo cân bằng nội dung từ tệp xuất, RSS, sitemap hoặc trang đã ghi danh.")
@source_options
@labeller_option
@click.option("--by", multiple=True, type=click.Choice(DIMENSIONS), help="Chia nhóm; dùng được nhiều lần.")
@click.option("--judgements", type=click.Path(path_type=Path), help="Phiếu chấm đã điền (xlsx, csv), kèm --draw.")
@click.option("--draw", "draw_path", type=click.Path(path_type=Path), help="Tệp rút mẫu của phiếu chấm.")
@click.option("--html", "html_path", type=click.Path(path_type=Path), help="Ghi báo cáo HTML.")
@click.option("--xlsx", "xlsx_path", type=click.Path(path_type=Path), help="Ghi báo cáo XLSX.")
@click.option("--json", "as_json", is_flag=True, help="In báo cáo dạng JSON thay cho bảng.")
def measure(
    sources: tuple[str, ...], month: str | None, first: str | None, last: str | None, date_order: str | None,
    channel: str, spec: str, rejects: Path, enrolments: Path, by: tuple[str, ...], judgements: Path | None, draw_path: Path | None,
    html_path: Path | None, xlsx_path: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Đo tỉ lệ tin tiêu cực của các NGUỒN: tệp CSV, XLSX, JSONL, Parquet; địa chỉ RSS, sitemap hoặc trang chủ.

    Không có phiếu chấm thì con số là ước tính máy và chưa có kết luận. Rút mẫu bằng canbang sample, chấm, rồi đo lại
    với --judgements và --draw để có khoảng tin cậy và kết luận.
    """
    if (judgements is None) != (draw_path is None):
        raise InputError("--judgements và --draw phải đi cùng nhau: phiếu chấm và tệp rút mẫu của chính phiếu đó.")
    span = window(month, first, last)
    draw, labels = None, []
    if draw_path is not None and judgements is not None:
        draw = read_draw(draw_path)
        drawn_span = window(None, draw.window_from or None, draw.window_to or None)
        if span == Window():
            span = drawn_span
        elif span != drawn_span:
            raise InputError(
                f"{draw_path}: mẫu được rút cho kỳ {draw.window_from or '…'} đến {draw.window_to or '…'}, khác kỳ đang đo. Bỏ --month/--from/--to hoặc rút mẫu mới."
            )
        labels = read_sheet(judgements, draw.drawn)
    errors = Console(stderr=True)
    labeller = load_labeller(spec)
    with rejects_file(rejects) as on_reject, progress_bar(errors) as progress:
        opened = open_sources(sources, channel, date_order, enrolments)
        frame = pipeline.read_frame(opened, labeller, window=span, on_reject=on_reject, progress=progress)
    report = pipeline.measure(frame, by=by, draw=draw, draw_path=draw_path or Path(), judgements=labels)
    if as_json:
        click.echo(json.render(report), nl=False)
    else:
        text.print_report(report, Console())
    if html_path:
        html.write_html(report, html_path)
        click.echo(f"Báo cáo HTML: {html_path}", err=True)
    if xlsx_path:
        xlsx.write_xlsx(report, xlsx_path)
        click.echo(f"Báo cáo XLSX: {xlsx_path}", err=True)
    if frame.rejected:
        click.echo(f"{integer(frame.rejected)} dòng bị loại, lý do ở {rejects}", err=True)
