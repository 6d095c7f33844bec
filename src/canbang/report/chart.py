"""Server-side SVG: one row a window or group, its interval as a bar, its point as a mark, the limit as a line."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from canbang.estimate.verdict import Verdict
from canbang.report import gap_words, words
from canbang.report.balance import Balance, Part
from canbang.text.numbers import decimal, percent

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 800, 190, 190, 30, 34, 30
_COLOUR = {Verdict.UNDER: "#1b7f4d", Verdict.OVER: "#b3261e", Verdict.NOT_YET_KNOWN: "#8a6100"}
_MAX_LABEL = 26


@dataclass(frozen=True, slots=True)
class _Scale:
    end: float

    def x(self, share: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(share, self.end) / self.end


def _scale(parts: list[Part], limit: float) -> _Scale:
    reach = [limit * 1.4]
    for part in parts:
        share = part.shares["counted_negative"]
        reach.append(share.point if part.basis == "machine" else min(share.high, 2.5 * max(limit, share.point)))
    return _Scale(min(1.0, -(-max(reach) * 100 // 5) * 5 / 100))


def _row(name: str, part: Part, y: float, scale: _Scale, *, bold: bool) -> str:
    share = part.shares["counted_negative"]
    colour = _COLOUR[part.verdict]
    short = name if len(name) <= _MAX_LABEL else name[: _MAX_LABEL - 1] + "…"
    weight = ' font-weight="700"' if bold else ""
    x = scale.x(share.point)
    marks = [f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end"{weight}>{escape(short)}</text>']
    if part.basis == "audit":
        low, high = scale.x(share.low), scale.x(share.high)
        marks.append(
            f'<rect x="{low:.1f}" y="{y - 6:.1f}" width="{max(high - low, 1):.1f}" height="12" rx="3" fill="{colour}" opacity="0.28"/>'
        )
        marks.append(
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>'
        )
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
        said = f"{percent(share.point)} · {words.VERDICTS[part.verdict]}"
    else:
        marks.append(
            f'<path d="M{x:.1f} {y - 6:.1f} l6 6 l-6 6 l-6 -6 z" fill="#fff" stroke="{colour}" stroke-width="2"/>'
        )
        said = f"{percent(share.point)} · ước tính máy"
    # a row with days missing must not look like a whole one
    lift = 5 if part.missing else 0
    marks.append(f'<text x="{WIDTH - RIGHT + 12}" y="{y + 4 - lift:.1f}"{weight}>{escape(said)}</text>')
    if part.missing:
        marks.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{y + 12:.1f}" class="tick">{escape(gap_words.days_words(part.missing))}</text>'
        )
    return "".join(marks)


def forest(report: Balance, dimension: str | None = None) -> str:
    """The chart of the whole window, and of the groups of ``dimension`` beneath it."""
    parts = [(words.window_words(report), report.whole)]
    if dimension is not None:
        parts += [(words.key_words(report, dimension, part.key), part) for part in report.by[dimension]]
    limit = float(report.limit.value)
    scale = _scale([part for _, part in parts], limit)
    height = TOP + ROW * len(parts) + BOTTOM
    bottom = height - BOTTOM + 4
    title = f"Tỉ lệ tính là tiêu cực và giới hạn {decimal(100 * limit, 0)} %"
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" class="chart">',
        f'<rect x="{LEFT}" y="{TOP - 10}" width="{scale.x(limit) - LEFT:.1f}" height="{bottom - TOP + 10}" fill="#1b7f4d" opacity="0.07"/>',
    ]
    step = 0.05 if scale.end <= 0.5 else 0.1 if scale.end <= 0.8 else 0.2
    tick = 0.0
    while tick <= scale.end + 1e-9:
        x = scale.x(tick)
        body.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 10}" y2="{bottom}" stroke="#d6dae0"/>')
        body.append(
            f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" class="tick">{decimal(100 * tick, 0)} %</text>'
        )
        tick += step
    x = scale.x(limit)
    body.append(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 14}" y2="{bottom}" stroke="#b3261e" stroke-width="2" stroke-dasharray="5 3"/>'
    )
    body.append(
        f'<text x="{x:.1f}" y="{TOP - 19}" text-anchor="middle" fill="#b3261e" font-weight="700">{escape(words.limit_words(report.limit))}</text>'
    )
    for number, (name, part) in enumerate(parts):
        body.append(_row(name, part, TOP + ROW * (number + 0.5), scale, bold=number == 0))
    body.append("</svg>")
    return "".join(body)
