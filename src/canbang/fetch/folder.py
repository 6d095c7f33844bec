"""Filling a folder of collected acts, so that a process may be killed at any moment (format: :mod:`canbang.fetch.collected`)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from canbang.errors import InputError, reason
from canbang.fetch.collected import COVERAGE, CURSOR, LOCK, VERSION, Known, as_dict, digest, scan
from canbang.fetch.coverage import Attempt, Outcome, moment
from canbang.fetch.locked import lock
from canbang.fetch.source import Reject
from canbang.item import Item


class Folder:
    """A folder being filled: ``with Folder(path) as folder``. One process at a time; the lock ends with the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known = Known()
        self.recovered: list[str] = []
        self.cursor: dict[str, Any] = {}
        self._lock: IO[bytes] | None = None
        self._streams: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Folder:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = lock(self.path / LOCK)
        except OSError as error:
            raise InputError(f"{self.path}: không mở được thư mục thu thập ({reason(error)}).") from error
        if self._lock is None:
            raise InputError(f"{self.path}: đang có một lần thu thập khác ghi vào thư mục này. Đợi lần đó xong.")
        for path in [*sorted(self.path.glob("items-????-??.jsonl")), self.path / COVERAGE]:
            if path.exists() and _take_off_torn_line(path):
                self.recovered.append(path.name)
        self.known = scan(self.path)
        self.cursor = self._read_cursor()
        for said in list(self.known.open.values()):
            self._close_interrupted(said)
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams.values():
            stream.close()
        if self._lock:
            self._lock.close()

    def _close_interrupted(self, said: Mapping[str, Any]) -> None:
        """A reading that never said how it went: the ledger says so, and what waited before it still waits."""
        begun = moment(said["started"])
        channel, address = str(said["channel"]), str(said["address"])
        last = self.last(channel, address)
        self.end(Attempt(channel, address, begun, begun, Outcome.INTERRUPTED, waiting=last.waiting if last else ()))

    def last(self, channel: str, address: str) -> Attempt | None:
        """The latest attempt at an address."""
        return next((a for a in reversed(self.known.attempts.get(channel, [])) if a.address == address), None)

    def begin(self, channel: str, address: str, started: datetime, enrolment: str) -> None:
        """Say that a reading begins; on disk before the first request."""
        said = {"record": "begin", "channel": channel, "address": address, "started": started.isoformat(),
                "enrolment": enrolment}  # fmt: skip
        self._write(COVERAGE, said)
        self.flush()
        self.known.take_coverage(said)

    def act(self, item: Item, seen: datetime, converted: str = "") -> str:
        """Note an act: "new", "revised" or "known". A revision stays in the month of its act.

        ``converted`` is put on record beside it: "tcvn3" or "vni" where a font encoding was undone.
        """
        acts = self.known.acts.setdefault(item.channel, {})
        known = acts.get(item.platform_id)
        if known and known.digest == digest(item) and not known.deleted:
            return "known"
        month = known.month if known else f"{item.published_at:%Y-%m}"
        said = {"record": "revision" if known else "act", "seen_at": seen.isoformat(), **as_dict(item)}
        said |= {"converted": converted} if converted else {}
        self._note(month, said)
        return "revised" if known else "new"

    def deleted(self, channel: str, key: str, seen: datetime, status: str) -> None:
        """Mark an act that was taken down; ``status`` says how that was seen. It stays counted."""
        month = self.known.acts[channel][key].month
        self._note(month, {"record": "deleted", "channel": channel, "platform_id": key, "seen_at": seen.isoformat(), "why": status})  # fmt: skip

    def reject(self, channel: str, key: str, reject: Reject, seen: datetime) -> bool:
        """Note something that is no item, once; whether it was new."""
        if key in self.known.rejects.get(channel, {}):
            return False
        said = {"record": "reject", "channel": channel, "platform_id": key, "seen_at": seen.isoformat(),
                "reason": reject.reason, "start": reject.start}  # fmt: skip
        self._note(f"{seen:%Y-%m}", said)
        return True

    def _note(self, month: str, said: Mapping[str, Any]) -> None:
        self._write(f"items-{month}.jsonl", said)
        self.known.take(-1, month, 0, said)

    def _write(self, name: str, said: Mapping[str, Any]) -> None:
        stream = self._streams.get(name)
        try:
            if stream is None:
                stream = self._streams[name] = (self.path / name).open("ab")
            stream.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        except OSError as error:
            raise InputError(f"{self.path / name}: không ghi được ({reason(error)}).") from error

    def flush(self) -> None:
        """Put everything written on disk: items before coverage, in this order."""
        try:
            for name in sorted(self._streams, key=lambda name: name == COVERAGE):
                self._streams[name].flush()
                os.fsync(self._streams[name].fileno())
        except OSError as error:
            raise InputError(f"{self.path}: không ghi được ({reason(error)}).") from error

    def end(self, *attempts: Attempt) -> None:
        """The lines of coverage of one reading, after the acts that they vouch for are on disk."""
        self.flush()
        for attempt in attempts:
            self._write(COVERAGE, attempt.as_dict())
        self.flush()
        for attempt in attempts:
            self.known.take_coverage(attempt.as_dict())

    def commit(self, address: str, memory: Mapping[str, Any]) -> None:
        """Replace the cursor in one step."""
        self.cursor[address] = dict(memory)
        part = self.path / (CURSOR + ".tmp")
        try:
            with part.open("w", encoding="utf-8") as stream:
                json.dump({"version": VERSION, "addresses": self.cursor}, stream, ensure_ascii=False)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self.path / CURSOR)
        except OSError as error:
            raise InputError(f"{self.path / CURSOR}: không ghi được ({reason(error)}).") from error

    def _read_cursor(self) -> dict[str, Any]:
        try:
            said = json.loads((self.path / CURSOR).read_text("utf-8"))
            return dict(said["addresses"]) if said["version"] == VERSION else {}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError):
            self.recovered.append(CURSOR)  # it only saves requests: what it held is asked again
            return {}


def _take_off_torn_line(path: Path) -> bool:
    """Cut what stands behind the last line break; whether there was anything."""
    with path.open("rb+") as stream:
        size = stream.seek(0, os.SEEK_END)
        at = size
        while at > 0:
            step = min(at, 1 << 16)
            stream.seek(at - step)
            block = stream.read(step)
            found = block.rfind(b"\n")
            if found >= 0:
                at = at - step + found + 1
                break
            at -= step
        if at == size:
            return False
        stream.truncate(at)
        stream.flush()
        os.fsync(stream.fileno())
        return True
