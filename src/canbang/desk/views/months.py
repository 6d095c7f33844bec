"""A month in an address: 2026-09."""

from __future__ import annotations

from datetime import date


class MonthConverter:
    """``2026-09`` as the first day of that month."""

    regex = r"20\d\d-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        """The month's first day."""
        return date.fromisoformat(f"{value}-01")

    def to_url(self, value: date) -> str:
        """The month as it stands in an address."""
        return f"{value:%Y-%m}"
