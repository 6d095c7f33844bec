"""The limits that the letters set, as data: 15 %, strict ("dưới"), calendar month, act of publishing as unit."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit; ``strict`` means that exactly the value does not meet it."""

    id: str
    name_vi: str
    name_en: str
    numerator: str
    value: Fraction
    strict: bool
    words: str
    period: str
    unit: str
    timezone: str
    clauses: tuple[str, ...]
    version: str


@cache
def load_limits() -> dict[str, Limit]:
    """Limits by id."""
    parsed = tomllib.loads(files("canbang").joinpath("data/limits.toml").read_text("utf-8"))
    return {
        table["id"]: Limit(
            id=table["id"],
            name_vi=table["name_vi"],
            name_en=table["name_en"],
            numerator=table["numerator"],
            value=Fraction(table["value_numerator"], table["value_denominator"]),
            strict=table["strict"],
            words=table["words"],
            period=table["period"],
            unit=table["unit"],
            timezone=table["timezone"],
            clauses=tuple(table["clause"]),
            version=parsed["version"],
        )
        for table in parsed["limits"]
    }
