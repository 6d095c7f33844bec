"""The log: every decision of an organisation, chained by hashes (``canbang.ledger``), only ever appended to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from canbang.desk.models.organisation import Organisation
from canbang.ledger import Link


class Verb(models.TextChoices):
    """What was decided or done."""

    ENROL = "enrol", "ghi danh kênh"
    PROVE = "prove", "kiểm tra bằng chứng ghi danh"
    WITHDRAW = "withdraw", "dừng kênh"
    IMPORT = "import", "nạp dữ liệu"
    OPEN = "open", "mở kỳ"
    DRAW = "draw", "rút mẫu"
    JUDGE = "judge", "chấm"
    UNDO = "undo", "hoàn tác một lần chấm"
    ADJUDICATE = "adjudicate", "phân xử"
    RELABEL = "relabel", "sửa nhãn"
    SIGN = "sign", "ký phiếu"
    REVEAL = "reveal", "công bố mã rút mẫu"
    EXPORT = "export", "xuất"
    MEMBER = "member", "đổi thành viên"
    SETTING = "setting", "đổi thiết lập"
    MUTE = "mute", "tắt cảnh báo"
    ERASE = "erase", "xóa dữ liệu cá nhân"
    BLANK = "blank", "xóa nội dung quá hạn lưu"


class Entry(models.Model):
    """One entry. ``at`` is text, so that what was hashed is what is stored on every database."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="log")
    number = models.PositiveBigIntegerField()
    at = models.CharField(max_length=40)
    person = models.UUIDField(null=True)
    verb = models.CharField(max_length=12, choices=Verb.choices)
    object = models.CharField(max_length=300)
    detail = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["organisation", "number"], name="entry_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.verb}"

    @property
    def moment(self) -> datetime:
        """When it was written."""
        return datetime.fromisoformat(self.at)

    @property
    def content(self) -> dict[str, Any]:
        """What the hash covers."""
        person = str(self.person) if self.person else None
        return {"at": self.at, "person": person, "verb": self.verb, "object": self.object, "detail": self.detail}

    @property
    def link(self) -> Link:
        """The entry as a link of the chain."""
        return Link(self.number, self.content, self.digest)
