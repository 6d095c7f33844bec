from pathlib import Path

import pytest

from canbang.text.encodings import decode, detect_file

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
