"""What of the store is shown, and a correction of a label."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms

from canbang.codebook import load_codebook
from canbang.desk.domain.item import REASON_MAX
from canbang.desk.domain.items import Filters
from canbang.desk.domain.judgement import Answer
from canbang.desk.models import Channel, Organisation
from canbang.item import Kind

KINDS = {
    Kind.ARTICLE: "Bài", Kind.POST: "Bài đăng", Kind.CLIP: "Clip", Kind.LIVESTREAM: "Phát trực tiếp", Kind.PHOTO: "Ảnh",
    Kind.SHARE: "Chia sẻ lại",
}  # fmt: skip
_MONTH = re.compile(r"^20\d\d-(?:0[1-9]|1[0-2])$")
_ANY = [("", "Tất cả")]


def _values(label: str) -> list[tuple[str, str]]:
    return [(value.id, value.name_vi) for value in load_codebook().label(label).values]


class FilterForm(forms.Form):
    """Words and filters, as they stand in the address."""

    q = forms.CharField(
        label="Tìm trong tiêu đề, sapo",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    kenh = forms.ModelChoiceField(Channel.objects.none(), label="Kênh", required=False, empty_label="Mọi kênh")
    thang = forms.CharField(
        label="Tháng", required=False, widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-09"})
    )
    tu = forms.DateField(label="Từ ngày", required=False)
    den = forms.DateField(label="Đến ngày", required=False)
    loai = forms.ChoiceField(label="Loại", required=False)
    chu_de = forms.ChoiceField(label="Chủ đề (máy)", required=False)
    sac_thai = forms.ChoiceField(label="Sắc thái (máy)", required=False)
    nguon = forms.ChoiceField(
        label="Nguồn tin", required=False, choices=[*_ANY, ("own", "Tự sản xuất"), ("shared", "Chia sẻ lại")]
    )
    chua_chac = forms.BooleanField(label="Ngày đăng chưa chắc", required=False)
    da_go = forms.BooleanField(label="Đã gỡ", required=False)

    def __init__(self, organisation: Organisation, data: Any) -> None:
        super().__init__(data)
        channel = self.fields["kenh"]
        assert isinstance(channel, forms.ModelChoiceField)
        channel.queryset = Channel.objects.filter(organisation=organisation).order_by("name")
        for name, choices in (
            ("loai", [(kind.value, words) for kind, words in KINDS.items()]),
            ("chu_de", _values("theme")),
            ("sac_thai", _values("tone")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*_ANY, *choices]
        for name in ("tu", "den"):
            self.fields[name].widget = forms.DateInput(attrs={"placeholder": "ngày/tháng/năm", "autocomplete": "off"})
            self.fields[name].error_messages["invalid"] = "Ngày không đúng. Ghi ngày/tháng/năm, ví dụ 05/03/2026."

    def clean_thang(self) -> date | None:
        """The month's first day."""
        text: str = self.cleaned_data["thang"]
        if not text:
            return None
        if not _MONTH.match(text):
            raise forms.ValidationError("Tháng không đúng. Ghi năm-tháng, ví dụ 2026-09.")
        return date.fromisoformat(f"{text}-01")

    def filters(self) -> Filters:
        """What can be used of what was asked for: a filter that is none filters nothing."""
        self.is_valid()
        given = self.cleaned_data
        return Filters(
            words=given.get("q") or "", channel=given.get("kenh"), month=given.get("thang"), first=given.get("tu"),
            last=given.get("den"), kind=given.get("loai") or "", theme=given.get("chu_de") or "",
            tone=given.get("sac_thai") or "", own=given.get("nguon") or "", unsure=bool(given.get("chua_chac")),
            removed=bool(given.get("da_go")),
        )  # fmt: skip


class CorrectionForm(forms.Form):
    """A label by a person, and why."""

    tone = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": "Chọn sắc thái."})
    dark_side = forms.ChoiceField(
        choices=[("true", "Có"), ("false", "Không")], widget=forms.RadioSelect,
        error_messages={"required": "Chọn có hay không."},
    )  # fmt: skip
    theme = forms.ChoiceField(required=False)
    sensational = forms.BooleanField(required=False)
    public_interest = forms.BooleanField(required=False)
    reason = forms.CharField(
        label="Lý do", max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Bắt buộc. Ghi ngắn gọn vì sao nhãn máy chưa đúng.",
        error_messages={"required": "Ghi lý do sửa nhãn.", "max_length": f"Lý do không quá {REASON_MAX} ký tự."},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        book = load_codebook()
        for name in ("tone", "dark_side", "theme", "sensational", "public_interest"):
            self.fields[name].label = book.label(name).name_vi
        for name, empty in (("tone", []), ("theme", [("", "để máy phân loại")])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*empty, *_values(name)]

    def answer(self) -> Answer:
        """The label; call it on a valid form."""
        given = self.cleaned_data
        return Answer(
            tone=given["tone"], dark_side=given["dark_side"] == "true", sensational=given["sensational"],
            public_interest=given["public_interest"], theme=given["theme"],
        )  # fmt: skip
