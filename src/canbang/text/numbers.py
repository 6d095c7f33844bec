"""Numbers and dates as a Vietnamese reader writes them: 1.234,5 %, 29/3/2024."""

from __future__ import annotations

from datetime import date


def integer(value: int) -> str:
    """1234567 as "1.234.567"."""
    return f"{value:,}".replace(",", ".")


def decimal(value: float, digits: int = 1) -> str:
    """1234.5 as "1.234,5"."""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def percent(share: float, digits: int = 1) -> str:
    """A share in 0..1 as "9,4 %" (with a no-break space)."""
    return f"{decimal(100 * share, digits)}\u00a0%"


def percent_range(low: float, high: float, digits: int = 1) -> str:
    """Two shares as "5,1–12,0 %"."""
    return f"{decimal(100 * low, digits)}–{decimal(100 * high, digits)}\u00a0%"


def day(value: date) -> str:
    """A date as "29/3/2024"."""
    return f"{value.day}/{value.month}/{value.year}"
