"""Adding a channel, choosing one, and its owner's signed enrolment."""

from __future__ import annotations

from typing import Any

from django import forms

from canbang.desk.domain.intake import CHANNEL_MAX
from canbang.desk.domain.upload import NEW
from canbang.desk.models import Channel, Organisation, Platform


class ChannelChoiceForm(forms.Form):
    """An existing channel, or the name of a new one."""

    channel = forms.ChoiceField(
        label="Kênh", error_messages={"invalid_choice": "Kênh không có trong danh sách. Chọn lại."}
    )
    name = forms.CharField(
        label="Tên kênh mới", max_length=CHANNEL_MAX, required=False, help_text="Chỉ ghi khi chọn “Kênh mới”."
    )

    def __init__(self, organisation: Organisation, *args: Any, own: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        assert isinstance(field, forms.ChoiceField)
        channels = Channel.objects.filter(organisation=organisation).order_by("name")
        known = [(str(channel.pk), channel.name) for channel in channels]
        field.choices = [("", own or "Chọn kênh"), *known, (NEW, "Kênh mới…")]
        field.required = not own

    def clean(self) -> dict[str, Any]:
        """A new channel has a name."""
        given = super().clean() or {}
        if given.get("channel") == NEW and not given.get("name"):
            self.add_error("name", "Ghi tên kênh mới.")
        return given


class AddForm(forms.Form):
    """A channel that items can be counted under."""

    name = forms.CharField(
        label="Tên kênh", max_length=CHANNEL_MAX, help_text="Tên in trên phiếu, ví dụ “Cổng thông tin xã” hay “Facebook xã”.",
        error_messages={"required": "Ghi tên kênh."},
    )  # fmt: skip
    platform = forms.ChoiceField(label="Nền tảng", choices=Platform.choices)
    url = forms.URLField(
        label="Địa chỉ", max_length=500, required=False, assume_scheme="https",
        help_text="Cần khi muốn thu thập tự động; nạp bằng tệp xuất thì để trống.",
        error_messages={"invalid": "Địa chỉ không đúng. Viết đủ dạng https://tên-miền/…"},
    )  # fmt: skip


class EnrolForm(forms.Form):
    """The owner's word that the channel is theirs."""

    url = forms.CharField(
        label="Địa chỉ kênh", max_length=500, help_text="Trang chủ, RSS hoặc sitemap của chính kênh, viết đủ https://…",
        error_messages={"required": "Ghi địa chỉ kênh."}, widget=forms.URLInput(attrs={"inputmode": "url"}),
    )  # fmt: skip
    owner = forms.CharField(
        label="Cơ quan chủ quản", max_length=200, error_messages={"required": "Ghi tên cơ quan chủ quản."}
    )
    by = forms.CharField(
        label="Người ghi danh", max_length=100, error_messages={"required": "Ghi họ tên người ghi danh."}
    )
    position = forms.CharField(label="Chức vụ", max_length=98, error_messages={"required": "Ghi chức vụ."})
    consent = forms.CharField(
        label="Văn bản đồng ý (nếu có)", max_length=200, required=False,
        help_text="Số, ngày văn bản chủ quản cho thu thập dù robots.txt của trang không cho. Để trống thì theo robots.txt.",
    )  # fmt: skip
    confirmed = forms.BooleanField(
        label="Tôi xác nhận kênh này do đơn vị thiết lập, vận hành.",
        error_messages={"required": "Đánh dấu xác nhận rồi mới ký ghi danh được."},
    )
