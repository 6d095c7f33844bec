"""TCVN3 and VNI: every letter, what is found, what is left alone. The encoders are written from listings of their own."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from canbang.text.legacy import TCVN3, VNI, convert, unlegacy, unlegacy_html

# TCVN 5712:1993 by code, lower-case letters of VN3, as its table is printed: row by row, hexadecimal.
LISTED = re.findall(
    r"(\w\w) (\w)",
    """
a8 ă a9 â aa ê ab ô ac ơ ad ư ae đ b5 à b6 ả b7 ã b8 á b9 ạ bb ằ bc ẳ bd ẵ be ắ c6 ặ c7 ầ c8 ẩ c9 ẫ ca ấ cb ậ cc è ce ẻ cf ẽ d0 é
d1 ẹ d2 ề d3 ể d4 ễ d5 ế d6 ệ d7 ì d8 ỉ dc ĩ dd í de ị df ò e1 ỏ e2 õ e3 ó e4 ọ e5 ồ e6 ổ e7 ỗ e8 ố e9 ộ ea ờ eb ở ec ỡ ed ớ ee ợ
ef ù f1 ủ f2 ũ f3 ú f4 ụ f5 ừ f6 ử f7 ữ f8 ứ f9 ự fa ỳ fb ỷ fc ỹ fd ý fe ỵ a1 Ă a2 Â a3 Ê a4 Ô a5 Ơ a6 Ư a7 Đ
""",
)
TCVN3_ENCODER = {letter: bytes.fromhex(code).decode("latin-1") for code, letter in LISTED}

# VNI-Windows by mark: the base letters, then each with sắc, huyền, hỏi, ngã, nặng.
VNI_MARKS = {"": "ùøûõï", "â": "áàåãä", "ê": "éèúüë"}
TONES = "\u0301\u0300\u0309\u0303\u0323"


def vni_encoder() -> dict[str, str]:
    out = {"đ": "ñ", "ơ": "ô", "ư": "ö"}
    for letter, (base, hat) in {"a": ("a", ""), "â": ("a", "â"), "ă": ("a", "ê"), "e": ("e", ""), "ê": ("e", "â"), "o": ("o", ""),
                                "ô": ("o", "â"), "ơ": ("ô", ""), "u": ("u", ""), "ư": ("ö", ""), "y": ("y", "")}.items():  # fmt: skip
        if hat:
            out[letter] = base + hat
        for mark, tone in zip(VNI_MARKS[hat], TONES, strict=True):
            out[unicodedata.normalize("NFC", letter + tone)] = base + mark
    out |= {"í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}
    return out | {letter.upper(): code.upper() for letter, code in out.items()}


VNI_ENCODER = vni_encoder()
LETTERS = [unicodedata.normalize("NFC", base + tone) for base in "aăâeêioôơuưy" for tone in ("", *TONES)] + ["đ"]
ACCENTED = [letter for letter in LETTERS if letter not in "aeiouy"]


def in_tcvn3(text: str) -> str:
    return "".join(TCVN3_ENCODER.get(c, TCVN3_ENCODER.get(c.lower(), c)) for c in unicodedata.normalize("NFC", text))


def in_vni(text: str) -> str:
    return "".join(VNI_ENCODER.get(c, c) for c in unicodedata.normalize("NFC", text))


def test_there_are_67_letters_and_both_tables_have_all() -> None:
    assert len(ACCENTED) == 67
    assert set(ACCENTED) <= set(TCVN3.values())
    assert {*ACCENTED, *(letter.upper() for letter in ACCENTED)} - set("íìÍÌ") == set(VNI.values())


@pytest.mark.parametrize("letter", ACCENTED)
def test_every_letter_comes_back(letter: str) -> None:
    assert convert("b" + in_tcvn3(letter), "tcvn3") == "b" + letter
    assert convert(in_vni(letter), "vni") == letter
    assert convert(in_vni(letter.upper()), "vni") == letter.upper()
    assert letter in ("í", "ì") or convert(in_vni(letter).upper(), "vni") == letter.upper()


@pytest.mark.parametrize("letter", "ĂÂÊÔƠƯĐ")
def test_the_seven_capitals_of_tcvn3_come_back(letter: str) -> None:
    assert convert(in_tcvn3(letter) + "n", "tcvn3") == letter + "n"


@pytest.mark.parametrize(
    "text",
    [
        "Cộng hòa xã hội chủ nghĩa Việt Nam",
        "Ủy ban nhân dân huyện hướng dẫn phòng, chống cháy rừng",
        "Đường làng được thắp sáng từ tối qua",
    ],
)
def test_a_sentence_in_either_font_is_read(text: str) -> None:
    assert unlegacy(in_vni(text)) == (text, "vni")
    read, table = unlegacy(in_tcvn3(text))
    assert (read.lower(), table) == (text.lower(), "tcvn3")


@pytest.mark.parametrize(
    "text",
    ["Thanh Hoá: khai mạc hội nghị toàn tỉnh", "Toà án, toán học, khoá học, Hoà", "Là đà à ơi", "été où garçon naïve déjà français Noël château août",
     "für größer Köln über schön Straße", "på så då få gå här också", "El Niño año señor más país aún", "não são João coração", "© 2010 ® µm ½ «Non»",
     "for (ä = 0; ä < ö; ä++) { ü += 1; }", "", "Ha Noi mua lon", "10µm, 3 × 4, 25°C, 5 ªC", "co\u00adope\u00adra\u00adtion inter\u00adna\u00adtio\u00adnale"],
)  # fmt: skip
def test_other_text_is_left_alone(text: str) -> None:
    assert unlegacy(text) == (text, "")
    assert unlegacy_html(f"<p>{text}</p>") == (f"<p>{text}</p>", "")


def test_a_page_is_converted_with_its_meta_and_not_its_addresses_and_scripts() -> None:
    text = "Hội nghị tổng kết công tác phòng, chống thiên tai của tỉnh ta"
    page = f'<title>{in_tcvn3(text)}</title><script>a="µ"</script><img alt="{in_tcvn3(text)}"><a href="/µ">{in_tcvn3(text)}</a><p>© 2010</p>'
    read, table = unlegacy_html(page)
    assert table == "tcvn3"
    assert read == f'<title>{text}</title><script>a="µ"</script><img alt="{text}"><a href="/µ">{text}</a><p>© 2010</p>'


def test_entities_of_an_old_editor_are_read_too() -> None:
    page = "<font face='.VnTime'>t&shy;&ecirc;ng l&#174;, ViÖt Nam, h&eacute;i nghÞ &amp; &lt;b&gt;</font>"
    read, table = unlegacy_html(page)
    assert (read, table) == ("<font face='.VnTime'>tường lđ, Việt Nam, hội nghị &amp; &lt;b&gt;</font>", "tcvn3")


def test_a_mixed_page_keeps_its_unicode_parts() -> None:
    """A menu in Unicode beside an old article in .VnTime."""
    old = "Trường mới ở bản vùng cao đón học sinh"
    page = f"<ul><li>Thời sự</li><li>Thanh Hoá</li></ul><p style='font-family:.VnTime'>{in_tcvn3(old)}</p>"
    assert unlegacy_html(page) == (page.replace(in_tcvn3(old), old), "tcvn3")


def test_a_font_name_alone_converts_nothing() -> None:
    page = "<p style='font-family:.VnTime'>Hội nghị khai mạc ở Thanh Hoá, toàn tỉnh</p>"
    assert unlegacy_html(page) == (page, "")


def test_titles_of_the_press(shared: Path) -> None:
    """No title in Unicode is taken for a font; nearly every title in a font is."""
    table = pq.read_table(shared / "data" / "vietnews_titles_leads.parquet", columns=["title"]).slice(0, 4000)
    titles = [unicodedata.normalize("NFC", title) for title in table.column("title").to_pylist()]
    assert [title for title in titles if unlegacy(title)[1]] == []
    assert [title for title in titles if unlegacy_html(f"<p>{title}</p>")[1]] == []
    accented = [title for title in titles if sum(c in ACCENTED for c in title.lower()) >= 6]
    for encode, name in ((in_tcvn3, "tcvn3"), (in_vni, "vni")):
        found = sum(unlegacy(encode(title))[1] == name for title in accented)
        assert found >= 0.98 * len(accented), (name, found, len(accented))
