"""Bytes to Unicode for Vietnamese files: BOM, then UTF-8, then UTF-16 by its zero bytes, then windows-1258."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

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
