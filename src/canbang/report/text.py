"""The report on a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from canbang.estimate.verdict import Verdict
from canbang.report import gap_words, sentences, words
from canbang.report.balance import Balance, Part, ShareValue
from canbang.report.gaps import Standing
from canbang.text.numbers import integer, percent

_WIDE = 100
_NARROW = 72
"""Columns of a terminal under which a group shows its share and its verdict only."""
COLOUR = {Verdict.UNDER: "green", Verdict.OVER: "red", Verdict.NOT_YET_KNOWN: "yellow"}


def print_report(report: Balance, console: Console) -> None:
    """Print the whole report."""
    console.print(_head(report))
    if report.gaps.channels:
        console.print(_coverage(report))
    console.print(_shares(report))
    for dimension, parts in report.by.items():
        console.print(_groups(report, dimension, parts, console.width))
    console.print(_themes(report))
    if report.changes:
        console.print(_changes(report))
    console.print(_foot(report))


def table(title: str, *columns: tuple[str, str]) -> Table:
    """A table whose ``columns`` are (name, "left" or "right")."""
    shown = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    for name, justify in columns:
        shown.add_column(
            name,
            justify="right" if justify == "right" else "left",
            overflow="fold",
            min_width=min(len(name), 12),
        )
    return shown


def _head(report: Balance) -> RenderableType:
    whole = report.whole
    share = whole.shares["counted_negative"]
    colour = COLOUR[whole.verdict]
    figure = (words.figure(report, share.point), f"bold {colour}")
    if whole.basis == "machine":
        rest_of_line = "  (ước tính máy, chưa có khoảng)"
    else:
        rest_of_line = f"  khoảng {words.interval(share, whole.basis)}, {words.confidence_words(share.confidence)}"
    public = whole.shares["counted_negative_public_interest"]
    rest = whole.shares["counted_negative_without_public_interest"]
    lines = [
        Text.assemble("Tỉ lệ tính là tiêu cực: ", figure, rest_of_line),
        Text.assemble(
            "Kết luận: ",
            (words.VERDICTS[whole.verdict], f"bold {colour}"),
            f" (yêu cầu: {words.limit_words(report.limit)})",
            (words.verdict_mark(report), "bold yellow"),
        ),
        Text(words.verdict_sentence(report)),
        Text(
            f"Trong đó vì lợi ích công {_value(public, whole.basis)}; không kể phần này còn {_value(rest, whole.basis)}"
        ),
        Text(words.counts_words(report), style="dim"),
        Text(words.computed_from(report), style="dim"),
    ]
    return Panel(
        Group(*lines),
        title=f"Cân bằng nội dung · {words.window_words(report)}",
        title_align="left",
        border_style=colour,
    )


def _coverage(report: Balance) -> Table:
    shown = table("Dữ liệu đã thu thập trong kỳ", ("Kênh", "left"), ("Tin", "right"), ("Dữ liệu", "left"))
    for one in report.gaps.channels:
        counted = "—" if one.standing is Standing.NO_DATA else integer(one.items)
        shown.add_row(one.channel, counted, "\n".join(gap_words.channel_words(one, report.gaps.until)))
    return shown


def _value(value: ShareValue, basis: str) -> str:
    return percent(value.point) if basis == "machine" else f"{percent(value.point)} ({words.interval(value, basis)})"


def _shares(report: Balance) -> Table:
    whole = report.whole
    shown = table(
        f"Các tỉ lệ ({words.BASES[whole.basis]})",
        ("Tỉ lệ", "left"),
        ("Giá trị", "right"),
        (words.interval_heading(whole.shares["counted_negative"].confidence), "right"),
    )
    for name, label in words.SHARES.items():
        value = whole.shares[name]
        style = "bold" if name == "counted_negative" else ""
        shown.add_row(label, percent(value.point), words.interval(value, whole.basis), style=style)
        if name in ("counted_negative", "negative_or_dark_side"):
            shown.add_section()
    return shown


def _groups(report: Balance, dimension: str, parts: tuple[Part, ...], width: int) -> Table:
    name = words.DIMENSION[dimension]
    shares = ("positive", "sensational") if width >= _WIDE else ()
    names = {"positive": "Tích cực", "sensational": "Giật gân"}
    roomy = width >= _NARROW
    heading = words.interval_heading(report.whole.shares["counted_negative"].confidence)
    shown = table(
        f"Theo {name.lower()}", (name, "left"), ("Tin", "right"), *((("Chấm", "right"),) if roomy else ()),
        ("Tiêu cực", "right"), *(((heading, "right"),) if roomy else ()),
        *((names[key], "right") for key in shares), ("Kết luận", "left"),
    )  # fmt: skip
    shown.columns[-1].no_wrap = True
    for part in parts:
        share = part.shares["counted_negative"]
        shown.add_row(
            words.key_words(report, dimension, part.key), integer(part.items), *([integer(part.audited)] if roomy else []),
            words.point(part, "counted_negative"), *([words.interval(share, part.basis)] if roomy else []),
            *(words.point(part, key) for key in shares),
            Text.assemble((words.verdict(dimension, part), COLOUR[part.verdict]), _below(gap_words.days_words(part.missing))),
        )  # fmt: skip
    for key in report.gaps.no_data.get(dimension, ()):
        blank = [""] * (len(shown.columns) - 3)
        shown.add_row(words.key_words(report, dimension, key), "—", *blank, Text(gap_words.NO_DATA, style="yellow"))
    return shown


def _below(said: str) -> str:
    return f"\n{said}" if said else ""


def _themes(report: Balance) -> Table:
    shown = table(
        f"Chủ đề ({words.BASES[report.themes_basis]})",
        ("Chủ đề", "left"),
        ("Tỉ lệ", "right"),
        (words.interval_heading(report.whole.shares["counted_negative"].confidence), "right"),
    )
    for theme, value in sorted(report.themes.items(), key=lambda pair: -pair[1].point):
        name = report.codebook.label("theme").value(theme).name_vi
        shown.add_row(name, percent(value.point), words.interval(value, report.themes_basis))
    return shown


def _changes(report: Balance) -> Table:
    heading = words.interval_heading(report.whole.shares["counted_negative"].confidence)
    shown = table(
        "Chênh lệch (điểm phần trăm)",
        ("So với", "left"),
        ("Tỉ lệ", "left"),
        ("Chênh lệch", "right"),
        (heading, "right"),
    )
    for delta in report.changes:
        for number, (name, change) in enumerate(sentences.main_changes(delta)):
            shown.add_row(
                sentences.delta_words(delta) if number == 0 else "", words.SHARES[name], sentences.points(change.point),
                sentences.points_range(change),
            )  # fmt: skip
        shown.add_section()
    return shown


def _foot(report: Balance) -> RenderableType:
    lines = [
        *sentences.beside_lines(report),
        *sentences.lamp_lines(report),
        *sentences.delta_lines(report),
        words.more_labels(report),
        *words.source_lines(report),
        *(f"Lưu ý: {line}" for line in (words.date_line(report), *report.notes) if line),
    ]
    return Text("\n".join(line for line in lines if line), style="dim")
