"""Cells of exports that a spreadsheet must show and never run."""

from __future__ import annotations

_LIVE = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe stands before ``= + - @``."""
    return f"'{text}" if text.startswith(_LIVE) else text


def unsafe_cell(text: str) -> str:
    """The text as it was before :func:`safe_cell`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_LIVE) else text
