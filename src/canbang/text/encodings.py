"""Bytes to Unicode for Vietnamese files and pages, decided once, before anything else reads them.

Files: BOM, then UTF-16 by its zero bytes, then UTF-8, then windows-1258. Pages: the same, with what the header or the page
declares before windows-1258, and the fonts of the 1990s (TCVN3, VNI) read back as Unicode.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from canbang.text.legacy import unlegacy_html

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 20
FALLBACK = "cp1258"
"""What is neither UTF-8 nor UTF-16 is read as windows-1258, the legacy code page of Vietnamese Windows."""


def _by_start(head: bytes) -> str | None:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    sample = head[:4096]
    if len(sample) >= 4:
        # Basic Latin in UTF-16 has a zero every second byte; UTF-8 and cp1258 text has none.
        odd, even = sample[1::2].count(0), sample[0::2].count(0)
        if odd > len(sample) // 5 and even == 0:
            return "utf-16-le"
        if even > len(sample) // 5 and odd == 0:
            return "utf-16-be"
    return None


def detect(data: bytes) -> str:
    """Name of the codec that reads ``data``; never fails."""
    found = _by_start(data)
    if found:
        return found
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return FALLBACK
    return "utf-8"


def detect_file(path: Path) -> str:
    """As :func:`detect`, reading the whole file in blocks: one bad byte near the end still decides."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        block = stream.read(_BLOCK)
        found = _by_start(block)
        if found:
            return found
        try:
            while block:
                decoder.decode(block)
                block = stream.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return FALLBACK
    return "utf-8"


def decode(data: bytes) -> str:
    """Text in NFC; bytes that the codec does not know become U+FFFD, so nothing is dropped in silence."""
    return unicodedata.normalize("NFC", data.decode(detect(data), errors="replace"))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page as text in NFC; ``codec`` read the bytes, ``converted`` is "tcvn3", "vni" or "" where no font was undone."""

    text: str
    codec: str
    converted: str = ""


_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_META = re.compile(rb"<meta\b[^>]{0,300}?charset[^>]{0,100}|<\?xml[^>]{0,100}encoding[^>]{0,60}", re.IGNORECASE)
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_META_HEAD = 8192
# As browsers read these labels (WHATWG Encoding); Vietnamese systems also wrote them over windows-1258 bytes.
_WESTERN = frozenset({"iso8859-1", "ascii", "cp1252", "latin_1", "latin-1"})
_BAD_SHARE = 0.02


def _declared(text: str) -> str:
    """The codec that a header or a tag names; "" where it names none that is known, or none that reads text."""
    match = _CHARSET.search(text) or _ENCODING.search(text)
    if match is None:
        return ""
    try:
        found = codecs.lookup(match.group(1))
        "".encode(found.name)
    except (LookupError, ValueError, TypeError):
        return ""
    name = found.name
    return "" if name.startswith(("utf-16", "utf-32", "utf-7", "idna", "punycode", "raw", "unicode")) else name


def _by_declaration(data: bytes, content_type: str) -> str:
    """The codec of bytes that are not clean UTF-8."""
    meta = _META.search(data[:_META_HEAD])
    for said in (content_type, meta.group(0).decode("latin-1") if meta else ""):
        name = _declared(said) if said else ""
        if name == "utf-8":
            # One broken letter in a long page is still UTF-8; a page of broken letters was mislabelled.
            text = data.decode("utf-8", "replace")
            foreign = sum(1 for c in text if c > "\x7f")
            if text.count("\ufffd") <= max(2, _BAD_SHARE * foreign):
                return name
        elif name in _WESTERN:
            # The label is the default of old servers: cp1258's combining marks after a vowel show what it really is.
            return FALLBACK if _looks_1258(data) else "cp1252"
        elif name:
            return name
    return FALLBACK


# huyền, hỏi, ngã, sắc, nặng are letters of their own in cp1258, after a base vowel: "Ti\xea\xec" is "Tiế".
_MARKED = re.compile(rb"[aeiouyAEIOUY\xe2\xc2\xe3\xc3\xea\xca\xf4\xd4\xf5\xd5\xfd\xdd][\xcc\xd2\xde\xec\xf2]")


def _looks_1258(data: bytes) -> bool:
    return len(_MARKED.findall(data)) >= 3 or b"\xfe\xd1" in data


def decode_page(data: bytes, content_type: str = "") -> Decoded:
    """A page's text: BOM, UTF-8, what ``content_type`` (the header) or the page declares, windows-1258; never fails.

    TCVN3 and VNI are undone on the Latin-1 reading, before a code page could take their codes for its own letters.
    """
    codec = _by_start(data) or ""
    if not codec:
        try:
            text = data.decode("utf-8")
            codec = "utf-8"
        except UnicodeDecodeError:
            old, table = unlegacy_html(data.decode("cp1252", "replace"))
            if table:
                return Decoded(unicodedata.normalize("NFC", old), "cp1252", table)
            codec = _by_declaration(data, content_type)
            text = data.decode(codec, "replace")
    else:
        text = data.decode(codec, "replace")
    text, table = unlegacy_html(text)
    return Decoded(unicodedata.normalize("NFC", text), codec, table)
