"""The fictional province of `canbang desk --demo`."""

from __future__ import annotations


def load(host: str, port: int) -> list[str]:
    """TODO."""
    raise NotImplementedError
