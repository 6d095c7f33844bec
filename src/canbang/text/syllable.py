"""Whether a written word has the shape of a Vietnamese syllable: onset, rhyme, tone. Shape only, no dictionary."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ONSET = "ngh|ng|nh|gh|gi|ch|kh|ph|qu|th|tr|b|c|d|đ|g|h|k|l|m|n|p|r|s|t|v|x"
_BEFORE_CODA = "uyê|iê|yê|oa|oă|oe|oo|uâ|uê|uô|ươ|uy|a|ă|â|e|ê|i|o|ô|ơ|u|ư|y"
_OPEN = (
    "iêu|yêu|oai|oao|oay|oeo|uây|uôi|ươi|ươu|uya|uyu|ai|ao|au|ay|âu|ây|eo|êu|ia|iu|oi|ôi|ơi|ua|uơ|ui|ưa|ưi|ưu|"
    f"{_BEFORE_CODA}"
)
_SHAPE = re.compile(rf"(?:{_ONSET})?(?:(?:{_BEFORE_CODA})(ch|nh|ng|c|m|n|p|t)|(?:{_OPEN}))")
_TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0303": "ngã", "\u0309": "hỏi", "\u0323": "nặng"}
_STOPS = ("c", "ch", "p", "t")


def split_tone(word: str) -> tuple[str, str]:
    """The lower-case word without its tone mark, and the tone ("" for none, "?" where there is more than one)."""
    found = [_TONES[c] for c in unicodedata.normalize("NFD", word) if c in _TONES]
    bare = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if c not in _TONES)
    return unicodedata.normalize("NFC", bare), found[0] if len(found) == 1 else "?" if found else ""


@lru_cache(maxsize=1 << 14)
def is_syllable(word: str) -> bool:
    """Whether ``word`` could be one: "hồ", "nghiêng"; not "forờt", "für". A stop (c, ch, p, t) wants sắc or nặng."""
    bare, tone = split_tone(word)
    match = _SHAPE.fullmatch(bare)
    if match is None or tone == "?":
        return False
    return match.group(1) not in _STOPS or tone in ("sắc", "nặng")
