"""The month's sheet: the balance as it was computed, until it is signed; then as it was signed."""

from __future__ import annotations

from typing import Any

from django.db import models

from canbang.desk.models.organisation import Organisation
from canbang.estimate.verdict import Verdict


class Sheet(models.Model):
    """One month's balance. ``text`` is the report's JSON byte for byte; ``value`` is the same, parsed.

    ``lamps`` are the early-warning lamps of the audited month, as the JSON would hold them: they stand beside the sheet, for
    alarms, and are not part of what is signed.

    ``basis`` is a digest of everything it was computed from: where that differs from today's, the sheet is stale. A signed sheet is
    never computed again; ``anchor_count`` and ``anchor_head`` are the log's end when it was signed.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="sheets")
    month = models.DateField("tháng")
    text = models.TextField()
    value = models.JSONField()
    lamps = models.JSONField(default=list)
    verdict = models.CharField(max_length=16, choices=[(v.value, v.value) for v in Verdict])
    basis = models.CharField(max_length=64)
    computed_at = models.DateTimeField(auto_now=True)
    signed_at = models.DateTimeField("ký lúc", null=True)
    signed_by = models.UUIDField(null=True)
    signer = models.CharField("người ký", max_length=200, blank=True)
    digest = models.CharField("mã băm", max_length=64, blank=True)
    anchor_count = models.PositiveBigIntegerField(default=0)
    anchor_head = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-month",)
        constraints = [models.UniqueConstraint(fields=["organisation", "month"], name="one_sheet_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"

    def share(self, name: str = "counted_negative") -> dict[str, Any]:
        """One share of the whole: point, low, high, confidence."""
        return dict(self.value["shares"][name])
