"""What came in at once: a file, a paste, a collecting; and the rows of it that do not count, with their reasons."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models

from canbang.desk.models.channel import Channel
from canbang.desk.models.organisation import Organisation


class IntakeKind(models.TextChoices):
    """How items came in."""

    FILE = "file", "Tệp"
    PASTE = "paste", "Dán"
    COLLECT = "collect", "Thu thập"


class Intake(models.Model):
    """One coming-in. ``read = taken + doubled + rejected``; ``person`` is opaque, null where a schedule did it."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="intakes")
    channel = models.ForeignKey(Channel, models.SET_NULL, null=True, blank=True, related_name="intakes")
    kind = models.CharField(max_length=8, choices=IntakeKind.choices)
    source = models.CharField("nguồn", max_length=500)
    at = models.DateTimeField(auto_now_add=True)
    person = models.UUIDField(null=True)
    read = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    doubled = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    notes = models.JSONField(default=list)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.source


class RejectedRow(models.Model):
    """A row that does not count, why, and how it began."""

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="rejects")
    place = models.CharField("chỗ", max_length=200)
    reason = models.CharField("lý do", max_length=300)
    start = models.CharField("nội dung đầu", max_length=120, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class Upload(models.Model):
    """A file that waits for a person to look at it; with ``intake`` it was taken, and the file is gone.

    ``choices`` is how the person wants it read: ``canbang.desk.domain.upload.Choices`` as JSON.
    """

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="uploads")
    name = models.CharField("tên tệp", max_length=200)
    suffix = models.CharField(max_length=10)
    choices = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)
    person = models.UUIDField()
    intake = models.OneToOneField(Intake, models.SET_NULL, null=True, related_name="upload")

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """Where the file lies, under a name that nobody can guess."""
        return Path(settings.UPLOADS) / f"{self.key}{self.suffix}"
