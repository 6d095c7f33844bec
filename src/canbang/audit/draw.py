"""The frozen draw: which items people judge, decided by a secret and nothing else.

Each item has a permanent random number, HMAC-SHA256 of the secret and its id; in each score band the items with the
smallest numbers are drawn. So a draw is a simple random sample within its band, for any channel or week inside it,
and anybody with the secret can repeat it. Scores and bands are frozen in the file: a newer labeller changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.errors import InputError
from canbang.estimate.design import allocate, bands

FORMAT = "canbang-draw/1"


@dataclass(frozen=True, slots=True)
class Draw:
    """A frame (ids with frozen score and band), the drawn ids, and what they were made with.

    ``frame_ids`` is sorted; ``scores`` and ``bands`` run beside it. ``sizes`` and ``drawn_sizes`` are N and n by band.
    """

    secret: str
    frame_ids: tuple[str, ...]
    scores: tuple[float, ...]
    bands: tuple[int, ...]
    sizes: tuple[int, ...]
    drawn_sizes: tuple[int, ...]
    drawn: tuple[str, ...]
    labeller: str
    labeller_version: str
    codebook_version: str
    codebook_digest: str
    window_from: str
    window_to: str

    @property
    def frame_digest(self) -> str:
        """SHA-256 over the sorted ids of the frame."""
        return frame_digest(self.frame_ids)


def frame_digest(ids: Sequence[str]) -> str:
    """SHA-256 over sorted ids, each ended by a zero byte."""
    digest = hashlib.sha256()
    for item_id in ids:
        digest.update(item_id.encode() + b"\0")
    return digest.hexdigest()


def draw_key(secret: bytes, item_id: str) -> float:
    """The permanent random number of an item, in [0, 1)."""
    code = hmac.new(secret, item_id.encode(), hashlib.sha256).digest()
    return int.from_bytes(code[:7], "big") / (1 << 56)


def make_draw(
    ids: Sequence[str],
    scores: NDArray[np.float64],
    budget: int,
    secret: str,
    *,
    labeller: tuple[str, str],
    codebook: tuple[str, str],
    window: tuple[str, str],
) -> Draw:
    """Draw ``budget`` of ``ids`` (all of them where there are fewer). Labeller and codebook: (name, version/digest)."""
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    sorted_ids = [ids[i] for i in order]
    # four digits: what the file holds is what the bands are cut from, so that a reader can cut them again
    sorted_scores = np.round(scores[order], 4)
    band = bands(sorted_scores, budget)
    sizes = np.bincount(band)
    means = np.bincount(band, weights=sorted_scores) / sizes
    counts = allocate(sizes.tolist(), means.tolist(), budget)
    keys = np.array([draw_key(secret.encode(), item_id) for item_id in sorted_ids])
    drawn: list[int] = []
    for h, n in enumerate(counts):
        members = np.flatnonzero(band == h)
        drawn += members[np.argsort(keys[members], kind="stable")[:n]].tolist()
    # the sheet's order must not tell the band
    drawn.sort(key=lambda i: hashlib.sha256((secret + sorted_ids[i]).encode()).digest())
    return Draw(
        secret=secret,
        frame_ids=tuple(sorted_ids),
        scores=tuple(sorted_scores.tolist()),
        bands=tuple(band.tolist()),
        sizes=tuple(sizes.tolist()),
        drawn_sizes=tuple(counts),
        drawn=tuple(sorted_ids[i] for i in drawn),
        labeller=labeller[0],
        labeller_version=labeller[1],
        codebook_version=codebook[0],
        codebook_digest=codebook[1],
        window_from=window[0],
        window_to=window[1],
    )


def write_draw(draw: Draw, path: Path) -> None:
    """Write the draw as JSON."""
    cells = [
        {"band": h, "N": size, "n": n} for h, (size, n) in enumerate(zip(draw.sizes, draw.drawn_sizes, strict=True))
    ]
    value = {
        "format": FORMAT,
        "seed": draw.secret,
        "window": {"from": draw.window_from, "to": draw.window_to},
        "labeller": {"name": draw.labeller, "version": draw.labeller_version},
        "codebook": {"version": draw.codebook_version, "digest": draw.codebook_digest},
        "frame_digest": draw.frame_digest,
        "cells": cells,
        "drawn": list(draw.drawn),
        "frame": [list(row) for row in zip(draw.frame_ids, draw.scores, draw.bands, strict=True)],
    }
    try:
        path.write_text(json.dumps(value, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", "utf-8")
    except OSError as error:
        raise InputError(f"{path}: không ghi được tệp ({error.strerror}).") from error


def read_draw(path: Path) -> Draw:
    """A draw from its file. Raises :class:`InputError` where the file is absent, damaged or was changed by hand."""
    try:
        value: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if value["format"] != FORMAT:
            raise KeyError("format")
        ids, scores, band = zip(*value["frame"], strict=True)
        draw = Draw(
            secret=value["seed"], frame_ids=tuple(ids), scores=tuple(map(float, scores)), bands=tuple(map(int, band)),
            sizes=tuple(cell["N"] for cell in value["cells"]),
            drawn_sizes=tuple(cell["n"] for cell in value["cells"]),
            drawn=tuple(value["drawn"]), labeller=value["labeller"]["name"],
            labeller_version=value["labeller"]["version"], codebook_version=value["codebook"]["version"],
            codebook_digest=value["codebook"]["digest"], window_from=value["window"]["from"],
            window_to=value["window"]["to"],
        )  # fmt: skip
        written = value["frame_digest"]
    except FileNotFoundError as error:
        raise InputError(f"{path}: không có tệp rút mẫu này. Tạo bằng lệnh canbang sample.") from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InputError(f"{path}: tệp rút mẫu bị hỏng hoặc không phải tệp do canbang sample ghi.") from error
    verify(draw, written, path)
    return draw


def verify(draw: Draw, written_digest: str, path: Path) -> None:
    """Recompute the draw from its seed; raises :class:`InputError` where anything in the file was changed."""
    if draw.frame_digest != written_digest:
        raise InputError(f"{path}: danh sách tin trong tệp rút mẫu đã bị sửa (mã kiểm không khớp). Dùng lại tệp gốc.")
    again = make_draw(
        draw.frame_ids, np.array(draw.scores), sum(draw.drawn_sizes), draw.secret,
        labeller=(draw.labeller, draw.labeller_version), codebook=(draw.codebook_version, draw.codebook_digest),
        window=(draw.window_from, draw.window_to),
    )  # fmt: skip
    for name, what in (("bands", "nhóm điểm"), ("sizes", "số tin mỗi nhóm"), ("drawn_sizes", "số tin rút mỗi nhóm"), ("drawn", "các tin được rút")):  # fmt: skip
        if getattr(again, name) != getattr(draw, name):
            raise InputError(
                f"{path}: {what} không khớp với mã rút mẫu, tệp đã bị sửa. Dùng lại tệp gốc hoặc rút mẫu mới."
            )
