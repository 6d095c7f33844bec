"""Items that were taken in by hand, as JSON Lines that ``measure`` reads: only ever appended to, each act once."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from canbang.errors import InputError, reason
from canbang.fetch.columns import METRICS
from canbang.item import Item

_BLOCK = 1 << 20


def record_of(item: Item) -> dict[str, Any]:
    """An item as one JSON object; every key is there in every line, so that a reader knows them by the first."""
    return {
        "channel": item.channel, "platform_id": item.platform_id, "url": item.url,
        "published_at": item.published_at.isoformat(), "title": item.title, "lead": item.lead, "text": item.text,
        "kind": item.kind.value, "share_of": item.share_of, "section": item.section,
        "date_source": item.date_source.value, "date_confidence": item.date_confidence.value,
        **{name: item.metrics.get(name) for name in METRICS},
    }  # fmt: skip


class Accepted:
    """A file of accepted items, held by this process alone: ``ids`` are already in it, ``add`` appends."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self._handle = path, handle
        self.ids: dict[str, int] = {}
        self.broken: list[int] = []
        self._torn = False
        self._read()

    def _read(self) -> None:
        line, number = b"", 0
        with os.fdopen(os.dup(self._handle), "rb") as stream:
            stream.seek(0)
            for number, line in enumerate(stream, 1):
                self._take(number, line)
        self._torn = bool(line) and not line.endswith(b"\n")

    def _take(self, number: int, line: bytes) -> None:
        if not line.strip():
            return
        try:
            value = json.loads(line)
            self.ids[f"{value['channel']}/{value['platform_id']}"] = number
        except (ValueError, KeyError, TypeError, RecursionError):
            self.broken.append(number)

    def add(self, items: Sequence[Item]) -> None:
        """Append, and return once the disk has it. Raises :class:`InputError`; what stood there before stays."""
        if not items:
            return
        text = "".join(json.dumps(record_of(item), ensure_ascii=False) + "\n" for item in items)
        data = ("\n" if self._torn else "").encode() + text.encode("utf-8", "replace")
        start = os.lseek(self._handle, 0, os.SEEK_END)
        try:
            while data:
                data = data[os.write(self._handle, data) :]
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, start)  # a half-written batch would be half accepted
            raise InputError(
                f"{self.path}: không ghi được ({reason(error)}). Chưa nhận dòng nào của lần này."
            ) from error
        self._torn = False
        self.ids.update((item.id, 0) for item in items)


@contextmanager
def accepted(path: Path) -> Iterator[Accepted]:
    """The file, made where it is absent, locked until the end. Raises :class:`InputError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise InputError(f"{path}: không ghi được tệp tin đã nhận ({reason(error)}). Chọn chỗ khác bằng -o.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield Accepted(path, handle)
    finally:
        if fresh and os.fstat(handle).st_size == 0:
            path.unlink(missing_ok=True)  # nothing was accepted: no empty file to trip over
        os.close(handle)
