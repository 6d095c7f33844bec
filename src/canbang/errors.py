"""The one exception for bad input: the command line and the desk show its text and nothing else."""

from __future__ import annotations

import errno
import re

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]*[\n\r\x00-\x1f\x7f\x85\u2028\u2029]+\s*")


class InputError(ValueError):
    """Something a person handed in cannot be used.

    The message is one Vietnamese line that names the row, field or file and the way out. Line breaks and control
    characters in it (a quoted cell, a hostile file name) become blanks, so that it stays one line on any screen.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_BREAKS.sub(" ", message))


_REASONS = {
    errno.EACCES: "không có quyền", errno.EPERM: "không có quyền", errno.EROFS: "ổ đĩa chỉ cho đọc", errno.EISDIR: "đây là thư mục",
    errno.ENOTDIR: "đường dẫn đi qua một tệp", errno.ENOSPC: "hết chỗ trên đĩa", errno.ENOENT: "không có thư mục hoặc tệp này",
    errno.ENAMETOOLONG: "tên tệp quá dài", errno.ECONNREFUSED: "máy chủ từ chối kết nối",
    errno.EHOSTUNREACH: "không tới được máy chủ", errno.ENETUNREACH: "không có mạng", errno.ECONNRESET: "máy chủ ngắt kết nối",
}  # fmt: skip


def reason(error: OSError) -> str:
    """Why the system refused, in Vietnamese where the cause is a common one."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)
