"""The report as JSON: a stable schema (docs/report-json.md), the same from the command line and from the desk."""

from __future__ import annotations

import json
from typing import Any

from canbang.audit.agreement import Agreement
from canbang.audit.draw import Draw
from canbang.estimate.weighted import WeightedShare
from canbang.report.balance import Balance, Part, ShareValue
from canbang.report.beside import Apart, Beside
from canbang.report.delta import Delta
from canbang.report.gaps import as_dict as gaps_as_dict
from canbang.report.lamps import Lamp
from canbang.report.saved import SCHEMA, cells_as_list


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
        "missing_days": [day.isoformat() for day in part.missing],
        "shares": {name: _share(value) for name, value in part.shares.items()},
    }


def _weighted(value: WeightedShare | None) -> dict[str, float] | None:
    if value is None:
        return None
    return {"point": value.point, "low": value.low, "high": value.high, "confidence": value.confidence}


def _by_story(report: Balance) -> dict[str, Any]:
    audited = _weighted(report.beside.by_story)
    if audited is None:
        return {"counted_negative": {"point": report.share_by_story, "low": 0.0, "high": 1.0}, "basis": "machine"}
    return {"counted_negative": audited, "basis": "audit"}


def _agreement(value: Agreement | None) -> dict[str, Any] | None:
    if value is None:
        return None
    named = {"raw": value.raw, "alpha": value.alpha, "kappa": value.kappa}
    return {"items": value.units} | {
        name: None if one is None else {"point": one.point, "low": one.low, "high": one.high}
        for name, one in named.items()
    }


def _apart(apart: Apart | None) -> dict[str, Any] | None:
    if apart is None:
        return None
    return {
        "basis": apart.basis, "by_people": apart.by_people, "vietnam": _weighted(apart.vietnam), "world": _weighted(apart.world),
    }  # fmt: skip


def _delta(delta: Delta) -> dict[str, Any]:
    return {
        "span": delta.span.value, "file": delta.source, "from": delta.first.isoformat(), "to": delta.last.isoformat(),
        "same_channels": delta.same_channels, "missing_days": [day.isoformat() for day in delta.gaps.missing],
        "shares": {
            name: {"point": float(c.point), "low": c.low, "high": c.high, "confidence": c.confidence}
            for name, c in delta.shares.items()
        },
    }  # fmt: skip


def _lamp(lamp: Lamp) -> dict[str, Any]:
    return {
        "to": lamp.last.isoformat(), "days": lamp.days, "items": lamp.items, "audited": lamp.audited,
        "low": lamp.low, "high": lamp.high, "confidence": lamp.confidence, "sign": lamp.sign.value,
    }  # fmt: skip


def _beside(beside: Beside) -> dict[str, Any]:
    corrected, ahead, machine = beside.corrected, beside.outlook, beside.machine
    return {
        "by_views": _weighted(beside.by_views),
        "agreement": {"tone": _agreement(beside.agreement_tone), "counted_negative": _agreement(beside.agreement_counted)},
        "differing": beside.differing,
        "auditor_error": None
        if corrected is None
        else {
            "point": corrected.point, "low": corrected.low, "high": corrected.high, "confidence": corrected.confidence,
            "sensitivity": corrected.sensitivity, "specificity": corrected.specificity,
        },
        "apart": _apart(beside.apart),
        "machine": None if machine is None else {"estimate": machine.estimate, "drifted": machine.drifted},
        "outlook": None if ahead is None else {"likely": ahead.likely, "safe": ahead.safe, "advice": ahead.advice.value},
    }  # fmt: skip


def _draw(draw: Draw) -> dict[str, Any]:
    return {
        "frame_digest": draw.frame_digest,
        "cells": [{"N": size, "n": n} for size, n in zip(draw.sizes, draw.drawn_sizes, strict=True)],
        "commitment": draw.commitment,
        "mode": draw.mode,
        "looks": len(draw.looks),
        "labeller": {"name": draw.labeller[0], "version": draw.labeller[1]},
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
        "likely_dates": dict(zip(("items", "outside_window"), report.likely, strict=True)),
        "stories": whole.stories,
        "coverage": gaps_as_dict(report.gaps),
        "verdict": whole.verdict.value,
        "basis": whole.basis,
        "audited": whole.audited,
        "unsure": whole.unsure,
        "shares": {name: _share(value) for name, value in whole.shares.items()},
        "share_by_story": _by_story(report),
        "beside": _beside(report.beside),
        "themes": {
            "basis": report.themes_basis,
            "shares": {key: _share(value) for key, value in report.themes.items()},
        },
        "cells": {name: cells_as_list(cells) for name, cells in report.cells.items()},
        "changes": [_delta(delta) for delta in report.changes],
        "lamps": [_lamp(lamp) for lamp in report.lamps],
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
        "draw": None if report.draw is None else _draw(report.draw),
        "frames": [] if report.draw is None else [report.draw.frame_digest],
        "channels": list(report.channels),
        "sources": list(report.sources),
        "enrolments": list(report.enrolments),
        "notes": list(report.notes),
    }


def render(report: Balance) -> str:
    """The report as one JSON text, keys in a fixed order."""
    return json.dumps(as_dict(report), ensure_ascii=False, indent=2) + "\n"
