"""How long work takes, for every benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable


def best(work: Callable[[], object], passes: int = 3) -> float:
    """Seconds of the fastest pass."""
    times = []
    for _ in range(passes):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
