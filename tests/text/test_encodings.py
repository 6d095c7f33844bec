import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbang.text.encodings import Decoded, decode, decode_page, detect_file

TEXT = "Tiêu đề;Ngày đăng\nĐường làng được thắp sáng;29/3/2024\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_files_read_back(codec: str) -> None:
    assert decode(TEXT.encode(codec)).lstrip("\ufeff") == TEXT


def test_windows_1258_reads_back_in_nfc() -> None:
    # cp1258 has base letters with a combining mark: ế is ê and a mark
    decomposed = TEXT.replace("ề", "ê\u0300").replace("ờ", "ơ\u0300").replace("ợ", "ơ\u0323").replace("ắ", "ă\u0301")
    assert decode(decomposed.encode("cp1258")) == TEXT


def test_one_bad_byte_far_down_decides_for_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "dài.csv"
    file.write_bytes(("a" * 3_000_000).encode() + b"\xea\xf5")
    assert detect_file(file) == "cp1258"


def test_a_letter_split_between_two_blocks_is_still_utf8(tmp_path: Path) -> None:
    file = tmp_path / "dài.csv"
    file.write_bytes(b"a" * ((1 << 20) - 1) + "đ".encode() + b"b")
    assert detect_file(file) == "utf-8"


PAGE = "<html><head>{meta}</head><body><p>Ủy ban nhân dân tỉnh khai mạc hội nghị, đường làng được thắp sáng.</p></body></html>"


def in_1258(text: str) -> bytes:
    """As Windows writes it: base letter, then the tone as a combining mark."""
    out = bytearray()
    for letter in unicodedata.normalize("NFC", text):
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            tone = next(c for c in unicodedata.normalize("NFD", letter) if c in "\u0300\u0301\u0303\u0309\u0323")
            base = unicodedata.normalize("NFC", "".join(c for c in unicodedata.normalize("NFD", letter) if c != tone))
            out += (base + tone).encode("cp1258")
    return bytes(out)


@pytest.mark.parametrize(
    ("meta", "encode", "header", "codec"),
    [
        ("", "utf-8", "", "utf-8"),
        ('<meta charset="iso-8859-1">', "utf-8", "text/html; charset=iso-8859-1", "utf-8"),
        ("", "utf-8-sig", "", "utf-8-sig"),
        ('<meta charset="utf-8">', "utf-16", "", "utf-16"),
        ("", "cp1258", "", "cp1258"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1258">', "cp1258", "", "cp1258"),
        ("", "cp1258", "text/html; charset=windows-1258", "cp1258"),
        ('<meta charset="iso-8859-1">', "cp1258", "", "cp1258"),
        ('<meta charset="utf-8">', "cp1258", "", "cp1258"),
        ('<meta charset="no-such-thing">', "cp1258", "", "cp1258"),
    ],
)
def test_a_page_is_decoded_once_by_one_rule(meta: str, encode: str, header: str, codec: str) -> None:
    """BOM, then clean UTF-8, then what header or page declare, then windows-1258."""
    page = PAGE.format(meta=meta)
    data = in_1258(page) if encode == "cp1258" else page.encode(encode)
    read = decode_page(data, header)
    assert (read.text.lstrip("\ufeff"), read.codec, read.converted) == (page, codec, "")


def test_decomposed_utf8_comes_out_composed() -> None:
    page = PAGE.format(meta="")
    assert decode_page(unicodedata.normalize("NFD", page).encode()).text == page


def test_one_broken_letter_is_no_other_code_page() -> None:
    data = PAGE.format(meta='<meta charset="utf-8">').encode() * 3 + b"\xe1\xbb"
    read = decode_page(data)
    assert (read.codec, read.text.count("\ufffd")) == ("utf-8", 1)


def test_western_pages_read_as_browsers_read_them() -> None:
    assert (
        decode_page('<meta charset="iso-8859-1"><p>Größe – café</p>'.encode("cp1252")).text
        == '<meta charset="iso-8859-1"><p>Größe – café</p>'
    )


@pytest.mark.parametrize(
    "declared",
    ["", '<meta charset="x-user-defined">', '<meta charset="windows-1252">', '<meta charset="windows-1258">'],
)
def test_a_font_page_in_single_bytes_is_converted_before_a_code_page_takes_its_letters(declared: str) -> None:
    page = declared + "<p>Céng hßa x· héi chñ nghÜa ViÖt Nam, t­ëng niÖm</p>"
    read = decode_page(page.encode("latin-1"))
    assert (read.text, read.converted) == (declared + "<p>Cộng hòa xã hội chủ nghĩa Việt Nam, tưởng niệm</p>", "tcvn3")


def test_a_font_page_in_utf8_is_converted() -> None:
    read = decode_page("<p>Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam</p>".encode())
    assert read == Decoded("<p>Cộng hòa xã hội chủ nghĩa Việt Nam</p>", "utf-8", "vni")


@given(st.binary(max_size=400), st.text(max_size=60))
def test_no_bytes_break_the_decoder(data: bytes, header: str) -> None:
    decode_page(data, header)
    decode_page(b"<meta charset=" + data, "text/html; charset=" + header)
