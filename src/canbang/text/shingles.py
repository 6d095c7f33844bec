"""Word 3-shingles as 32-bit hashes: what two tellings of one story share."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

SIZE = 3
"""Words in a shingle."""

_MIX_1 = np.uint64(0x9E3779B97F4A7C15)
_MIX_2 = np.uint64(0xC2B2AE3D27D4EB4F)
_MIX_3 = np.uint64(0x165667B19E3779F9)
_WORDS: dict[str, int] = {}
_WORDS_MAX = 200_000


def _word_hash(word: str) -> int:
    found = _WORDS.get(word)
    if found is None:
        if len(_WORDS) >= _WORDS_MAX:
            _WORDS.clear()  # bounded: a long run must not keep every misspelling
        found = _WORDS[word] = zlib.crc32(word.encode()) | (zlib.adler32(word.encode()) << 32)
    return found


def shingles(words: list[str]) -> NDArray[np.uint32]:
    """Sorted distinct hashes of the word 3-shingles of ``words``; empty for fewer than three words."""
    if len(words) < SIZE:
        return np.empty(0, np.uint32)
    codes = np.fromiter(map(_word_hash, words), np.uint64, len(words))
    with np.errstate(over="ignore"):
        mixed = codes[:-2] * _MIX_1 + codes[1:-1] * _MIX_2 + codes[2:] * _MIX_3
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX_2
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))
