"""`canbang label` and `canbang evaluate`: machine labels for an archive, and how good they are."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from canbang import bulk
from canbang.cli.sources import column_option
from canbang.errors import InputError
from canbang.fetch.columns import parse_names
from canbang.label.choose import EMBEDDED, load_labeller
from canbang.label.evaluate import LABELS, read_labelled
from canbang.label.evaluate import evaluate as figures_of
from canbang.label.llm import LlmLabeller
from canbang.text.numbers import decimal, integer

labeller_option = click.option(
    "--labeller", "spec", default=EMBEDDED, show_default=True, help="embedded, encoder:THƯ-MỤC hoặc llm:CẤU-HÌNH.toml."
)


@click.command(short_help="Gắn nhãn máy cho cả một kho tin bài, nhiều tiến trình hoặc nhiều máy.")
@click.argument("archive", type=click.Path(path_type=Path), metavar="KHO")
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), required=True, help="Tệp Parquet kết quả.")
@labeller_option
@column_option
@click.option("--workers", type=click.IntRange(min=1), default=None, help="Số tiến trình; mặc định bằng số lõi.")
@click.option("--cluster", "address", help="Địa chỉ cụm Dask; ngoài máy này chỉ nhận tls://.")
@click.option("--estimate", is_flag=True, help="Với llm: chỉ ước tính số lượt hỏi, chi phí, thời gian rồi dừng.")
def label(
    archive: Path, out: Path, spec: str, columns: tuple[str, ...], workers: int | None, address: str | None, estimate: bool
) -> None:  # fmt: skip
    """Gắn nhãn mọi dòng của KHO (Parquet, CSV, XLSX, JSONL), mỗi dòng đúng một lần.

    Dừng giữa chừng thì chạy lại đúng lệnh này: phần đã xong không làm lại.
    """
    names = parse_names(columns)
    if estimate:
        _show_estimate(archive, spec, names)
        return
    count = workers or os.cpu_count() or 1
    make = bulk.cluster(address) if address else bulk.process_pool(count)
    console = Console(stderr=True)
    shown = (SpinnerColumn(), TextColumn("Gắn nhãn"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]} tin/giây, còn"), TimeRemainingColumn())  # fmt: skip
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=bulk.row_count(archive), rate="…")

        def show(rows: int, now: int) -> None:
            elapsed = bar.tasks[0].elapsed or 1e-9
            bar.update(task, completed=rows, rate=integer(int(now / elapsed)))

        done = bulk.label_archive(
            archive, out, spec=spec, make_executor=make, workers=count, names=names, progress=show
        )
    again = f"; {integer(done.rows - done.labelled)} dòng đã có từ trước" if done.rows > done.labelled else ""
    broken = f"; dựng lại tiến trình {done.rebuilt} lần" if done.rebuilt else ""
    click.echo(f"{out}: {integer(done.rows)} dòng, gắn nhãn {integer(done.labelled)}{again}{broken}")


def _show_estimate(archive: Path, spec: str, names: Mapping[str, str]) -> None:
    """What a language model would be asked, and what that costs, before anything is asked."""
    labeller = load_labeller(spec)
    if not isinstance(labeller, LlmLabeller):
        raise InputError("--estimate chỉ dùng với --labeller llm:CẤU-HÌNH.toml; các máy gắn nhãn khác không tính phí.")
    found = labeller.estimate(bulk.archive_items(archive, names))
    click.echo(
        f"{integer(found.requests)} lượt hỏi ({integer(found.cached)} tin đã có câu trả lời), "
        f"khoảng {integer(found.tokens_in)} token gửi và {integer(found.tokens_out)} token nhận"
    )
    click.echo(
        f"Chi phí khoảng {decimal(found.cost, 2)} {found.currency}, nhiều nhất {decimal(found.cost_most, 2)} "
        f"{found.currency}; thời gian khoảng {decimal(found.minutes, 1)} phút"
    )


def _only(words: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [tuple(word.split("=", 1)) for word in words]
    for pair in pairs:
        if len(pair) != 2:
            raise InputError(f"--only {pair[0]}: viết dạng CỘT=GIÁ-TRỊ.")
    return [(pair[0], pair[1]) for pair in pairs]


@click.command(short_help="Đánh giá máy gắn nhãn trên một tệp đã có nhãn.")
@click.argument("file", type=click.Path(path_type=Path), metavar="TỆP")
@labeller_option
@click.option(
    "--label", "labels", multiple=True, type=click.Choice(LABELS), help="Chỉ đánh giá nhãn này; dùng được nhiều lần."
)
@click.option(
    "--only", multiple=True, metavar="CỘT=GIÁ-TRỊ", help="Chỉ lấy các dòng có giá trị này; dùng được nhiều lần."
)
@click.option("--json", "as_json", is_flag=True, help="In dạng JSON thay cho bảng.")
def evaluate(file: Path, spec: str, labels: tuple[str, ...], only: tuple[str, ...], as_json: bool) -> None:
    """So nhãn máy với nhãn trong TỆP (csv, jsonl, parquet).

    Cột đọc được: title, lead, text, channel, tone, dark_side, sensational, theme, public_interest, clickbait. Thiếu cột
    nhãn nào thì bỏ qua nhãn đó.
    """
    rows = read_labelled(file, _only(only))
    result = figures_of(rows, load_labeller(spec), labels or LABELS)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    who = result["labeller"]
    click.echo(
        f"{integer(result['items'])} tin, {who['name']} {who['version']}, {decimal(result['items_per_second'], 0)} tin/giây"
    )
    click.echo(f"{'nhãn':<18}{'tin':>7}{'macro-F1':>10}{'AUC':>8}{'ECE':>8}{'chuẩn xác':>11}{'độ phủ':>8}")
    for name, found in result["labels"].items():
        cells = [found.get(key) for key in ("macro_f1", "auc", "ece", "precision", "recall")]
        shown = ["—" if cell is None else decimal(cell, 3) for cell in cells]
        click.echo(
            f"{name:<18}{integer(found['items']):>7}{shown[0]:>10}{shown[1]:>8}{shown[2]:>8}{shown[3]:>11}{shown[4]:>8}"
        )
        for channel, part in found.get("by_channel", {}).items():
            cell = "—" if part["macro_f1"] is None else decimal(part["macro_f1"], 3)
            click.echo(f"  {channel[:16]:<16}{integer(part['items']):>7}{cell:>10}")
