"""Files that a command writes never take the place of what it reads, of each other, or of somebody's work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from canbang.errors import InputError


def check_outputs(
    inputs: Sequence[str | Path | None], outputs: Sequence[Path | None], fresh: Sequence[Path | None] = ()
) -> None:
    """Raise :class:`InputError` where an output is an input or another output, or one of ``fresh`` exists already."""
    read = {Path(path).resolve(): str(path) for path in inputs if path is not None and "://" not in str(path)}
    written: dict[Path, Path] = {}
    for path in (path for path in outputs if path is not None):
        place = path.resolve()
        if place in read:
            raise InputError(f"{path}: tệp ghi ra trùng với tệp đọc vào ({read[place]}), không ghi. Chọn tên khác.")
        if place in written:
            raise InputError(f"{path}: hai tệp ghi ra trùng tên ({written[place]}). Chọn tên khác.")
        written[place] = path
    for started in fresh:
        if started is not None and started.exists():
            raise InputError(
                f"{started}: đã có tệp này, có thể đang chấm dở. Chọn tên khác, hoặc thêm --force nếu lệnh có."
            )
