"""The report as JSON: a stable schema (docs/report-json.md), the same from the command line and from the desk."""

from __future__ import annotations

import json
from typing import Any

from canbang.report.balance import Balance, Part, ShareValue

SCHEMA = "canbang-balance/1"


def _share(value: ShareValue) -> dict[str, float]:
    return {"point": value.point, "low": value.low, "high": value.high, "confidence": value.confidence}


def _part(part: Part) -> dict[str, Any]:
    return {
        "key": part.key,
        "items": part.items,
        "stories": part.stories,
        "audited": part.audited,
        "unsure": part.unsure,
        "basis": part.basis,
        "verdict": part.verdict.value,
        "shares": {name: _share(value) for name, value in part.shares.items()},
    }


def as_dict(report: Balance) -> dict[str, Any]:
    """The report as plain values."""
    whole = report.whole
    return {
        "schema": SCHEMA,
        "window": {
            "from": report.first.isoformat(),
            "to": report.last.isoformat(),
            "timezone": report.limit.timezone,
        },
        "read": report.read,
        "items": whole.items,
        "rejected": report.rejected,
        "outside_window": report.outside,
        "stories": whole.stories,
        "verdict": whole.verdict.value,
        "basis": whole.basis,
        "audited": whole.audited,
        "unsure": whole.unsure,
        "shares": {name: _share(value) for name, value in whole.shares.items()},
        "share_by_story": {"counted_negative": report.share_by_story, "basis": "machine"},
        "themes": {
            "basis": report.themes_basis,
            "shares": {key: _share(value) for key, value in report.themes.items()},
        },
        "by": {dimension: [_part(part) for part in parts] for dimension, parts in report.by.items()},
        "needed": {
            "for_verdict": report.needed.for_verdict,
            "for_half_width": report.needed.for_half_width,
            "half_width": report.needed.half_width,
        },
        "limit": {
            "id": report.limit.id,
            "numerator": report.limit.numerator,
            "value": float(report.limit.value),
            "strict": report.limit.strict,
            "period": report.limit.period,
            "unit": report.limit.unit,
            "version": report.limit.version,
            "clauses": list(report.limit.clauses),
        },
        "codebook": {"version": report.codebook.version, "digest": report.codebook.digest},
        "labeller": {"name": report.labeller[0], "version": report.labeller[1]},
        "draw": None
        if report.draw is None
        else {
            "frame_digest": report.draw.frame_digest,
            "cells": [{"N": size, "n": n} for size, n in zip(report.draw.sizes, report.draw.drawn_sizes, strict=True)],
            "commitment": report.draw.commitment,
            "mode": report.draw.mode,
            "looks": len(report.draw.looks),
            "labeller": {"name": report.draw.labeller[0], "version": report.draw.labeller[1]},
        },
        "sources": list(report.sources),
        "enrolments": list(report.enrolments),
        "notes": list(report.notes),
    }


def render(report: Balance) -> str:
    """The report as one JSON text, keys in a fixed order."""
    return json.dumps(as_dict(report), ensure_ascii=False, indent=2) + "\n"
