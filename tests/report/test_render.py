"""The renderings: nothing from an item runs, nothing from outside is loaded, every figure says where it is from."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from rich.console import Console

from canbang.audit.draw import make_draw
from canbang.audit.judge import Audit
from canbang.codebook import load_codebook
from canbang.fetch.source import Source
from canbang.item import Item, Judgement, Label
from canbang.pipeline import measure, read_frame
from canbang.report import html, text, xlsx
from canbang.report.balance import Balance
from conftest import WordLabeller, make_item

EVIL = "<script>alert(1)</script>\"'&"


@pytest.fixture
def report() -> Balance:
    items: list[Item] = [
        make_item(k, f"=cmd {EVIL} số {k}", url="javascript:alert(1)", channel=EVIL) for k in range(40)
    ]
    frame = read_frame([Source("nguồn <b>", lambda _: iter(items))], WordLabeller())
    book = load_codebook()
    draw = make_draw(
        frame.ids, frame.probability[:, 6].astype(float), 40, "s", labeller=frame.labeller,
        codebook=(book.version, book.digest),
    )  # fmt: skip
    labels = [Judgement(i, Label("neutral", False, False, "society", False), 2) for i in draw.drawn]
    return measure(frame, by=["channel", "week", "month", "theme"], audit=Audit(draw, tuple(labels)))


def test_the_page_runs_nothing_and_loads_nothing(report: Balance) -> None:
    page = html.render(report)
    assert "<script" not in page
    assert "javascript:" not in page
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?!https?://[^"']+["'] rel)""", page) == []
    assert "&lt;script&gt;" in page


def test_the_page_prints_what_the_figures_were_computed_from(report: Balance) -> None:
    page = html.render(report)
    for said in (
        "Đạt",
        "dưới 15\u00a0%",
        "độ tin cậy 95\u00a0%",
        "Mẫu số 40 tin",
        "40 tin được người chấm",
        report.codebook.digest[:12],
        "vì lợi ích công",
        "Cách đo",
    ):
        assert said in page
    assert "chắc chắn" not in page
    assert page.count("<svg") == 3


def test_the_workbook_has_numbers_and_no_live_formula(report: Balance, tmp_path: Path) -> None:
    xlsx.write_xlsx(report, tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == [
        "Cân bằng nội dung",
        "Theo kênh",
        "Theo tuần",
        "Theo tháng",
        "Theo chủ đề",
        "Chủ đề",
        "Tin chấm mẫu",
    ]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(cell.number_format == "0.0%" and isinstance(cell.value, (int, float)) for cell in cells)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_terminal_shows_the_verdict_at_any_width(report: Balance, width: int) -> None:
    console = Console(width=width, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    text.print_report(report, console)
    shown = console.export_text()
    assert "Đạt" in shown and "Tỉ lệ tính là tiêu cực" in shown
    assert max(len(line) for line in shown.splitlines()) <= width
