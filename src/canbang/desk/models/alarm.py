"""Alarms: what the desk wants somebody to look at, and who muted it and why."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from canbang.desk.models.organisation import Organisation


class AlarmKind(models.TextChoices):
    """What an alarm is about."""

    EARLY = "early", "Cảnh báo sớm"
    GAP = "gap", "Thiếu dữ liệu"
    BEHIND = "behind", "Chấm mẫu chậm"
    DRIFT = "drift", "Máy gắn nhãn lệch"


class Alarm(models.Model):
    """One alarm. ``key`` says what it is about (a channel, a month): while it lasts it is raised once."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=8, choices=AlarmKind.choices)
    key = models.CharField(max_length=200)
    text = models.CharField("nội dung", max_length=500)
    detail = models.JSONField(default=dict)
    raised_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    muted_at = models.DateTimeField(null=True)
    muted_by = models.UUIDField(null=True)
    muted_because = models.CharField("lý do tắt", max_length=300, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "key"], condition=Q(ended_at=None), name="alarm_raised_once"
            )
        ]

    def __str__(self) -> str:
        return self.text
