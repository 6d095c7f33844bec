"""The draw's log: an append-only file beside it, one line for each thing done, each line holding its forerunner's hash.

It answers what the draw alone cannot: whether the month's mode stood before the first judgement, and whether somebody
drew again until a draw pleased. A line that was changed or taken out breaks the chain; a log that was thrown away is
missed. Somebody who rewrites the whole log and shows it to nobody beforehand is not found by it: publish its last hash with the commitment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from canbang.audit.draw import Draw
from canbang.errors import InputError, reason
from canbang.item import VIETNAM

START = "0" * 64


class Event(StrEnum):
    """What was done: a first draw, one more look, the secret's revealing."""

    DRAWN = "drawn"
    MORE = "more"
    REVEALED = "revealed"


@dataclass(frozen=True, slots=True)
class Log:
    """What a log that fits its draw says: when the draw in use was made, and how many draws were thrown away before it."""

    since: datetime
    thrown_away: int
    last_hash: str


def log_path(draw_path: Path) -> Path:
    """``draw.json`` has its log in ``draw.log``."""
    return draw_path.with_suffix(".log")


def drawn_digest(draw: Draw) -> str:
    """SHA-256 over what must not change afterwards: frame, codebook, mode, budgets and the drawn ids in order."""
    parts = [draw.frame_digest, draw.codebook[1], draw.mode, *map(str, draw.budgets), *draw.drawn]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: không đọc được nhật ký rút mẫu. Dùng lại tệp gốc.") from error


def append_log(
    draw_path: Path, draw: Draw, event: Event, now: Callable[[], datetime] = lambda: datetime.now(VIETNAM)
) -> None:
    """Add a line to the log of ``draw_path``; raises :class:`InputError` where it cannot be written."""
    path = log_path(draw_path)
    lines = _lines(path)
    line = json.dumps(
        {
            "at": now().isoformat(timespec="seconds"),
            "event": event.value,
            "mode": draw.mode,
            "labels": list(draw.budgets),
            "commitment": draw.commitment,
            "drawn_digest": drawn_digest(draw),
            "previous": _hash(lines[-1]) if lines else START,
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as error:
        raise InputError(f"{path}: không ghi được nhật ký rút mẫu ({reason(error)}).") from error


def _entries(path: Path, lines: list[str]) -> list[dict[str, Any]]:
    entries, previous = [], START
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            whole = entry["previous"] == previous and bool(Event(entry["event"])) and entry["at"] and entry["labels"]
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            raise InputError(
                f"{path}, dòng {number}: nhật ký rút mẫu đã bị sửa hoặc mất dòng. Nhật ký chỉ được ghi thêm; dùng lại tệp gốc."
            )
        entries.append(entry)
        previous = _hash(line)
    return entries


def check_log(draw_path: Path, draw: Draw) -> Log:
    """What the log says of ``draw``; raises :class:`InputError` where it is absent, broken, or tells of another draw."""
    path = log_path(draw_path)
    lines = _lines(path)
    if not lines:
        raise InputError(
            f"{path}: thiếu nhật ký rút mẫu của {draw_path.name}. canbang sample ghi nó cùng tệp rút mẫu; giữ hai tệp cạnh nhau."
        )
    entries = _entries(path, lines)
    firsts = [place for place, entry in enumerate(entries) if entry["event"] == Event.DRAWN]
    ours = entries[firsts[-1] :] if firsts else []
    looks = [entry for entry in ours if entry["event"] != Event.REVEALED]
    if any(entry["mode"] != draw.mode for entry in ours):
        raise InputError(
            f"{draw_path}: cách xem kết quả ({draw.mode}) khác lúc rút mẫu ({ours[0]['mode']}, theo {path.name}). "
            "Cách xem đã chọn trước khi chấm thì không đổi được."
        )
    if not looks or looks[-1]["drawn_digest"] != drawn_digest(draw) or len(looks) != len(draw.budgets):
        raise InputError(f"{draw_path}: không phải lần rút mẫu ghi sau cùng trong {path.name}. Dùng lại tệp gốc.")
    return Log(datetime.fromisoformat(ours[0]["at"]), len(firsts) - 1, _hash(lines[-1]))
