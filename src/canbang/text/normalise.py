"""Normal forms of Vietnamese text: NFC, folded tone placement, agency tags taken off, accents stripped."""

from __future__ import annotations

import html
import re
import unicodedata

# Old and new placement of the tone mark on oa, oe, uy ("hòa" and "hoà") are one word to a reader.
_TONE_PAIRS = {
    "oà": "òa", "oá": "óa", "oả": "ỏa", "oã": "õa", "oạ": "ọa",
    "oè": "òe", "oé": "óe", "oẻ": "ỏe", "oẽ": "õe", "oẹ": "ọe",
    "uỳ": "ùy", "uý": "úy", "uỷ": "ủy", "uỹ": "ũy", "uỵ": "ụy",
}  # fmt: skip
_TONE = re.compile(rf"(?<!q)({'|'.join(_TONE_PAIRS)})(?!\w)")

# "(Dân trí) -", "(TTXVN/Vietnam+)", "VOV.VN -", "TPO -": where a text came from, not what it says.
_AGENCY = re.compile(
    r"^\s*(?:"
    r"\((?P<a>[^()]{2,40})\)\s*[-–—:.]?\s+"
    r"|(?P<b>(?:[A-ZĐ][A-ZĐ0-9+&]{1,9}|[A-Z]{2,6}\.(?:VN|COM)|TTXVN(?:/Vietnam\+)?|[A-Z][\w]{1,12}\.(?:vn|net|com)))\s*[-–—]\s+"
    r")"
)
_NOT_WORD = re.compile(r"[^\w]+")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f]")
_AGENCY_MAX = 40
_DROPPED = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>")


def nfc(text: str) -> str:
    """Text in NFC without invisible characters, white space collapsed to single blanks."""
    text = unicodedata.normalize("NFC", text)
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def plain(text: str) -> str:
    """NFC text without HTML tags and entities: content systems export both ("<p>L&agrave;o</p>" is "Lào")."""
    if "<" in text:
        text = _TAG.sub(" ", _DROPPED.sub(" ", text))
    if "&" in text and ";" in text:
        text = html.unescape(text)
    return nfc(text)


def fold_tone(text: str) -> str:
    """Lower-case text with the tone mark in its older place ("hoà" becomes "hòa"), for matching only."""
    return _TONE.sub(lambda m: _TONE_PAIRS[m.group(1)], text.lower())


def strip_agency(text: str) -> tuple[str, str]:
    """Split a leading agency tag off: ``(tag, rest)``; the tag is "" where there is none."""
    match = _AGENCY.match(text[: _AGENCY_MAX + 10])
    if match is None:
        return "", text
    return (match.group("a") or match.group("b")).strip(), text[match.end() :]


def strip_accents(text: str) -> str:
    """Text without diacritics, đ as d: for search and for headings typed without accents."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def heading_key(text: str) -> str:
    """A column heading as a key: no accents, no case, words joined by one blank."""
    return _NOT_WORD.sub(" ", strip_accents(nfc(str(text)).lower()).replace("_", " ")).strip()


def match_key(text: str) -> str:
    """What two texts must share to be the same text: folded, agency tag off, words only."""
    return _NOT_WORD.sub(" ", fold_tone(strip_agency(nfc(text))[1])).strip()
