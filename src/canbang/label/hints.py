"""What an editor may ask about a phrase that makes an item sound sensational (``data/hints.toml``).

The labeller says which phrases moved `sensational`; this says in words what each does. It finds no items and counts
nothing: a phrase is only looked at after the labeller has pointed to it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from canbang.text.normalise import fold_tone, nfc

DATA = Path(__file__).resolve().parent.parent / "data" / "hints.toml"
_SHOUT = re.compile(r"!{2,}|\?!|!\?|\b[^\W\d_]{3,}(?:\s+[^\W\d_]{2,}){2,}\b")


@dataclass(frozen=True)
class Hint:
    """A kind of telling: `id`, its name, and the question for the editor, in Vietnamese."""

    id: str
    name: str
    text: str


SHOUT = Hint("shout", "hô to", "chữ hoa, nhiều dấu chấm than: viết thường, một dấu là đủ")
OTHER = Hint("other", "cách kể", "cụm từ hay gặp ở tin giật gân: thử bỏ đi, nếu tin vẫn đủ ý thì bỏ")


@lru_cache(maxsize=1)
def _kinds() -> list[tuple[Hint, re.Pattern[str]]]:
    with DATA.open("rb") as stream:
        kinds = tomllib.load(stream)["kinds"]
    return [
        (
            Hint(kind["id"], kind["name_vi"], kind["hint_vi"]),
            re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(fold_tone(form)) for form in kind['forms'])})(?!\w)"),
        )
        for kind in kinds
    ]


def hint(phrase: str) -> Hint:
    """The kind of telling that a phrase is an example of; `OTHER` where none is known."""
    text = fold_tone(nfc(phrase))
    for found, pattern in _kinds():
        if pattern.search(text):
            return found
    loud = _SHOUT.search(phrase)
    return SHOUT if loud and loud.group() == loud.group().upper() else OTHER
