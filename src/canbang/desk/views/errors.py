"""Pages for what went wrong, in Vietnamese, with the way back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from canbang.errors import InputError

_PAGES = {
    400: ("Yêu cầu không hợp lệ", "Địa chỉ hoặc dữ liệu gửi lên không dùng được. Quay lại và thử lại."),
    403: ("Không có quyền", "Vai trò của bạn không dùng được màn hình này. Cần thì hỏi người quản trị của cơ quan."),
    404: ("Không có trang này", "Địa chỉ sai, hoặc nội dung không thuộc cơ quan của bạn."),
    429: ("Thao tác quá nhiều", "Có quá nhiều lần thử trong thời gian ngắn. Đợi năm phút rồi thử lại."),
    500: ("Máy chủ gặp lỗi", "Lỗi đã được ghi lại. Những gì đã lưu vẫn còn nguyên; thử lại sau ít phút."),
}


def _page(request: HttpRequest, status: int) -> HttpResponse:
    title, text = _PAGES[status]
    return render(request, "desk/error.html", {"title": title, "text": text}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _page(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    """429."""
    return _page(request, 429)


def failed(request: HttpRequest) -> HttpResponse:
    """500."""
    return _page(request, 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or that another site sent."""
    text = "Trang đã mở quá lâu hoặc trình duyệt chặn cookie. Tải lại trang rồi gửi lại; phần đã lưu không mất."
    return render(request, "desk/error.html", {"title": "Phiên gửi đã hết hạn", "text": text}, status=403)


def unusable(request: HttpRequest, error: InputError) -> HttpResponse:
    """Bad input that no form field can carry: its one line, with status 422."""
    return render(request, "desk/error.html", {"title": "Chưa dùng được", "text": str(error)}, status=422)
