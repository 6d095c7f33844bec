"""Messages of the rooms below as the desk says them: the way out is a screen, never a command.

The rooms below speak to who runs ``canbang`` on a command line. What went wrong is the same here, what to do about it is not.
"""

from __future__ import annotations

import re

_CHANNELS = "ở màn hình Kênh"
_WAYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"Thêm --date-order dmy nếu [^,]*, --date-order mdy nếu [^.]*\.", "Chọn ở ô “Thứ tự ngày”."),
        (r"thêm --date-order dmy \(hoặc mdy\)(?: để chọn một kiểu)?", "chọn một kiểu ở ô “Thứ tự ngày”"),
        (r"\(thêm --date-order\)", "(chọn ở ô “Thứ tự ngày” rồi nạp lại)"),
        (r"thêm --date cho cả lần dán", "điền ô “Ngày đăng của dòng không ghi ngày”"),
        (r"--column [^:]*: ", ""),
        (r"Chủ quản ghi danh bằng: canbang enrol .*?--by \"…\"", f"Chủ quản ghi danh {_CHANNELS}"),
        (r"([Gg])hi danh( lại)? bằng canbang enrol", rf"\1hi danh\2 {_CHANNELS}"),
        (r"ghi văn bản đồng ý bằng canbang channel consent", f"ghi văn bản đồng ý vào ghi danh {_CHANNELS}"),
        (r"Đặt tên một cột là", "Chọn cột ở mục “Cột nào là gì”, hoặc đặt tên một cột là"),
        (r"Cần “Tiêu đề”", "Chọn khóa ở mục “Cột nào là gì”, hoặc đặt tên khóa là “Tiêu đề”"),
        (r"; kho trang HTML: canbang import", ""),
        (r"rồi chạy lại đúng lệnh này", "rồi bấm “Kiểm tra bằng chứng”"),
        (r" \(canbang (?:sample|train)\)", ""),
        (r"Chạy canbang collect trước", f"Bấm “Thu thập” {_CHANNELS} trước"),
    )
)


def on_screen(text: str) -> str:
    """The message with the desk's way out."""
    for pattern, words in _WAYS:
        text = pattern.sub(words, text)
    return text
