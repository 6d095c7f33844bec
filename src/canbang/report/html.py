"""The report as one self-contained page: no script, no outside file, prints on A4."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from canbang.errors import InputError, reason
from canbang.report import gap_words, sentences, words
from canbang.report.balance import Balance
from canbang.report.chart import forest
from canbang.text.numbers import day, integer, percent


def render(report: Balance, reasons: dict[str, list[str]] | None = None) -> str:
    """The page; ``reasons`` maps ids of drawn items to lines on what moved the machine's label."""
    environment = Environment(
        loader=PackageLoader("canbang.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, integer=integer, day=day)
    charts = {dimension: Markup(forest(report, dimension)) for dimension in report.by if dimension != "theme"}  # noqa: S704  (built and escaped in chart.py)
    return environment.get_template("balance.html").render(
        r=report,
        w=words,
        s=sentences,
        g=gap_words,
        charts=charts,
        whole_chart=Markup(forest(report)),  # noqa: S704
        reasons=reasons or {},
    )


def write_html(report: Balance, path: Path, reasons: dict[str, list[str]] | None = None) -> None:
    """Write the page; raises :class:`InputError` where the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(report, reasons), "utf-8")
    except OSError as error:
        raise InputError(f"{path}: không ghi được tệp ({reason(error)}).") from error
