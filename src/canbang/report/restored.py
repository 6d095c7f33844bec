"""A balance read back from its JSON, for pages and files made of a report that was computed, or signed, long ago.

Whatever is printed of it says what the JSON says: nothing is estimated anew. The JSON holds no items, so ``drawn`` and
``files`` are empty; who has them puts them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from canbang.audit.agreement import Agreement, Coefficient
from canbang.audit.draw import Draw
from canbang.codebook import Codebook, load_codebook
from canbang.errors import InputError
from canbang.estimate.change import Change
from canbang.estimate.design import Plan
from canbang.estimate.outlook import Advice, Outlook
from canbang.estimate.reliability import Corrected
from canbang.estimate.share import CONFIDENCE
from canbang.estimate.verdict import Verdict
from canbang.estimate.weighted import WeightedShare
from canbang.limits import Limit, load_limits
from canbang.report.balance import Balance, Part, ShareValue
from canbang.report.beside import Apart, Beside, Machine
from canbang.report.delta import Delta, Span
from canbang.report.gaps import Covered, Gaps, from_dict
from canbang.report.lamps import Lamp
from canbang.report.saved import SCHEMA, cells_of

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _KeptDraw(Draw):
    """A draw of which the report kept the digest of the frame, not the frame."""

    digest: str = ""

    @property
    def frame_digest(self) -> str:
        """As it was printed."""
        return self.digest


def restore(value: Said) -> Balance:
    """The balance whose JSON, parsed, is ``value``; written as JSON again it is the same.

    Raises :class:`InputError` where it is none, or is damaged.
    """
    if value.get("schema") != SCHEMA:
        raise InputError(f"Phiếu ghi theo khuôn “{str(value.get('schema'))[:40]}”, bản này không đọc được.")
    try:
        return _balance(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("Phiếu bị hỏng hoặc đã bị sửa, không đọc lại được. Khôi phục từ bản sao lưu.") from error


def _balance(value: Said) -> Balance:
    gaps = from_dict(value["coverage"])
    whole = _part({**value, "key": "all", "missing_days": value["coverage"]["missing_days"]})
    by_story = value["share_by_story"]
    audited = by_story["basis"] == "audit"
    dates = value["likely_dates"]
    return Balance(
        first=date.fromisoformat(value["window"]["from"]), last=date.fromisoformat(value["window"]["to"]),
        read=value["read"], rejected=value["rejected"], outside=value["outside_window"], whole=whole,
        share_by_story=by_story["counted_negative"]["point"],
        beside=_beside(value["beside"], _weighted(by_story["counted_negative"]) if audited else None),
        cells={name: cells_of(rows) for name, rows in value["cells"].items()},
        changes=tuple(map(_delta, value["changes"])), lamps=tuple(map(lamp_of, value["lamps"])),
        channels=tuple(value["channels"]),
        by={dimension: tuple(map(_part, parts)) for dimension, parts in value["by"].items()},
        themes={name: _share(share) for name, share in value["themes"]["shares"].items()},
        themes_basis=value["themes"]["basis"], needed=Plan(**value["needed"]), limit=_limit(value),
        codebook=_codebook(value["codebook"]), labeller=(value["labeller"]["name"], value["labeller"]["version"]),
        draw=_draw(value) if value["draw"] else None, drawn=(), gaps=gaps,
        likely=(dates["items"], dates["outside_window"]), sources=tuple(value["sources"]), files=(),
        enrolments=tuple(value["enrolments"]), notes=tuple(value["notes"]),
    )  # fmt: skip


def _share(said: Said) -> ShareValue:
    return ShareValue(said["point"], said["low"], said["high"], said["confidence"])


def _part(said: Said) -> Part:
    return Part(
        said["key"], said["items"], said["stories"], said["audited"], said["unsure"],
        {name: _share(share) for name, share in said["shares"].items()}, Verdict(said["verdict"]), said["basis"],
        tuple(map(date.fromisoformat, said["missing_days"])),
    )  # fmt: skip


def _weighted(said: Said | None) -> WeightedShare | None:
    return None if said is None else WeightedShare(said["point"], said["low"], said["high"], said["confidence"])


def _coefficient(said: Said | None) -> Coefficient | None:
    return None if said is None else Coefficient(said["point"], said["low"], said["high"])


def _agreement(said: Said | None) -> Agreement | None:
    raw = _coefficient(said["raw"]) if said else None
    if said is None or raw is None:
        return None
    return Agreement(said["items"], raw, _coefficient(said["alpha"]), _coefficient(said["kappa"]), CONFIDENCE)


def _beside(said: Said, by_story: WeightedShare | None) -> Beside:
    corrected, machine, ahead, apart = said["auditor_error"], said["machine"], said["outlook"], said["apart"]
    return Beside(
        by_story=by_story, by_views=_weighted(said["by_views"]), agreement_tone=_agreement(said["agreement"]["tone"]),
        agreement_counted=_agreement(said["agreement"]["counted_negative"]), differing=said["differing"],
        corrected=Corrected(**corrected) if corrected else None,
        outlook=Outlook(ahead["likely"], ahead["safe"], Advice(ahead["advice"])) if ahead else None,
        machine=Machine(machine["estimate"], machine["drifted"]) if machine else None,
        apart=Apart(apart["basis"], _weighted(apart["vietnam"]), _weighted(apart["world"]), by_people=apart["by_people"])
        if apart else None,
    )  # fmt: skip


def _delta(said: Said) -> Delta:
    shares = {
        name: Change(Fraction(c["point"]), c["low"], c["high"], c["confidence"]) for name, c in said["shares"].items()
    }
    missing = tuple(map(date.fromisoformat, said["missing_days"]))
    # which channel lacked them is not kept: one stands for all
    gaps = Gaps((Covered("", 1, len(missing), missing),)) if missing else Gaps()
    return Delta(
        Span(said["span"]), said["file"], date.fromisoformat(said["from"]), date.fromisoformat(said["to"]), shares,
        said["same_channels"], gaps,
    )  # fmt: skip


def lamp_of(said: Said) -> Lamp:
    """One lamp from its JSON."""
    return Lamp(
        date.fromisoformat(said["to"]), said["days"], said["items"], said["audited"], said["low"], said["high"],
        said["confidence"], Verdict(said["sign"]),
    )  # fmt: skip


def _limit(value: Said) -> Limit:
    said = value["limit"]
    return replace(
        load_limits()[said["id"]], numerator=said["numerator"], value=Fraction(str(said["value"])), strict=said["strict"],
        period=said["period"], unit=said["unit"], timezone=value["window"]["timezone"], clauses=tuple(said["clauses"]),
        version=said["version"],
    )  # fmt: skip


def _codebook(said: Said) -> Codebook:
    """The codebook's names with the version and digest of then: ids keep their names from version to version."""
    return replace(load_codebook(), version=said["version"], digest=said["digest"])


def _draw(value: Said) -> Draw:
    said, window = value["draw"], value["window"]
    sizes, drawn = (tuple(cell[key] for cell in said["cells"]) for key in ("N", "n"))
    return _KeptDraw(
        commitment=said["commitment"], secret="", mode=said["mode"], frame_ids=(), scores=(), bands=(), epochs=(),
        sizes=sizes, budgets=(), by_scores=(), looks=((),) * (said["looks"] - 1) + (drawn,), drawn=(), doubled=(),
        labeller=(said["labeller"]["name"], said["labeller"]["version"]),
        codebook=(value["codebook"]["version"], value["codebook"]["digest"]), window=(window["from"], window["to"]),
        digest=said["frame_digest"],
    )  # fmt: skip
