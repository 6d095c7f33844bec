"""Settings of an organisation."""

from __future__ import annotations

from django import forms

from canbang.desk.domain.organisation import KEEP

_RANGE = f"Chọn từ {KEEP[0]} đến {KEEP[1]} tháng."


class SettingsForm(forms.Form):
    """The name from today on, and for how long texts are kept."""

    name = forms.CharField(
        label="Tên cơ quan", max_length=200, error_messages={"required": "Ghi tên cơ quan."},
        help_text="Tên mới có hiệu lực từ hôm nay; phiếu của các tháng trước giữ tên cũ.",
    )  # fmt: skip
    keep_months = forms.IntegerField(
        label="Giữ nội dung tin (tháng)", min_value=KEEP[0], max_value=KEEP[1],
        help_text="Quá hạn này, sapo và toàn văn của tin trong các tháng đã ký bị xóa. Tiêu đề, nhãn, kết quả chấm và con số ở lại.",
        error_messages={"required": "Ghi số tháng.", "invalid": "Ghi một số nguyên, ví dụ 36.", "min_value": _RANGE, "max_value": _RANGE},
    )  # fmt: skip
