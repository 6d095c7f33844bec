"""Opening a month, and how many items to draw."""

from __future__ import annotations

from typing import Any

from django import forms

from canbang.estimate.looks import Mode


class ModeForm(forms.Form):
    """The month's way of looking at the result; it cannot be changed afterwards."""

    mode = forms.ChoiceField(
        label="Cách xem kết quả",
        choices=[(mode.value, mode.value) for mode in Mode],
        error_messages={"required": "Chọn một cách xem kết quả.", "invalid_choice": "Chọn một trong hai cách."},
    )


class BudgetForm(forms.Form):
    """Items in all after this look, from ``least`` to ``most``."""

    def __init__(self, *args: Any, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        span = f"Ghi một số từ {least} đến {most}."
        self.fields["budget"] = forms.IntegerField(
            label="Số tin rút (tổng cộng)", min_value=least, max_value=most,
            error_messages={
                "required": "Ghi số tin muốn rút.", "invalid": "Ghi một số nguyên, ví dụ 120.", "min_value": span, "max_value": span,
            },
        )  # fmt: skip
