"""Phrases of an item that can be left out, to see what each is worth to a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canbang.label import features

WORTH_TELLING = 0.05
"""Log-odds under which a phrase is no reason."""

Cut = tuple[int, int, int]
"""Field (0 title, 1 rest), first token, token behind the last."""


@dataclass(frozen=True)
class Text:
    """An item's two fields with the places of their tokens."""

    fields: tuple[str, str]
    spans: tuple[list[tuple[int, int]], list[tuple[int, int]]]

    @classmethod
    def of(cls, fields: tuple[str, str]) -> Text:
        """Find the tokens of a title and a rest."""
        places = [[m.span() for m in features.TOKEN.finditer(text)][: features.MAX_TOKENS] for text in fields]
        return cls(fields, (places[0], places[1]))

    def windows(self) -> list[Cut]:
        """All runs of two to four words, and single words where a field has no more."""
        out: list[Cut] = []
        for which in (0, 1):
            text, spans = self.fields[which], self.spans[which]
            words = [text[a].isalnum() for a, _ in spans]
            for size in (1,) if len(spans) == 1 else (2, 3, 4):
                out += [(which, i, i + size) for i in range(len(spans) - size + 1) if all(words[i : i + size])]
        return out

    def phrase(self, cut: Cut) -> str:
        """The words of a cut as they stand in the text."""
        which, i, j = cut
        return self.fields[which][self.spans[which][i][0] : self.spans[which][j - 1][1]]

    def without(self, cut: Cut) -> tuple[str, str]:
        """The fields with a cut left out."""
        which, i, j = cut
        text, spans = self.fields[which], self.spans[which]
        left = f"{text[: spans[i][0]]} {text[spans[j - 1][1] :]}"
        return (left, self.fields[1]) if which == 0 else (self.fields[0], left)


def strongest(cuts: Sequence[Cut], worth: NDArray[np.float32], limit: int) -> list[tuple[Cut, bool]]:
    """The strongest cuts that do not overlap, each with whether it speaks for the label; a longer one must earn its
    length."""
    size = np.array([j - i for _, i, j in cuts], np.float32)
    taken: set[tuple[int, int]] = set()
    out: list[tuple[Cut, bool]] = []
    for k in np.argsort(-np.abs(worth) / np.sqrt(size), kind="stable"):
        which, i, j = cuts[k]
        here = {(which, t) for t in range(i, j)}
        if len(out) == limit or abs(worth[k]) < WORTH_TELLING:
            break
        if not here & taken:
            taken |= here
            out.append((cuts[k], bool(worth[k] > 0)))
    return out


def merged(chosen: Sequence[tuple[Cut, bool]]) -> list[Cut]:
    """Neighbouring cuts of one direction as one phrase."""
    out: list[tuple[Cut, bool]] = []
    for (which, i, j), up in sorted(chosen):
        if out and out[-1][1] == up and out[-1][0][0] == which and out[-1][0][2] == i:
            out[-1] = ((which, out[-1][0][1], j), up)
        else:
            out.append(((which, i, j), up))
    return [cut for cut, _ in out]
