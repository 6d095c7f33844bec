"""`canbang train`: the embedded labeller learns from a unit's own judgements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from canbang.audit.sheet import labelled_rows
from canbang.errors import InputError
from canbang.label.adapt import FLOOR, adapt
from canbang.label.choose import load_labeller
from canbang.label.evaluate import read_labelled
from canbang.label.linear import EmbeddedLabeller
from canbang.text.numbers import decimal, integer


@click.command(short_help="Dạy máy gắn nhãn bằng các phiếu chấm của đơn vị.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHIẾU...")
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    required=True,
    help="Tệp mô hình .npz; thẻ mô hình ghi cạnh đó.",
)
@click.option(
    "--labeller", "spec", default="embedded", show_default=True, help="Mô hình bắt đầu: embedded hoặc embedded:TỆP.npz."
)
@click.option(
    "--floor",
    type=click.FloatRange(0.5, 1.0),
    default=FLOOR,
    show_default=True,
    help="Sàn AUC; dưới sàn thì không ghi mô hình.",
)
@click.option("--force", is_flag=True, help="Ghi đè mô hình đã có.")
def train(files: tuple[Path, ...], out: Path, spec: str, floor: float, force: bool) -> None:
    """Học thêm từ các PHIẾU chấm đã điền (xlsx, csv) hoặc tệp có nhãn (jsonl, parquet); vài trăm tin đã có ích.

    Mô hình mới phải tốt hơn mô hình cũ trên các câu chuyện giữ lại, nếu không thì không ghi. Dùng bằng
    --labeller embedded:TỆP.npz; tin đã rút mẫu giữ nguyên điểm lúc rút.
    """
    if out.suffix != ".npz":
        raise InputError(f"{out}: tên tệp mô hình phải kết thúc bằng .npz.")
    if out.exists() and not force:
        raise InputError(f"{out}: đã có mô hình này. Chọn tên khác hoặc thêm --force.")
    base = load_labeller(spec)
    if not isinstance(base, EmbeddedLabeller):
        raise InputError("Chỉ dạy thêm được mô hình embedded.")
    rows: list[dict[str, Any]] = []
    for path in files:
        rows += labelled_rows(path) if path.suffix.lower() in (".xlsx", ".csv") else read_labelled(path)
    card = adapt(rows, base, out, sources=files, floor=floor)
    before, after = (card["held_out_stories"][name]["counted_negative"] for name in ("before", "after"))
    low, high = after["auc_interval"]
    click.echo(f"Học từ {integer(card['items'])} tin ({integer(card['counted_negative'])} tính là tiêu cực).")
    click.echo(
        f"Trên câu chuyện giữ lại: AUC {decimal(before['auc'], 3)} → {decimal(after['auc'], 3)} "
        f"(khoảng {decimal(low, 3)}–{decimal(high, 3)}), macro-F1 {decimal(before['macro_f1'], 3)} → {decimal(after['macro_f1'], 3)}."
    )
    click.echo(f"Đã ghi {out} và thẻ mô hình {out.with_suffix('.json')}. Dùng: --labeller embedded:{out}")
