"""One writer at a time: a lock that the system takes away when its process ends, however it ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO


def lock(path: Path) -> IO[bytes] | None:
    """The open lock file, held until it is closed; ``None`` where another process holds it. Raises ``OSError``."""
    stream = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        stream.close()
        return None
    return stream
