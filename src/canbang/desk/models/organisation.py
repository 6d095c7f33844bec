"""Organisations: bodies of a level with dated names and a dated place in the cascade; some of them use this desk."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q


def valid_on(day: date) -> Q:
    """Rows whose validity holds on a day; both ends included, an open end is none."""
    return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_to=None) | Q(valid_to__gte=day))


class Level(models.TextChoices):
    """Levels of the cascade, and publishers outside it."""

    MINISTRY = "ministry", "Bộ, ngành"
    PROVINCE = "province", "Cấp tỉnh"
    DISTRICT = "district", "Cấp huyện"
    COMMUNE = "commune", "Cấp xã"
    PRESS = "press", "Cơ quan báo chí"


class Organisation(models.Model):
    """A body. ``enrolled`` ones work on this desk; ``entries`` and ``head`` are the end of its log's hash chain."""

    code = models.SlugField("mã trong địa chỉ", unique=True, max_length=40)
    level = models.CharField("cấp", max_length=10, choices=Level.choices)
    valid_from = models.DateField("thành lập", null=True, blank=True)
    valid_to = models.DateField("thôi hoạt động", null=True, blank=True)
    enrolled = models.BooleanField("dùng bàn làm việc này", default=True)
    keep_months = models.PositiveSmallIntegerField("giữ nội dung tin (tháng)", default=36)
    entries = models.PositiveBigIntegerField(default=0, editable=False)
    head = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name()

    def name(self, day: date | None = None) -> str:
        """The official name on a day: today's where none is given, else the last one it had."""
        names = [one for one in self.names.all() if one.official]
        day = day or date.today()  # noqa: DTZ011  (names change by the day, the zone does not matter)
        fit = [n for n in names if (n.valid_from or date.min) <= day <= (n.valid_to or date.max)]
        chosen = (fit or sorted(names, key=lambda n: n.valid_to or date.max))[-1:]
        return chosen[0].name if chosen else self.code


class OrganisationName(models.Model):
    """A name that a body bore, or an alias that letters and people use for it."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="names")
    name = models.CharField("tên", max_length=200)
    official = models.BooleanField("tên chính thức", default=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("valid_from", "id")

    def __str__(self) -> str:
        return self.name


class Placement(models.Model):
    """Under whom a body stood, and when: districts ended on 30/6/2025 and their communes came under the province."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="placements")
    parent = models.ForeignKey(Organisation, models.CASCADE, related_name="children")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.organisation_id} < {self.parent_id}"
