"""A file, how it is to be read, and pasted lines."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from canbang.desk.domain.upload import Choices, Preview
from canbang.desk.forms.channel import ChannelChoiceForm
from canbang.desk.models import Organisation
from canbang.fetch.columns import NAMEABLE
from canbang.fetch.table import SUFFIXES
from canbang.text.dates import DateOrder

PASTE_MAX = 1 << 20
OWN_COLUMN = "Theo cột kênh trong tệp"
_ORDERS = (
    ("", "Tự nhận ra"),
    (DateOrder.DMY.value, "ngày/tháng/năm (5/9 là 5 tháng 9)"),
    (DateOrder.MDY.value, "tháng/ngày/năm (5/9 là 9 tháng 5)"),
)
FIRST = ("title", "published_at", "lead", "text", "url", "platform_id", "channel")
"""Fields that are asked for first; the rest folds away."""


class UploadForm(forms.Form):
    """One export file."""

    file = forms.FileField(
        label="Tệp xuất",
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES), "class": "drop"}),
        help_text="Kéo tệp vào đây hoặc bấm để chọn. CSV, XLSX, JSON, JSONL, Parquet; tệp của Meta, YouTube Studio, TikTok, Zalo OA để nguyên. Tối đa 20 MB.",
        error_messages={"required": "Chọn một tệp.", "empty": "Tệp rỗng. Xuất lại từ hệ thống đăng bài.", "invalid": "Chọn một tệp."},
    )  # fmt: skip


class ReadingForm(ChannelChoiceForm):
    """How a file is read: under which channel, in which order days and months stand, which heading is which field."""

    order = forms.ChoiceField(
        label="Thứ tự ngày",
        required=False,
        choices=_ORDERS,
        help_text="Cần chọn khi mọi ngày trong tệp đều đọc được hai cách.",
    )

    def __init__(self, organisation: Organisation, seen: Preview, chosen: Choices, data: Any = None) -> None:
        initial = {"channel": chosen.channel, "name": chosen.name, "order": chosen.order}
        initial |= {f"column_{name}": heading for name, heading in chosen.columns.items()}
        own = OWN_COLUMN if "channel" in seen.found else ""
        super().__init__(organisation, data, initial=initial, own=own)
        self.fields["channel"].required = False
        for name, words in NAMEABLE.items():
            found = seen.found.get(name, "")
            own_choice = f"tự nhận: {found}" if found and name not in chosen.columns else "tự nhận: không thấy"
            options = [
                ("", own_choice if name not in chosen.columns else "tự nhận"),
                *((one, one) for one in seen.headings),
            ]
            self.fields[f"column_{name}"] = forms.ChoiceField(
                label=words[:1].upper() + words[1:], required=False, choices=options,
                error_messages={"invalid_choice": "Tệp không có cột này. Chọn lại."},
            )  # fmt: skip

    @property
    def basics(self) -> list[forms.BoundField]:
        """Where it counts, and how days are written."""
        return [self["channel"], self["name"], self["order"]]

    @property
    def first(self) -> list[forms.BoundField]:
        """The fields that matter most."""
        return [self[f"column_{name}"] for name in FIRST]

    @property
    def rest(self) -> list[forms.BoundField]:
        """The others."""
        return [self[f"column_{name}"] for name in NAMEABLE if name not in FIRST]

    def clean(self) -> dict[str, Any]:
        """One heading for one field."""
        given = super().clean()
        taken: dict[str, str] = {}
        for name in NAMEABLE:
            heading = given.get(f"column_{name}")
            if heading and taken.setdefault(heading, name) != name:
                self.add_error(
                    f"column_{name}", f"Cột “{heading}” đã chọn cho {NAMEABLE[taken[heading]]}. Mỗi trường một cột."
                )
        return given

    def choices(self) -> Choices:
        """What was chosen; call it on a valid form."""
        given = self.cleaned_data
        columns = {name: given[f"column_{name}"] for name in NAMEABLE if given[f"column_{name}"]}
        return Choices(given["channel"], given["name"], given["order"], columns)


class PasteForm(ChannelChoiceForm):
    """Lines to take in, and what they do not say themselves."""

    text = forms.CharField(
        label="Dán vào đây", max_length=PASTE_MAX, widget=forms.Textarea(attrs={"rows": 8}), strip=False,
        help_text="Mỗi dòng một đường dẫn hoặc một tin, ngày ghi ở đầu dòng: “29/3/2024 Khánh thành cầu https://…”. Dòng chỉ có đường dẫn thì tải trang đó, nếu thuộc kênh đã ghi danh.",
        error_messages={"required": "Chưa dán dòng nào.", "max_length": "Dài quá. Chia nhỏ, hoặc nạp tệp."},
    )  # fmt: skip
    day = forms.DateField(
        label="Ngày đăng của dòng không ghi ngày", required=False,
        widget=forms.DateInput(attrs={"placeholder": "ngày/tháng/năm", "autocomplete": "off"}),
        error_messages={"invalid": "Ngày không đúng. Ghi ngày/tháng/năm, ví dụ 05/03/2026."},
    )  # fmt: skip
    order = forms.ChoiceField(label="Thứ tự ngày", required=False, choices=_ORDERS)
    field_order = ("text", "channel", "name", "day", "order")

    def clean_day(self) -> date | None:
        """A day that can be one."""
        day: date | None = self.cleaned_data["day"]
        if day and not 2000 <= day.year < 2100:
            raise forms.ValidationError("Ngày không đúng. Ghi ngày/tháng/năm, ví dụ 05/03/2026.")
        return day
