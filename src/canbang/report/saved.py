"""A report saved as JSON, read back by its cells: what a comparison and a roll-up are computed from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.estimate.share import Cell, ShareError, estimate_share
from canbang.report.gaps import Gaps, from_dict

SCHEMA = "canbang-balance/1"
ROLLUP_SCHEMA = "canbang-rollup/1"
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Saved:
    """The audited figures of one report: its window, and for each share the cells it was estimated from.

    ``frames`` are the digests of the frames behind it (one, or those of a roll-up's sheets); ``source`` is its file.
    ``confidence`` is that of its intervals; ``gaps`` are empty for a report that was saved before they were kept.
    """

    source: str
    first: date
    last: date
    items: int
    stories: int
    channels: tuple[str, ...]
    cells: Mapping[str, tuple[Cell, ...]]
    confidence: float
    codebook: tuple[str, str]
    limit: str
    frames: tuple[str, ...]
    gaps: Gaps = field(default_factory=Gaps)


def cells_as_list(cells: Sequence[Cell]) -> list[dict[str, int]]:
    """Cells as JSON holds them, in order: N items, n audited, x with the property, unsure."""
    return [{"N": c.items, "n": c.audited, "x": c.positive, "unsure": c.unsure} for c in cells]


def cells_of(rows: Sequence[Mapping[str, int]]) -> tuple[Cell, ...]:
    """The cells that :func:`cells_as_list` wrote."""
    return tuple(Cell(str(h), row["N"], row["n"], row["x"], row["unsure"]) for h, row in enumerate(rows))


def _parsed(value: Mapping[str, Any], source: str) -> Saved:
    cells = {name: cells_of(rows) for name, rows in value["cells"].items()}
    items = int(value["items"])
    shares = value["shares"] | {f"theme:{name}": share for name, share in value["themes"]["shares"].items()}
    for name, rows in cells.items():
        found = estimate_share(rows)
        if found.items != items or abs(float(found.point) - shares[name]["point"]) > _ROUNDING:
            raise ValueError(f"{name}: cells and share do not agree")
    return Saved(
        source=source,
        first=date.fromisoformat(value["window"]["from"]),
        last=date.fromisoformat(value["window"]["to"]),
        items=items,
        stories=int(value["stories"]),
        channels=tuple(map(str, value["channels"])),
        cells=cells,
        confidence=float(value["shares"]["counted_negative"]["confidence"]),
        codebook=(str(value["codebook"]["version"]), str(value["codebook"]["digest"])),
        limit=str(value["limit"]["version"]),
        frames=tuple(map(str, value["frames"])),
        gaps=from_dict(value["coverage"]) if "coverage" in value else Gaps(),
    )


def read_saved(path: Path) -> Saved:
    """A saved report or roll-up in a file; raises :class:`InputError` where it is none, damaged, or holds no audit."""
    try:
        value = json.loads(path.read_text("utf-8-sig"))
        value["schema"]
    except FileNotFoundError as error:
        raise InputError(f"{path}: không có tệp này.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: không phải phiếu cân bằng dạng JSON. Lưu phiếu bằng canbang measure … --json > thang8.json."
        ) from error
    return saved_of(value, str(path))


def saved_of(value: Mapping[str, Any], source: str) -> Saved:
    """The same from the parsed JSON; ``source`` is what messages call it."""
    if value["schema"] not in (SCHEMA, ROLLUP_SCHEMA):
        raise InputError(f"{source}: phiếu ghi theo khuôn “{str(value['schema'])[:40]}”, bản này không đọc được.")
    if value.get("basis") == "machine":
        raise InputError(f"{source}: phiếu này là ước tính máy, chưa có mẫu chấm nên không so sánh, không gộp được.")
    try:
        return _parsed(value, source)
    except (ShareError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{source}: phiếu bị hỏng hoặc đã bị sửa: tỉ lệ không khớp các ô mẫu. Lưu lại từ canbang measure."
        ) from error


def check_same_rules(saved: Saved, other: Saved) -> None:
    """Raise :class:`InputError` where two reports were judged by different codebooks or held against different limits."""
    if saved.codebook[1] != other.codebook[1]:
        raise InputError(
            f"{other.source}: chấm theo bộ tiêu chí khác (bản {other.codebook[0]}, mã {other.codebook[1][:12]}; "
            f"{saved.source} theo bản {saved.codebook[0]}, mã {saved.codebook[1][:12]}). Hai bộ tiêu chí không so, không gộp được."
        )
    if saved.limit != other.limit:
        raise InputError(
            f"{other.source}: theo bộ giới hạn bản {other.limit}, khác bản {saved.limit} của {saved.source}."
        )


def check_apart(saved: Saved, other: Saved) -> None:
    """Raise :class:`InputError` where two reports hold the same items: one frame, or one channel on the same days."""
    if set(saved.frames) & set(other.frames):
        raise InputError(f"{other.source}: cùng một danh sách tin với {saved.source}; mỗi phiếu chỉ tính một lần.")
    both = sorted(set(saved.channels) & set(other.channels))
    if both and saved.first <= other.last and other.first <= saved.last:
        raise InputError(
            f"{other.source}: trùng ngày với {saved.source} ở kênh “{both[0][:40]}”, tin sẽ bị đếm hai lần. "
            "Bỏ một phiếu; nếu là hai kênh khác nhau thì đo lại với --channel để đặt tên riêng."
        )
