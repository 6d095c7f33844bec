"""Text of an item to hashed token numbers, fast and without a vocabulary file.

A token's number is the CRC-32 of its canonical form (NFC, lower case, tone mark on one fixed vowel, digits
as zeros), so that nothing has to be loaded and an unseen word still has a place. Numbers are remembered per
spelling, which makes the second sight of a word one dictionary look-up.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from canbang.item import Item

TOKEN = re.compile(r"\w+|[^\w\s]")
MEMO_LIMIT = 200_000
"""Spellings remembered; beyond it the memory is emptied, so that an endless archive cannot fill the machine."""

TITLE_CHARS = 300
LEAD_ENOUGH = 80
REST_CHARS = 360
MAX_TOKENS = 120

# Outlets name themselves at the start of a lead; a model that sees it learns the outlet, not the news.
_OUTLETS = (
    r"TTXVN|TTO|TTCT|TPO|NLĐO|NLD|PLO|VTV(?:\.vn)?|VOV(?:\.VN)?|VHO|ANTD(?:\.VN)?|ANTT|SKĐS|SKDS|NĐT|GD&TĐ|GDVN|CAND|"
    r"Dân trí|Dân Trí|Thanh Niên|Tuổi Trẻ|Nhân Dân|Tiền Phong|Vietnamnet|VietNamNet|VnExpress|Zing|Kenh14|Kênh 14|"
    r"Soha|Afamily|aFamily|Infonet|Chinhphu\.vn|Báo [A-ZĐ][\w ]{1,24}|BTV|PV|QĐND|ĐCSVN|Vietnam\+|VietnamPlus"
)
_AGENCY = re.compile(
    rf"^\s*(?:\((?:{_OUTLETS})\)\s*[-–—:.]*|(?:{_OUTLETS})\s*[-–—:]+)\s*|\s*\((?:Theo )?(?:{_OUTLETS})\)\s*\.?\s*$"
    rf"|\((?:{_OUTLETS})\)"
)
_TAG_PROBE = re.compile(r"^[^\w]{0,2}\w[^-–—:)]{0,28}[-–—:)]|\(")

_FOLD = (
    ("òa", "oà"), ("óa", "oá"), ("ỏa", "oả"), ("õa", "oã"), ("ọa", "oạ"),
    ("òe", "oè"), ("óe", "oé"), ("ỏe", "oẻ"), ("õe", "oẽ"), ("ọe", "oẹ"),
    ("ùy", "uỳ"), ("úy", "uý"), ("ủy", "uỷ"), ("ũy", "uỹ"), ("ụy", "uỵ"),
)  # fmt: skip
_DIGITS = str.maketrans("123456789", "000000000")


def strip_agency(text: str) -> str:
    """`text` without an agency tag such as ``(Dân trí) -`` or ``TTO -``."""
    if _TAG_PROBE.search(text) is None:
        return text
    return _AGENCY.sub(" ", text)


def clean(text: str) -> str:
    """`text` in NFC with HTML entities resolved and agency tags taken out."""
    if "&" in text:
        text = html.unescape(text)
    text = unicodedata.normalize("NFC", text)
    return strip_agency(text)


def prepare(title: str, lead: str, text: str) -> tuple[str, str]:
    """The two fields that the models read: title, and lead filled up from the body when it is short.

    The title is cut at 300 characters, the rest at 360. A post without a title gives its first line as title.
    """
    title = clean(title[: 2 * TITLE_CHARS]).strip()[:TITLE_CHARS]
    rest = clean(lead[: 2 * REST_CHARS])
    if len(rest) < LEAD_ENOUGH and text:
        rest = f"{rest} {clean(text[: 2 * REST_CHARS])}"
    rest = rest.strip()
    if not title and rest:
        title, _, rest = rest.partition("\n") if "\n" in rest[:TITLE_CHARS] else (rest[:120], "", rest[120:])
    return title, rest[:REST_CHARS]


def fields(items: Iterable[Item]) -> list[tuple[str, str]]:
    """`prepare` over items."""
    return [prepare(item.title, item.lead, item.text) for item in items]


def canonical(token: str) -> str:
    """One spelling for one word: lower case, digits as zeros, tone mark on the vowel that modern spelling takes."""
    token = token.lower().translate(_DIGITS)
    if len(token) > 1 and not token.isascii():
        for old, new in _FOLD:
            # "oa" closed by a consonant ("hoàn") carries its mark there in both spellings: only final pairs differ.
            if token.endswith(old):
                return token[: -len(old)] + new
    return token


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


@dataclass(frozen=True)
class Rows:
    """Table rows of n items' tokens with `gap` empty places (row 0) before every field and at the end.

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
    before = np.empty_like(codes)
    before[1:] = codes[:-1]
    begins = batch.starts[:-1]
    before[begins[begins < len(codes)]] = 0
    total = len(codes) + gap * (n + 1)
    words, pairs = np.zeros(total, np.int64), np.zeros(total, np.int64)
    marks = np.full(total, -1, np.int8)
    # Row 0 is the gap's: a word that would hash to it takes row 1.
    words[place] = np.maximum(mix(codes, codes, 1) >> np.uint32(32 - word_bits), 1)
    pairs[place] = np.maximum(mix(before, codes, 2) >> np.uint32(32 - pair_bits), 1)
    marks[place] = batch.shape
    return Rows(words, pairs, marks, batch.starts[:-1] + shift, batch.starts[1:] + shift)
