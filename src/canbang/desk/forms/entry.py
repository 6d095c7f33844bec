"""Looking into the log: by verb and day, and against an anchor that was kept elsewhere."""

from __future__ import annotations

from django import forms

from canbang.desk.models import Verb

ANCHOR_MAX = 4096
"""An anchor file holds four short values."""


class FilterForm(forms.Form):
    """Which entries to show."""

    verb = forms.ChoiceField(label="Việc", required=False, choices=[("", "Mọi việc"), *Verb.choices])
    day = forms.DateField(
        label="Ngày", required=False, widget=forms.DateInput(attrs={"placeholder": "ngày/tháng/năm", "autocomplete": "off"}),
        error_messages={"invalid": "Ngày không đúng. Ghi ngày/tháng/năm, ví dụ 05/03/2026."},
    )  # fmt: skip


class AnchorForm(forms.Form):
    """An anchor file, as this screen gave it out."""

    anchor = forms.FileField(
        label="Tệp mốc (JSON)",
        help_text="Tệp đã tải về từ màn hình này và cất ở nơi khác.",
        error_messages={"required": "Chọn tệp mốc đã tải về trước đây."},
    )

    def read(self) -> bytes:
        """The file's content, cut where no anchor is that long; call it on a valid form."""
        content: bytes = self.cleaned_data["anchor"].read(ANCHOR_MAX)
        return content
