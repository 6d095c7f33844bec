"""Items: acts of publishing as they are stored, their revisions, the machine's labels, and a person's corrections."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db import models
from numpy.typing import NDArray

from canbang.desk.models.channel import Channel
from canbang.desk.models.intake import Intake
from canbang.desk.models.organisation import Organisation
from canbang.item import VIETNAM, Confidence, DateSource, Kind
from canbang.item import Item as Act
from canbang.label.labeller import COLUMN, COLUMNS


class Item(models.Model):
    """One act of publishing. ``day`` is its day in Vietnam; ``folded`` is title and lead without diacritics, for search.

    Rows are never deleted: an act that was taken down keeps counting and carries ``removed_at``.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="items")
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="items")
    intake = models.ForeignKey(Intake, models.PROTECT, related_name="items")
    platform_id = models.CharField("mã", max_length=600)
    title = models.TextField("tiêu đề")
    lead = models.TextField("sapo", blank=True)
    text = models.TextField("nội dung", blank=True)
    url = models.URLField("đường dẫn", max_length=2000, blank=True)
    published_at = models.DateTimeField("đăng lúc")
    day = models.DateField("ngày đăng")
    date_source = models.CharField(max_length=12, default=DateSource.COLUMN.value)
    date_confidence = models.CharField(max_length=6, default=Confidence.SURE.value)
    kind = models.CharField("loại", max_length=10, default=Kind.ARTICLE.value)
    share_of = models.CharField("chia sẻ lại từ", max_length=2000, blank=True)
    section = models.CharField("chuyên mục", max_length=200, blank=True)
    metrics = models.JSONField(default=dict)
    folded = models.TextField(editable=False)
    removed_at = models.DateTimeField("gỡ lúc", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "platform_id"], name="act_once")]
        indexes = [
            models.Index(fields=["organisation", "-published_at", "-id"], name="item_newest"),
            models.Index(fields=["organisation", "day"], name="item_day"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def act(self) -> Act:
        """The same item as every other room of the house knows it."""
        return Act(
            channel=self.channel.name, platform_id=self.platform_id, title=self.title, lead=self.lead, text=self.text,
            url=self.url, published_at=self.published_at.astimezone(VIETNAM), date_source=DateSource(self.date_source),
            date_confidence=Confidence(self.date_confidence), kind=Kind(self.kind), share_of=self.share_of,
            section=self.section, metrics=self.metrics,
        )  # fmt: skip


class Revision(models.Model):
    """How an item read before it was edited."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="revisions")
    replaced_at = models.DateTimeField(auto_now_add=True)
    title = models.TextField()
    lead = models.TextField(blank=True)
    text = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.item_id} {self.replaced_at:%d/%m/%Y}"


class Prediction(models.Model):
    """The machine's word on an item. ``scores`` are ``label.labeller.COLUMNS`` as float32; the rest is for lists."""

    item = models.OneToOneField(Item, models.CASCADE, related_name="prediction")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="predictions")
    labeller = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    codebook = models.CharField(max_length=64)
    scores = models.BinaryField()
    counted = models.FloatField()
    tone = models.CharField(max_length=8)
    theme = models.CharField(max_length=20)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.item_id} {self.tone}"

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """``shape (len(COLUMNS),)``."""
        return np.frombuffer(bytes(self.scores), np.float32)

    def probability(self, column: str) -> float:
        """The machine's probability of one column."""
        return float(self.probabilities[COLUMN[column]])


assert len(COLUMNS) == 21


class Correction(models.Model):
    """A person's correction of the machine's label, with the reason. It changes no share: those rest on the audit."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="corrections")
    person = models.UUIDField()
    label = models.JSONField()
    reason = models.CharField("lý do", max_length=300)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.reason

    @property
    def when(self) -> datetime:
        """The moment in Vietnam."""
        return self.at.astimezone(VIETNAM)
