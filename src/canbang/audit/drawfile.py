"""The draw as a file: JSON that a person can read, and that is refused where anything in it was changed."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from canbang.audit.draw import Draw, commitment_of, differences
from canbang.errors import InputError, reason

FORMAT = "canbang-draw/1"


def as_dict(draw: Draw, *, reveal: bool = True) -> dict[str, Any]:
    """The draw as plain values; without ``reveal`` the secret stays out."""
    cells = [
        {"band": h, "N": size, "n": n} for h, (size, n) in enumerate(zip(draw.sizes, draw.drawn_sizes, strict=True))
    ]
    return {
        "format": FORMAT,
        "commitment": draw.commitment,
        "seed": draw.secret if reveal else None,
        "mode": draw.mode,
        "window": {"from": draw.window[0], "to": draw.window[1]},
        "labeller": {"name": draw.labeller[0], "version": draw.labeller[1]},
        "codebook": {"version": draw.codebook[0], "digest": draw.codebook[1]},
        "frame_digest": draw.frame_digest,
        "cells": cells,
        "looks": [
            {"labels": budget, "n": list(n), "by_scores": followed}
            for budget, n, followed in zip(draw.budgets, draw.looks, draw.by_scores, strict=True)
        ],
        "drawn": list(draw.drawn),
        "doubled": list(draw.doubled),
        "frame": [list(row) for row in zip(draw.frame_ids, draw.scores, draw.bands, draw.epochs, strict=True)],
    }


def write_draw(draw: Draw, path: Path, *, reveal: bool = True) -> None:
    """Write the draw in one step; without ``reveal`` the secret stays out of the file."""
    part = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(render(draw, reveal=reveal), "utf-8")
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: không ghi được tệp ({reason(error)}).") from error


def render(draw: Draw, *, reveal: bool = True) -> str:
    """The draw as one line of JSON."""
    return json.dumps(as_dict(draw, reveal=reveal), ensure_ascii=False, separators=(",", ":")) + "\n"


def from_dict(value: dict[str, Any]) -> Draw:
    """The draw that :func:`as_dict` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    if value["format"] != FORMAT:
        raise KeyError("format")
    ids, scores, band, epochs = zip(*value["frame"], strict=True)
    draw = Draw(
        commitment=str(value["commitment"]), secret=str(value["seed"] or ""), mode=str(value["mode"]),
        frame_ids=tuple(map(str, ids)), scores=tuple(map(float, scores)), bands=tuple(map(int, band)), epochs=tuple(map(int, epochs)),
        sizes=tuple(int(cell["N"]) for cell in value["cells"]),
        budgets=tuple(int(look["labels"]) for look in value["looks"]),
        by_scores=tuple(bool(look["by_scores"]) for look in value["looks"]),
        looks=tuple(tuple(map(int, look["n"])) for look in value["looks"]),
        drawn=tuple(map(str, value["drawn"])), doubled=tuple(map(str, value["doubled"])),
        labeller=(str(value["labeller"]["name"]), str(value["labeller"]["version"])),
        codebook=(str(value["codebook"]["version"]), str(value["codebook"]["digest"])),
        window=(str(value["window"]["from"]), str(value["window"]["to"])),
    )  # fmt: skip
    tally = [0] * len(draw.sizes)
    band_of = dict(zip(draw.frame_ids, draw.bands, strict=True))
    for item_id in draw.drawn:
        tally[band_of[item_id]] += 1
    counted = [sum(1 for b in draw.bands if b == h) for h in range(len(draw.sizes))]
    if (
        not draw.looks or tuple(tally) != draw.drawn_sizes or tuple(counted) != draw.sizes
        or [cell["n"] for cell in value["cells"]] != tally or len(set(draw.drawn)) != len(draw.drawn)
    ):  # fmt: skip
        raise ValueError("counts do not agree")
    return draw


def read_draw(path: Path, secret: str = "") -> Draw:
    """A draw from its file, recomputed from its seed (or ``secret``) where there is one.

    Raises :class:`InputError` where the file is absent or damaged, or anything in it was changed by hand.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
        draw = from_dict(value)
    except FileNotFoundError as error:
        raise InputError(f"{path}: không có tệp rút mẫu này. Tạo bằng lệnh canbang sample.") from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise InputError(
            f"{path}: tệp rút mẫu bị hỏng, đã bị sửa hoặc không do canbang sample ghi. Dùng lại tệp gốc."
        ) from error
    if draw.frame_digest != value.get("frame_digest"):
        raise InputError(f"{path}: danh sách tin trong tệp rút mẫu đã bị sửa (mã kiểm không khớp). Dùng lại tệp gốc.")
    known = secret or draw.secret
    changed = differences(draw, known) if known else []
    if changed:
        raise InputError(
            f"{path}: {', '.join(changed)} không khớp khi tính lại từ mã rút mẫu, tệp đã bị sửa. Dùng lại tệp gốc hoặc rút mẫu mới."
        )
    return draw


def new_secret_file(path: Path) -> str:
    """Make a month's secret, readable by its owner only; gives its commitment. An existing file is never replaced."""
    secret = secrets.token_hex(16)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(f"{path}: đã có mã rút mẫu này, không ghi đè. Mỗi kỳ một tệp mã.") from error
    except OSError as error:
        raise InputError(f"{path}: không ghi được tệp mã ({reason(error)}).") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(secret + "\n")
    return commitment_of(secret)


def read_secret(path: Path) -> str:
    """The secret in a file made by :func:`new_secret_file`."""
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: không đọc được tệp mã rút mẫu. Tạo bằng canbang draw commit.") from error
    if not secret:
        raise InputError(f"{path}: tệp mã rút mẫu rỗng.")
    return secret
