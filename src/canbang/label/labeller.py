"""What a labeller is: a name, a version, and probabilities for every item in fixed columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from canbang.item import Item

TONES = ("positive", "neutral", "negative")
THEMES = (
    "policy", "public_affairs", "economy", "society", "education_science", "health", "culture_sport",
    "entertainment", "defence_security", "good_deed", "law_crime", "accident_disaster", "world",
)  # fmt: skip
COLUMNS: tuple[str, ...] = (
    *(f"tone:{tone}" for tone in TONES),
    "dark_side",
    "sensational",
    "public_interest",
    "counted_negative",
    "clickbait",
    *(f"theme:{theme}" for theme in THEMES),
)
"""Columns of a prediction. ``clickbait`` is another definition than ``sensational``: a hint, never a share."""

COLUMN = {name: position for position, name in enumerate(COLUMNS)}


class Labeller(Protocol):
    """Anything that gives probabilities for items; stateless between calls."""

    @property
    def name(self) -> str:
        """Short name, as the report prints it."""

    @property
    def version(self) -> str:
        """Changes whenever a prediction could change."""

    def predict(self, items: Sequence[Item]) -> NDArray[np.float32]:
        """Probabilities, ``shape (len(items), len(COLUMNS))``; tones and themes each sum to 1."""
