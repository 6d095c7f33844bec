"""Vietnamese dictionary order: a ă â ... d đ ... e ê ... o ô ơ ... u ư ...; tone marks decide between like spellings only."""

from __future__ import annotations

import unicodedata

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PLACE = {letter: place for place, letter in enumerate(_LETTERS)}
_TONES = {tone: place for place, tone in enumerate("\u0300\u0309\u0303\u0301\u0323", 1)}
"""Grave, hook, tilde, acute, dot below: huyền, hỏi, ngã, sắc, nặng, behind none."""

Key = tuple[tuple[tuple[int, int], ...], tuple[int, ...], str]


def vietnamese_key(text: str) -> Key:
    """What to sort by: letters first (a blank before digits before letters), then tone marks, then the spelling itself."""
    letters: list[tuple[int, int]] = []
    tones: list[int] = []
    for letter in unicodedata.normalize("NFC", " ".join(text.split()).lower()):
        parts = unicodedata.normalize("NFD", letter)
        tone = next((_TONES[part] for part in parts if part in _TONES), 0)
        bare = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
        place = _PLACE.get(bare, _PLACE.get(parts[0]))
        # what is no letter stands before all letters, by its code: blanks, digits, signs
        letters.append((0, ord(parts[0])) if place is None else (1, place))
        tones.append(tone)
    return tuple(letters), tuple(tones), text
