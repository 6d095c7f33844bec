"""The roll-up on a terminal."""

from __future__ import annotations

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from canbang.estimate.share import Share, estimate_share
from canbang.report import gap_words, sentences, words
from canbang.report.rollup import Rollup
from canbang.report.text import COLOUR, table
from canbang.text.numbers import integer, percent, percent_range

_NAME = 34


def print_rollup(joined: Rollup, console: Console) -> None:
    """Print the joined figure, its shares, and the sheets that it was computed from."""
    console.print(_head(joined))
    heading = words.interval_heading(joined.main.confidence)
    shares = table("Các tỉ lệ (theo mẫu chấm)", ("Tỉ lệ", "left"), ("Giá trị", "right"), (heading, "right"))
    for name, label in words.SHARES.items():
        if name in joined.shares:
            share = joined.shares[name]
            shares.add_row(label, percent(float(share.point)), _range(share))
    console.print(shares)
    sheets = table(
        "Các phiếu được gộp", ("Phiếu", "left"), ("Kỳ", "left"), ("Tin", "right"), ("Chấm", "right"), ("Tiêu cực", "right"),
        ("Khoảng", "right"),
    )  # fmt: skip
    for sheet in joined.sheets:
        share = estimate_share(sheet.cells["counted_negative"], confidence=sheet.confidence)
        name = sheet.source if len(sheet.source) <= _NAME else "…" + sheet.source[1 - _NAME :]
        sheets.add_row(
            name, words.span_words(sheet.first, sheet.last), integer(share.items), integer(share.audited),
            percent(float(share.point)), _range(share),
        )  # fmt: skip
    console.print(sheets)
    console.print(Text("\n".join(sentences.rollup_lines(joined)), style="dim"))


def _range(share: Share) -> str:
    return percent_range(share.low_share, share.high_share)


def _head(joined: Rollup) -> Panel:
    share, colour = joined.main, COLOUR[joined.verdict]
    figure = words.near_limit(float(share.point), float(joined.limit.value))
    lines = [
        Text.assemble(
            "Tỉ lệ tính là tiêu cực: ", (figure, f"bold {colour}"),
            f"  khoảng {_range(share)}, {words.confidence_words(share.confidence)}",
        ),
        Text.assemble(
            "Kỳ gộp: ", (words.VERDICTS[joined.verdict], f"bold {colour}"), f" (yêu cầu: {words.limit_words(joined.limit)})",
            words.behind(gap_words.mark(joined.collected)),
        ),
        Text("Con số chính thức là của từng tháng đã khép; kỳ gộp để xem cả năm, cả địa bàn.", style="dim"),
        Text(
            f"{integer(len(joined.sheets))} phiếu, {integer(joined.items)} tin, bài, {integer(share.audited)} tin được người chấm; "
            f"{integer(joined.stories)} câu chuyện (cộng từng phiếu)", style="dim",
        ),
    ]  # fmt: skip
    title = f"Gộp phiếu · {words.span_words(joined.first, joined.last)}"
    return Panel(Group(*lines), title=title, title_align="left", border_style=colour)
