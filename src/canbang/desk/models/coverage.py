"""The ledger of collecting: what was tried of a channel, what came, and which days are known whole."""

from __future__ import annotations

from django.db import models

from canbang.desk.models.channel import Channel
from canbang.fetch.coverage import Attempt, Outcome


class CoverageAttempt(models.Model):
    """One line of a channel's ``coverage.jsonl``. ``said`` is the line; ``place`` is where it begins in the file."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="attempts")
    place = models.PositiveBigIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=[(one.value, one.value) for one in Outcome])
    said = models.JSONField()

    class Meta:
        ordering = ("place",)
        constraints = [models.UniqueConstraint(fields=["channel", "place"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.started_at:%d/%m/%Y %H:%M} {self.outcome}"

    @property
    def attempt(self) -> Attempt:
        """The same reading as the collector knows it."""
        return Attempt.of(self.said)
