"""Text of an item to hashed token numbers, fast and without a vocabulary file.

A token's number is the CRC-32 of its canonical form (NFC, lower case, tone mark on one fixed vowel, digits
as zeros), so that nothing has to be loaded and an unseen word still has a place. Numbers are remembered per
spelling, which makes the second sight of a word one dictionary look-up.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from canbang.text import normalise

if TYPE_CHECKING:
    from canbang.item import Item

TOKEN = re.compile(r"\w+|[!?…]+|[^\w\s,.;()\[\]'’‘/|*•–—-]")
"""Words, runs of !?… and single signs that say something (emoji, quotation marks, %, #); the rest only parts words."""

MEMO_LIMIT = 200_000
WORD_LIMIT = 24_000
"""Spellings and words remembered; beyond it the memory is emptied, so that an endless archive cannot fill the machine."""

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
    """Tokens of n items in one row: `ids` int32, the word's number in the tokeniser's `Words`; `starts` int64 of length
    2n+1: item i's title is ``starts[2i]:starts[2i+1]``, its rest ``starts[2i+1]:starts[2i+2]``."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    words: Words

    def __len__(self) -> int:
        return (len(self.starts) - 1) // 2

    @cached_property
    def codes(self) -> NDArray[np.uint32]:
        """Hash per token."""
        return self.words.codes[self.ids]

    @cached_property
    def before(self) -> NDArray[np.uint32]:
        """Hash of every token's predecessor in its field, 0 for the first."""
        out = np.zeros_like(self.codes)
        out[1:] = self.codes[:-1]
        begins = self.starts[:-1]
        out[begins[begins < len(out)]] = 0
        return out

    @property
    def shape(self) -> NDArray[np.int8]:
        """Shape per token (see `_shape`)."""
        return self.words.shape[self.ids]


class Words:
    """Distinct words met so far, numbered from 1 in order of sight; number 0 is the gap between fields.

    `codes` uint32 hashes of the canonical form, `plain` of that without accents, `shape` int8; the first `size` of them
    are filled. What a model computes for a word it may keep under the number.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}
        self.codes = np.zeros(1024, np.uint32)
        self.plain = np.zeros(1024, np.uint32)
        self.shape = np.full(1024, -1, np.int8)

    @property
    def size(self) -> int:
        """How many numbers are taken, the gap's included."""
        return len(self._numbers) + 1

    def number(self, token: str) -> int:
        """The number of a token; equal words of equal shape share one."""
        word = canonical(token)
        key = (_code(word), _shape(token))
        found = self._numbers.get(key)
        if found is not None:
            return found
        number = self.size
        if number == len(self.codes):
            more = len(self.codes)
            self.codes, self.plain = np.pad(self.codes, (0, more)), np.pad(self.plain, (0, more))
            self.shape = np.pad(self.shape, (0, more), constant_values=-1)
        self.codes[number], self.plain[number], self.shape[number] = (
            key[0],
            _code(normalise.strip_accents(word)),
            key[1],
        )
        self._numbers[key] = number
        return number


def _code(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))


class Tokeniser:
    """Splits texts and numbers their tokens; holds the memory of spellings (not shared between threads).

    A text is split at white space, and each piece ("năm," or "Nội-TP.HCM") is looked up whole: running the pattern
    over every text would cost three times as much.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.words = Words()
        self._pieces: dict[str, int] = {}
        self._first = array("q", [0])
        self._tokens = array("i")

    def _piece(self, piece: str) -> int:
        """The number of a piece not met before: its tokens stand at ``_first[number]:_first[number + 1]``."""
        number = self._pieces[piece] = len(self._first) - 1
        self._tokens.extend(self.words.number(token) for token in TOKEN.findall(piece))
        self._first.append(len(self._tokens))
        return number

    def batch(self, pairs: Sequence[tuple[str, str]]) -> Batch:
        """Tokens of (title, rest) pairs; a field keeps at most `MAX_TOKENS` tokens."""
        if len(self._pieces) > MEMO_LIMIT or self.words.size > WORD_LIMIT:
            self._forget()
        memo = self._pieces
        numbers: list[int] = []
        lengths = np.zeros(2 * len(pairs) + 1, np.int64)
        place = 1
        for pair in pairs:
            for text in pair:
                pieces = text.split()
                lengths[place] = len(pieces)
                place += 1
                try:
                    numbers += [memo[piece] for piece in pieces]
                except KeyError:
                    numbers += [memo[piece] if piece in memo else self._piece(piece) for piece in pieces]
        return self._expanded(np.array(numbers, np.int64), np.cumsum(lengths))

    def _expanded(self, pieces: NDArray[np.int64], starts: NDArray[np.int64]) -> Batch:
        """Pieces to their tokens."""
        first = np.frombuffer(self._first, np.int64)
        begin = first[pieces]
        counts = first[pieces + 1] - begin
        ends = np.concatenate([[0], np.cumsum(counts)])
        place = np.arange(ends[-1]) + np.repeat(begin - ends[:-1], counts)
        ids = np.frombuffer(self._tokens, np.int32)[place] if len(place) else np.zeros(0, np.int32)
        starts = ends[starts]
        length = np.diff(starts)
        if length.size and length.max() > MAX_TOKENS:
            within = np.arange(len(ids)) - np.repeat(starts[:-1], length)
            ids = ids[within < MAX_TOKENS]
            starts = np.concatenate([[0], np.cumsum(np.minimum(length, MAX_TOKENS))])
        return Batch(ids, starts, self.words)


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


def word_rows(words: Words, bits: int, first: int = 0) -> NDArray[np.int64]:
    """Rows (size - first, 2) of every word from number `first` on, and of its form without accents, in a table of
    2^bits; row 0 is the gap's: a word that would hash to it takes row 1. The second form is what a text typed without
    accents shares with one that has them."""
    codes, plain = words.codes[first : words.size], words.plain[first : words.size]
    forms = np.stack([mix(codes, codes, 1), mix(plain, plain, 4)], axis=1)
    rows: NDArray[np.int64] = np.maximum(forms.astype(np.int64) >> (32 - bits), 1)
    if first == 0:
        rows[0] = 0
    return rows


def pair_rows(before: NDArray[np.uint32], codes: NDArray[np.uint32], bits: int) -> NDArray[np.int64]:
    """Rows of words with the ones before them (hash 0 for none), likewise."""
    rows: NDArray[np.int64] = mix(before, codes, 2).astype(np.int64) >> (32 - bits)
    return np.maximum(rows, 1)


def wide_word_rows(words: Words, bits: int, first: int = 0) -> NDArray[np.int64]:
    """Rows (size - first, 2, 2) of the linear part's table: per word from number `first` on, for title and rest, the
    word and the word in its field."""
    codes = words.codes[first : words.size]
    each = [(mix(codes, codes, 5), mix(codes, np.full_like(codes, field + 1), 1)) for field in (0, 1)]
    return np.array(each).transpose(2, 0, 1).astype(np.int64) >> (32 - bits)


def wide_pair_rows(batch: Batch, bits: int) -> NDArray[np.int64]:
    """Rows (tokens, 2) of the linear part's table: the pair and the pair in its field."""
    pair = mix(batch.before, batch.codes, 2)
    each = (pair, mix(pair, field_of(batch).astype(np.uint32) + np.uint32(1), 3))
    return np.stack(each, axis=1).astype(np.int64) >> (32 - bits)


def field_of(batch: Batch) -> NDArray[np.int64]:
    """0 for every token of a title, 1 for one of a rest."""
    return np.repeat(np.arange(len(batch.starts) - 1) % 2, np.diff(batch.starts))


def spread(batch: Batch, gap: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Word numbers with `gap` zeros before every field and behind the last, so that a window of ``2 * gap + 1`` words
    stays inside its field; and the first place of every field."""
    n = len(batch.starts) - 1
    shift = gap * (np.arange(n) + 1)
    ids = np.zeros(len(batch.ids) + gap * (n + 1) + 1, np.int32)
    ids[np.arange(len(batch.ids)) + np.repeat(shift, np.diff(batch.starts))] = batch.ids
    return ids, batch.starts[:-1] + shift


@dataclass(frozen=True)
class Rows:
    """Table rows of n items' tokens: `words` (tokens, 2) as in `word_rows`, `pairs`, `shape`; field k (title 2i, rest
    2i+1) stands at ``starts[k]:starts[k + 1]``."""

    words: NDArray[np.int64]
    pairs: NDArray[np.int64]
    shape: NDArray[np.int8]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return (len(self.starts) - 1) // 2


def rows(batch: Batch, word_bits: int, pair_bits: int) -> Rows:
    """Table rows of a batch."""
    pairs = pair_rows(batch.before, batch.codes, pair_bits)
    return Rows(word_rows(batch.words, word_bits)[batch.ids], pairs, batch.shape, batch.starts)
