"""Text of an item to hashed token numbers, fast and without a vocabulary file.

A token's number is the CRC-32 of its canonical form (NFC, lower case, tone mark on one fixed vowel, digits
as zeros), so that nothing has to be loaded and an unseen word still has a place. Numbers are remembered per
spelling, which makes the second sight of a word one dictionary look-up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from canbang.text import normalise

if TYPE_CHECKING:
    from canbang.item import Item

TOKEN = re.compile(r"\w+|[^\w\s]")
MEMO_LIMIT = 200_000
"""Spellings remembered; beyond it the memory is emptied, so that an endless archive cannot fill the machine."""

TITLE_CHARS = 300
LEAD_ENOUGH = 80
REST_CHARS = 360
MAX_TOKENS = 120
_SPARE = 2000  # read before cleaning: markup and decomposed letters make a text longer than it is

# An outlet's bare name at the start of a lead ("Dân trí - ...") and a source at its end ("(Theo TTXVN)"): a model
# that sees them learns the outlet, not the news. Tags in brackets are `normalise.strip_agency`'s.
_OUTLET = (
    r"TTXVN|TTO|TTCT|TPO|NLĐO|PLO|VTV|VOV|VHO|SKĐS|NĐT|CAND|QĐND|ĐCSVN|[Dd]ân [Tt]rí|Thanh Niên|Tuổi Trẻ|Nhân Dân|"
    r"Tiền Phong|Viet[Nn]am[Nn]et|VnExpress|Zing|Kenh14|Soha|[Aa]family|Infonet|BTV|PV"
)
_BARE = re.compile(rf"^\s*(?:{_OUTLET})\s*[-–—:]+\s+")
_TAIL = re.compile(rf"\(\s*(?:Theo\s+)?(?:{_OUTLET})[^()]{{0,20}}\)\s*\.?\s*$")
_UNCLEAN = re.compile("[<&\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_DIGITS = str.maketrans("123456789", "000000000")


def clean(text: str) -> str:
    """`text` in NFC without markup, invisible characters and agency tags."""
    # Most texts need neither of the two slow steps; the probe is a tenth of their cost.
    text = normalise.plain(text) if _UNCLEAN.search(text) else unicodedata.normalize("NFC", text)
    text = normalise.strip_agency(text)[1]
    text = _BARE.sub("", text, count=1)
    return _TAIL.sub("", text) if text.endswith((")", ").", " ")) else text


def prepare(title: str, lead: str, text: str) -> tuple[str, str]:
    """The two fields that the models read: title, and lead filled up from the body when it is short.

    The title is cut at 300 characters, the rest at 360. A post without a title gives its first line as title.
    """
    title = clean(title[:_SPARE]).strip()[:TITLE_CHARS]
    rest = clean(lead[:_SPARE])
    if len(rest) < LEAD_ENOUGH and text:
        rest = f"{rest} {clean(text[:_SPARE])}"
    rest = rest.strip()
    if not title and rest:
        title, _, rest = rest.partition("\n") if "\n" in rest[:TITLE_CHARS] else (rest[:120], "", rest[120:])
    return title, rest[:REST_CHARS]


def fields(items: Iterable[Item]) -> list[tuple[str, str]]:
    """`prepare` over items."""
    return [prepare(item.title, item.lead, item.text) for item in items]


def canonical(token: str) -> str:
    """One spelling for one word: lower case, tone mark in one place, digits as zeros."""
    return normalise.fold_tone(token).translate(_DIGITS)


def _shape(token: str) -> int:
    """0 lower case or punctuation, 1 capitalised, 2 all capitals (two letters or more), 3 has a digit."""
    if token[0].isdigit() or any(c.isdigit() for c in token):
        return 3
    if len(token) > 1 and token.isupper():
        return 2
    return 1 if token[0].isupper() else 0


@dataclass(frozen=True)
class Batch:
    """Tokens of n items in one row: `codes` uint32 hash per token, `shape` int8 (see `_shape`), `starts` int64 of
    length 2n+1: item i's title is ``starts[2i]:starts[2i+1]``, its rest ``starts[2i+1]:starts[2i+2]``."""

    codes: NDArray[np.uint32]
    shape: NDArray[np.int8]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return (len(self.starts) - 1) // 2


class Tokeniser:
    """Splits texts and numbers their tokens; holds the memory of spellings (not shared between threads)."""

    def __init__(self) -> None:
        self._memo: dict[str, int] = {}

    def _number(self, token: str) -> int:
        if len(self._memo) >= MEMO_LIMIT:
            self._memo.clear()
        number = crc32(canonical(token).encode("utf-8", "surrogatepass")) << 2 | _shape(token)
        self._memo[token] = number
        return number

    def batch(self, pairs: Sequence[tuple[str, str]]) -> Batch:
        """Tokens of (title, rest) pairs; a field keeps at most `MAX_TOKENS` tokens."""
        memo, find = self._memo, TOKEN.findall
        numbers: list[int] = []
        lengths = np.zeros(2 * len(pairs) + 1, np.int64)
        place = 1
        for pair in pairs:
            for text in pair:
                tokens = find(text)[:MAX_TOKENS]
                lengths[place] = len(tokens)
                place += 1
                try:
                    numbers += [memo[t] for t in tokens]
                except KeyError:
                    numbers += [memo[t] if t in memo else self._number(t) for t in tokens]
        packed = np.array(numbers, np.int64)
        return Batch((packed >> 2).astype(np.uint32), (packed & 3).astype(np.int8), np.cumsum(lengths))


def mix(a: NDArray[np.uint32], b: NDArray[np.uint32], salt: int) -> NDArray[np.uint32]:
    """A 32-bit hash of the pair (a, b), elementwise."""
    h = a * np.uint32(0x9E3779B1) + np.uint32(salt & 0xFFFFFFFF)
    h ^= h >> np.uint32(15)
    h = (h + b) * np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h


SHAPES = 4
"""How many values `_shape` has."""


def word_rows(codes: NDArray[np.uint32], bits: int) -> NDArray[np.int64]:
    """Rows of words in a table of 2^bits; row 0 is the gap's: a word that would hash to it takes row 1."""
    rows: NDArray[np.int64] = mix(codes, codes, 1).astype(np.int64) >> (32 - bits)
    return np.maximum(rows, 1)


def pair_rows(before: NDArray[np.uint32], codes: NDArray[np.uint32], bits: int) -> NDArray[np.int64]:
    """Rows of words with the ones before them, likewise."""
    rows: NDArray[np.int64] = mix(before, codes, 2).astype(np.int64) >> (32 - bits)
    return np.maximum(rows, 1)


def wide_rows(batch: Batch, bits: int) -> NDArray[np.int64]:
    """Rows (tokens, 4) of the linear part's table: the word, the word in its field, the pair, the pair in its field."""
    codes = batch.codes
    before = _before(batch)
    field = np.repeat(np.arange(len(batch.starts) - 1, dtype=np.uint32) % 2, np.diff(batch.starts))
    pair = mix(before, codes, 2)
    each = (mix(codes, codes, 5), mix(codes, field + np.uint32(1), 1), pair, mix(pair, field + np.uint32(1), 3))
    return np.stack(each, axis=1).astype(np.int64) >> (32 - bits)


def _before(batch: Batch) -> NDArray[np.uint32]:
    """Every token's predecessor in its field, 0 for the first."""
    before = np.empty_like(batch.codes)
    before[1:] = batch.codes[:-1]
    begins = batch.starts[:-1]
    before[begins[begins < len(before)]] = 0
    return before


@dataclass(frozen=True)
class Rows:
    """Table rows of n items' tokens with `gap` empty places (row 0) before every field, and one more at the end.

    `words` and `pairs` (a word with the one before it) int64, `shape` int8 (-1 in a gap); field k (title 2i, rest
    2i+1) stands at ``first[k]:last[k]``.
    """

    words: NDArray[np.int64]
    pairs: NDArray[np.int64]
    shape: NDArray[np.int8]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first) // 2


def rows(batch: Batch, word_bits: int, pair_bits: int, gap: int) -> Rows:
    """Table rows of a batch; the gaps keep a window of ``2 * gap + 1`` words inside its field."""
    n = len(batch.starts) - 1
    shift = gap * (np.arange(n) + 1)
    place = np.arange(len(batch.codes)) + np.repeat(shift, np.diff(batch.starts))
    codes = batch.codes
    before = _before(batch)
    total = len(codes) + gap * (n + 1) + 1
    words, pairs = np.zeros(total, np.int64), np.zeros(total, np.int64)
    marks = np.full(total, -1, np.int8)
    words[place] = word_rows(codes, word_bits)
    pairs[place] = pair_rows(before, codes, pair_bits)
    marks[place] = batch.shape
    return Rows(words, pairs, marks, batch.starts[:-1] + shift, batch.starts[1:] + shift)
