"""`canbang measure`: the main job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from canbang import pipeline
from canbang.audit.drawfile import read_draw, read_secret
from canbang.audit.drawlog import check_log
from canbang.audit.judge import Audit, differing
from canbang.audit.sheet import read_sheets, write_sheet
from canbang.cli.label import labeller_option
from canbang.cli.outputs import check_outputs
from canbang.cli.sources import Asked, source_options, window
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.item import Item
from canbang.label.choose import load_labeller
from canbang.label.hints import hint
from canbang.label.labeller import Labeller
from canbang.label.linear import EmbeddedLabeller
from canbang.report import html, json, text, words, xlsx
from canbang.report.balance import Balance
from canbang.report.frame import DIMENSIONS, Frame, Window
from canbang.report.saved import read_saved
from canbang.text.numbers import integer


@click.command(short_help="Đo cân bằng nội dung từ tệp xuất, RSS, sitemap hoặc trang đã ghi danh.")
@source_options
@labeller_option
@click.option("--by", multiple=True, type=click.Choice(DIMENSIONS), help="Chia nhóm; dùng được nhiều lần.")
@click.option(
    "--judgements",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Phiếu chấm đã điền (xlsx, csv), kèm --draw; mỗi lần rút một phiếu.",
)
@click.option("--second", type=click.Path(path_type=Path), help="Phiếu của người chấm thứ hai.")
@click.option("--adjudicated", type=click.Path(path_type=Path), help="Phiếu phân xử các tin hai người chấm khác nhau.")
@click.option(
    "--disagreements", type=click.Path(path_type=Path), help="Ghi phiếu phân xử: các tin hai người chấm khác nhau."
)
@click.option("--draw", "draw_path", type=click.Path(path_type=Path), help="Tệp rút mẫu của phiếu chấm.")
@click.option("--secret", type=click.Path(path_type=Path), help="Tệp mã của kỳ, để kiểm tra mẫu khi mã chưa công bố.")
@click.option(
    "--compare",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Phiếu kỳ trước đã lưu bằng --json (tháng trước, cùng kỳ năm trước): in chênh lệch có khoảng; dùng được nhiều lần.",
)
@click.option("--lamps", is_flag=True, help="Thêm cảnh báo sớm theo cửa sổ trượt 7 và 30 ngày (không phải kết luận).")
@click.option("--html", "html_path", type=click.Path(path_type=Path), help="Ghi báo cáo HTML.")
@click.option("--xlsx", "xlsx_path", type=click.Path(path_type=Path), help="Ghi báo cáo XLSX.")
@click.option("--json", "as_json", is_flag=True, help="In báo cáo dạng JSON thay cho bảng.")
def measure(
    asked: Asked, spec: str, by: tuple[str, ...], judgements: tuple[Path, ...], second: Path | None,
    adjudicated: Path | None, disagreements: Path | None, draw_path: Path | None, secret: Path | None,
    compare: tuple[Path, ...], lamps: bool, html_path: Path | None, xlsx_path: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Đo tỉ lệ tin tiêu cực của các NGUỒN: tệp CSV, XLSX, JSONL, Parquet; địa chỉ RSS, sitemap hoặc trang chủ.

    Không có phiếu chấm thì con số là ước tính máy và chưa có kết luận. Rút mẫu bằng canbang sample, chấm, rồi đo lại
    với --judgements và --draw để có khoảng tin cậy và kết luận.
    """
    if bool(judgements) != (draw_path is not None):
        raise InputError("--judgements và --draw phải đi cùng nhau: phiếu chấm và tệp rút mẫu của chính phiếu đó.")
    if adjudicated and not second:
        raise InputError(
            "--adjudicated cần --second: phiếu phân xử chỉ có nghĩa bên cạnh phiếu của người chấm thứ hai."
        )
    check_outputs(
        [*asked.sources, *judgements, second, adjudicated, draw_path, secret, asked.enrolments, *compare],
        [asked.rejects, asked.worklist, html_path, xlsx_path, disagreements], fresh=[disagreements],
    )  # fmt: skip
    span = asked.window
    audit = None
    if draw_path is not None:
        audit = read_audit(draw_path, judgements, second, adjudicated, secret)
        span = _same_window(span, audit, draw_path)
    elif second or adjudicated or disagreements or compare or lamps:
        raise InputError(
            "--second, --adjudicated, --disagreements, --compare và --lamps cần --judgements và --draw: chỉ tính được từ mẫu chấm."
        )
    earlier = [read_saved(path) for path in compare]
    labeller = load_labeller(spec)
    frame = asked.read(labeller, span)
    report = pipeline.measure(
        frame, by=by, audit=audit, draw_path=draw_path or Path(), earlier=earlier, with_lamps=lamps
    )
    # files first: a closed pipe or a narrow terminal must not cost anybody the report
    if disagreements and audit:
        _write_disagreements(disagreements, frame, audit)
    if html_path:
        html.write_html(report, html_path, _reasons(report, labeller))
        click.echo(f"Báo cáo HTML: {html_path}", err=True)
    if xlsx_path:
        xlsx.write_xlsx(report, xlsx_path)
        click.echo(f"Báo cáo XLSX: {xlsx_path}", err=True)
    if as_json:
        click.echo(json.render(report), nl=False)
    else:
        text.print_report(report, Console())


def _reasons(report: Balance, labeller: Labeller) -> dict[str, list[str]]:
    """Per drawn item, lines on what moved the machine where the labeller can tell: the phrases that spoke for counting
    it, and for an item that people judged sensational what each telling phrase does."""
    if not isinstance(labeller, EmbeddedLabeller):
        return {}
    reasons: dict[str, list[str]] = {}
    for drawn in report.drawn:
        lines = []
        if report.codebook.variant("counted_negative").holds(drawn.label):
            found = ", ".join(f"“{phrase}”" for phrase in _speaking(labeller, drawn.item, "counted_negative"))
            lines += [f"Cụm từ máy chú ý: {found}"] if found else []
        if drawn.label.sensational:
            told = [(phrase, hint(phrase)) for phrase in _speaking(labeller, drawn.item, "sensational")]
            lines += [f"“{phrase}”: {kind.name}; {kind.text}" for phrase, kind in told]
        reasons[drawn.item.id] = lines
    return reasons


def _speaking(labeller: EmbeddedLabeller, item: Item, label: str) -> list[str]:
    """The three phrases at most that speak most for a label."""
    return [phrase for phrase, worth in labeller.explain(item, label) if worth > 0][:3]


def read_audit(
    draw_path: Path, judgements: Sequence[Path], second: Path | None, adjudicated: Path | None, secret: Path | None
) -> Audit:
    """Draw and sheets together; raises :class:`InputError` where they do not fit."""
    draw = read_draw(draw_path, read_secret(secret) if secret else "")
    check_log(draw_path, draw)
    first = read_sheets(judgements, draw.drawn)
    again = read_sheets([second], draw.doubled, where="phần chấm kép của tệp rút mẫu") if second else []
    differ = differing(first, again, load_codebook())
    final = read_sheets([adjudicated], differ, where="các tin hai người chấm khác nhau") if adjudicated else []
    return Audit(draw, tuple(first), tuple(again), tuple(final))


def _same_window(span: Window, audit: Audit, draw_path: Path) -> Window:
    """The window of the draw; another one asked for is refused."""
    first, last = audit.draw.window
    drawn = window(None, first or None, last or None)
    if span not in (Window(), drawn):
        raise InputError(
            f"{draw_path}: mẫu được rút cho kỳ {first or '…'} đến {last or '…'}, khác kỳ đang đo. "
            "Bỏ --month/--from/--to hoặc rút mẫu mới."
        )
    return drawn


def _write_disagreements(path: Path, frame: Frame, audit: Audit) -> None:
    """The adjudicator's sheet: what both said stands in the note column, the answer is left blank."""
    book = load_codebook()
    differ = differing(audit.first, audit.second, book)
    if not differ:
        click.echo("Hai người chấm không khác nhau ở tin nào: không cần phiếu phân xử.", err=True)
        return
    said = {judgement.item_id: [words.label_words(book, judgement.label)] for judgement in audit.first}
    for judgement in audit.second:
        said[judgement.item_id].append(words.label_words(book, judgement.label))
    notes = {i: " | ".join(f"Người {n}: {'; '.join(one)}" for n, one in enumerate(said[i], 1)) for i in differ}
    write_sheet(path, frame.items(differ), book, notes)
    click.echo(f"Phiếu phân xử: {path} ({integer(len(differ))} tin hai người chấm khác nhau)", err=True)
