"""TCVN3 (ABC) and VNI: fonts of the 1990s that draw Vietnamese over Latin-1 codes, read back as Unicode.

Nothing in such bytes says that they are Vietnamese: only the font did. So a text is converted where words that are no
Vietnamese turn into Vietnamese syllables by the table and hardly any word turns into rubbish; a font name (".VnTime",
"VNI-Times") lowers the bar. Conversion comes before extraction: TCVN3 writes "ư" as the soft hyphen, which extractors drop.

Tables: TCVN 5712:1993 as the ABC fonts use it (capitals with a tone have no code of their own there; those fonts draw the
small letter's code large), VNI-Windows with a mark after its base letter.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache

from canbang.text.syllable import is_syllable

_TCVN3 = (
    "¡Ă¢Â£Ê¤Ô¥Ơ¦Ư§Đ¨ă©âªê«ô¬ơ\u00adư®đµà¶ả·ã¸á¹ạ»ằ¼ẳ½ẵ¾ắÆặÇầÈẩÉẫÊấËậÌèÎẻÏẽÐéÑẹÒềÓểÔễÕếÖệ×ìØỉÜĩÝíÞịßòáỏâõãóäọåồæổçỗèốéộ"
    "êờëởìỡíớîợïùñủòũóúôụõừöử÷ữøứùựúỳûỷüỹýýþỵ"
)
TCVN3: dict[str, str] = dict(zip(_TCVN3[::2], _TCVN3[1::2], strict=True))
"""Latin-1 reading of a TCVN3 code -> the letter."""

# The marks after a base letter, in the order huyền, sắc, hỏi, ngã, nặng; for bases with a hat or a breve the pair says both.
_VNI_BASES = {
    "a": "øàùáûảõãïạ", "e": "øèùéûẻõẽïẹ", "o": "øòùóûỏõõïọ", "u": "øùùúûủõũïụ", "y": "øỳùýûỷõỹ",
    "ô": "øờùớûởõỡïợ", "ö": "øừùứûửõữïự",
}  # fmt: skip
_VNI_HATS = {"a": "ââàầáấåẩãẫäậ", "e": "âêàềáếåểãễäệ", "o": "âôàồáốåổãỗäộ"}
_VNI_BREVES = "êăèằéắúẳüẵëặ"
_VNI_ALONE = "ôơöưñđæỉóĩòịîỵ"


def _vni() -> dict[str, str]:
    table: dict[str, str] = dict(zip(_VNI_ALONE[::2], _VNI_ALONE[1::2], strict=True))
    for base, row in [*_VNI_BASES.items(), *_VNI_HATS.items(), ("a", _VNI_BREVES)]:
        table |= {base + row[at]: row[at + 1] for at in range(0, len(row) - 1, 2)}
    # Capitals, with a capital or (typed carelessly) a small mark.
    upper = {key.upper(): letter.upper() for key, letter in table.items()}
    mixed = {key[0].upper() + key[1:]: letter.upper() for key, letter in table.items() if len(key) == 2}
    return mixed | upper | table


VNI: dict[str, str] = _vni()
"""Latin-1 reading of a VNI code, one or two characters -> the letter."""

TABLES = {"tcvn3": TCVN3, "vni": VNI}
_CODES = {
    name: re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True)))) for name, table in TABLES.items()
}
# "© 2010", "3 × 4": signs that stand alone are signs, also on a page in TCVN3; "« t«" is "ô tô" there, so « is not one.
_LONERS = re.compile("(?<![A-Za-z\u00a1-\u00ff])[©®§¢£¤¥¦¬»×](?![A-Za-z\u00a1-\u00ff])")
_WORD = re.compile(r"[A-Za-z\u00a1-\u00ff]+")
_UNICODE = re.compile("[ĂăĐđĨĩŨũƠơƯư\u1ea0-\u1ef9]")
_FONT = {"tcvn3": re.compile(r"\.Vn[A-Z][A-Za-z]+"), "vni": re.compile(r"\bVNI-[A-Z][A-Za-z]+")}
# What TCVN3 makes of signs: inside a word no living language has them.
_SIGNS = "\u00a8\u00a9\u00aa\u00ab\u00ac\u00ad\u00ae\u00b5\u00b6\u00b7\u00b8\u00b9\u00bb\u00bc\u00bd\u00be"
# Each branch begins with its rare letter: a search that began with "any letter" would stop at every one.
_HINT = re.compile(
    rf"[{_SIGNS}](?:(?<=[A-Za-z].)|(?=[A-Za-z]))|[ùøûõïâáàåãäêéèúüëÙØÛÕÏÂÁÀÅÃÄÊÉÈÚÜË](?<=[aeouyôöAEOUYÔÖ].)"
    r"|&(?:reg|micro|cedil|shy|ordf|uml|not|copy|middot|para|sup1);"
)
_ENTITIES = re.compile("&(?:reg|micro|cedil|shy|ordf|copy|middot|para|sup1);")
_ASCII = bytes(range(128))
_LEADS = (b"\xe1\xba", b"\xe1\xbb", b"\xc4\x91", b"\xc4\x83", b"\xc6\xa1", b"\xc6\xb0")
"""How the letters that Latin-1 lacks begin in UTF-8."""
_PIECE = re.compile(r"(<(?:script|style)\b.*?</(?:script|style)\s*>|<!--.*?-->|<[^<>]*>)", re.IGNORECASE | re.DOTALL)
_LATIN1_ENTITY = re.compile(
    r"&(?:#(?:16[1-9]|1[7-9]\d|2[0-4]\d|25[0-5])|(?!nbsp|lt|gt|amp|quot)[A-Za-z]{2,6}[0-9]{0,2});"
)
_MIN_WORDS, _MIN_SHARE, _CLEAN = 3, 0.15, 4
_FEW_HINTS, _HINT_SHARE = 2, 0.15  # French and German have few of their accents where these fonts have all of theirs


def convert(text: str, name: str) -> str:
    """``text`` (a Latin-1 reading) by the table ``name``, "tcvn3" or "vni"; what the table lacks stays."""
    table = TABLES[name]
    alone = {match.start() for match in _LONERS.finditer(text)} if name == "tcvn3" else set[int]()
    return _CODES[name].sub(lambda found: found[0] if found.start() in alone else table[found[0]], text)


@lru_cache(maxsize=1 << 14)
def _says(word: str, name: str) -> int:
    """1: rubbish that the table makes Vietnamese; -1: a word that the table spoils; 0: says nothing."""
    read = convert(word, name)
    if read == word:
        return 0
    if not is_syllable(read):
        return -1
    return 0 if is_syllable(word) else 1


def _weigh(pieces: Iterable[str], name: str, font: bool) -> int:
    """How many words speak for the table; 0 where the text is something else."""
    good, bad, words, signs = set[str](), 0, 0, False
    count = 0
    for piece in pieces:
        for word in _WORD.findall(piece):
            words += 1
            said = _says(word, name)
            bad += said < 0
            if said > 0:
                count += 1
                good.add(word)
                signs = signs or any(sign in word for sign in _SIGNS)
    if font:
        return count if count >= 2 * bad else 0
    enough = len(good) >= _MIN_WORDS and count >= _CLEAN * bad and count >= _MIN_SHARE * words
    return count if enough and (signs or name == "vni") else 0


def _table_of(pieces: list[str], markup: str) -> str:
    found = {name: _weigh(pieces, name, bool(font.search(markup))) for name, font in _FONT.items()}
    best = max(found, key=lambda name: found[name])
    return best if found[best] else ""


def unlegacy(text: str) -> tuple[str, str]:
    """Plain text as Unicode, and the table used: "tcvn3", "vni" or "" where nothing was converted."""
    if _UNICODE.search(text) or _HINT.search(text) is None:
        return text, ""
    name = _table_of([text], "")
    return (convert(text, name), name) if name else (text, "")


def unlegacy_html(markup: str) -> tuple[str, str]:
    """As :func:`unlegacy` for a page: text, and the words in ``<meta>``, ``alt`` and ``title``; scripts and addresses stay.

    A page may be mixed (menus in Unicode, an old article in .VnTime): then only pieces that speak for the table by
    themselves are converted, and a piece with a letter that Latin-1 lacks never is.
    """
    font = (".Vn" in markup or "VNI-" in markup) and any(pattern.search(markup) for pattern in _FONT.values())
    written = markup.encode("utf-8", "replace").translate(None, _ASCII)
    modern = sum(written.count(lead) for lead in _LEADS)
    latin = written.count(b"\xc2") + written.count(b"\xc3")
    if not font:
        entities = len(_ENTITIES.findall(markup))
        # Counting comes first: it costs a hundredth of a search, and every page of today leaves here.
        if latin + entities < _FEW_HINTS or modern * 3 > latin + entities:
            return markup, ""
        hints = sum(1 for _ in _HINT.finditer(markup))
        if hints < max(_FEW_HINTS, modern * 3, _HINT_SHARE * latin):
            return markup, ""
    parts = _PIECE.split(markup)
    for at in range(0, len(parts), 2):
        parts[at] = _LATIN1_ENTITY.sub(_letter, parts[at])
    old = [part for part in parts[::2] if part and not _UNICODE.search(part)]
    name = _table_of(old, markup)
    if not name:
        return markup, ""
    for at, part in enumerate(parts):
        if not part or _UNICODE.search(part) or (at % 2 and not _has_words(part)):
            continue
        if not modern or _weigh([part], name, font=True):
            parts[at] = convert(part, name)
    return "".join(parts), name


def _letter(match: re.Match[str]) -> str:
    """An entity of Latin-1 as its character; others stay as they are written."""
    read = html.unescape(match.group(0))
    return read if len(read) == 1 and "\u00a1" <= read <= "\u00ff" else match.group(0)


def _has_words(tag: str) -> bool:
    """Whether an element's tag holds words that people read."""
    low = tag[:2000].lower()
    return low.startswith("<meta") or " alt=" in low or " title=" in low
