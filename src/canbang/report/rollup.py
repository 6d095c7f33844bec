"""Many sheets as one figure: months of a year, channels or units of a province. Computed from cells, never averaged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from canbang.errors import InputError
from canbang.estimate.share import Cell, Share, estimate_share
from canbang.estimate.verdict import Verdict, decide
from canbang.limits import Limit, load_limits
from canbang.report.gaps import Gaps
from canbang.report.gaps import as_dict as gaps_as_dict
from canbang.report.gaps import joined as joined_gaps
from canbang.report.saved import ROLLUP_SCHEMA, Saved, cells_as_list, check_apart, check_same_rules


@dataclass(frozen=True, slots=True)
class Rollup:
    """The joined figure of ``sheets``, in the order of their first days; ``shares`` are those that every sheet holds.

    ``cells`` are all cells of all sheets. ``stories`` adds up the sheets' counts: a story told in two of them counts twice.
    """

    sheets: tuple[Saved, ...]
    first: date
    last: date
    items: int
    stories: int
    cells: Mapping[str, tuple[Cell, ...]]
    shares: Mapping[str, Share]
    verdict: Verdict
    limit: Limit

    @property
    def gaps(self) -> list[tuple[date, date]]:
        """Spans of days between the sheets that none of them measured, first and last day."""
        found, reached = [], self.sheets[0].last
        for sheet in self.sheets[1:]:
            if sheet.first > reached + timedelta(days=1):
                found.append((reached + timedelta(days=1), sheet.first - timedelta(days=1)))
            reached = max(reached, sheet.last)
        return found

    @property
    def collected(self) -> Gaps:
        """What collecting missed inside the sheets' windows."""
        return joined_gaps([sheet.gaps for sheet in self.sheets])

    @property
    def main(self) -> Share:
        """The share that the limit is about."""
        return self.shares["counted_negative"]


def rollup(sheets: Sequence[Saved]) -> Rollup:
    """Join sheets into one.

    The confidence is the highest among the sheets, so that a month that was looked at until settled keeps its own.
    Raises :class:`InputError` for fewer than two sheets, and where two of them were judged by different codebooks, hold
    the same frame, or one channel on the same days.
    """
    if len(sheets) < 2:
        raise InputError("Gộp cần ít nhất hai phiếu.")
    for one, other in combinations(sheets, 2):
        check_same_rules(one, other)
        check_apart(one, other)
    ordered = tuple(sorted(sheets, key=lambda sheet: (sheet.first, sheet.last, sheet.source)))
    confidence = max(sheet.confidence for sheet in ordered)
    cells = {
        name: tuple(cell for sheet in ordered for cell in sheet.cells[name])
        for name in ordered[0].cells
        if all(name in sheet.cells for sheet in ordered)
    }
    shares = {name: estimate_share(joined, confidence=confidence) for name, joined in cells.items()}
    limit = load_limits()["negative_share"]
    return Rollup(
        ordered, min(s.first for s in ordered), max(s.last for s in ordered), sum(s.items for s in ordered),
        sum(s.stories for s in ordered), cells, shares, decide(shares["counted_negative"], limit.value, strict=limit.strict), limit,
    )  # fmt: skip


def _share(share: Share) -> dict[str, Any]:
    return {
        "point": float(share.point), "low": share.low_share, "high": share.high_share,
        "confidence": share.confidence, "method": share.method.value,
    }  # fmt: skip


def as_dict(joined: Rollup) -> dict[str, Any]:
    """The roll-up as plain values (docs/report-json.md); it can be joined or compared again like a report."""
    themes = {name.removeprefix("theme:"): s for name, s in joined.shares.items() if name.startswith("theme:")}
    return {
        "schema": ROLLUP_SCHEMA,
        "window": {"from": joined.first.isoformat(), "to": joined.last.isoformat(), "timezone": joined.limit.timezone},
        "items": joined.items,
        "stories": joined.stories,
        "coverage": gaps_as_dict(joined.collected),
        "verdict": joined.verdict.value,
        "basis": "audit",
        "audited": joined.main.audited,
        "unsure": sum(cell.unsure for cell in joined.cells["counted_negative"]),
        "shares": {name: _share(s) for name, s in joined.shares.items() if not name.startswith("theme:")},
        "themes": {"basis": "audit" if themes else "machine", "shares": {name: _share(s) for name, s in themes.items()}},
        "cells": {name: cells_as_list(cells) for name, cells in joined.cells.items()},
        "channels": sorted({channel for sheet in joined.sheets for channel in sheet.channels}),
        "frames": [frame for sheet in joined.sheets for frame in sheet.frames],
        "limit": {"value": float(joined.limit.value), "strict": joined.limit.strict, "version": joined.limit.version},
        "codebook": {"version": joined.sheets[0].codebook[0], "digest": joined.sheets[0].codebook[1]},
        "sheets": [
            {
                "file": sheet.source, "from": sheet.first.isoformat(), "to": sheet.last.isoformat(), "items": sheet.items,
                "stories": sheet.stories, "missing_days": [day.isoformat() for day in sheet.gaps.missing],
                "counted_negative": _share(estimate_share(sheet.cells["counted_negative"], confidence=sheet.confidence)),
            }
            for sheet in joined.sheets
        ],
    }  # fmt: skip


def render(joined: Rollup) -> str:
    """The roll-up as one JSON text."""
    return json.dumps(as_dict(joined), ensure_ascii=False, indent=2) + "\n"
