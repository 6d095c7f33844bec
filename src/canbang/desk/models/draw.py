"""A month's draw, the items it drew, and what people said of them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from canbang.desk.models.item import Item
from canbang.desk.models.organisation import Organisation
from canbang.estimate.looks import Mode
from canbang.item import Judgement as Said
from canbang.item import Label


class Draw(models.Model):
    """A month's secret from its first day, and the frozen draw once there is one.

    ``value`` is ``audit.drawfile``'s JSON without the secret, null until drawn; ``revealed_at`` when the secret is public.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="draws")
    month = models.DateField("tháng")
    mode = models.CharField(max_length=16, default=Mode.ONE_LOOK.value, choices=[(m.value, m.value) for m in Mode])
    commitment = models.CharField("cam kết", max_length=64)
    secret = models.CharField(max_length=64)
    value = models.JSONField(null=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    drawn_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-month",)
        constraints = [models.UniqueConstraint(fields=["organisation", "month"], name="one_draw_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"


class Drawn(models.Model):
    """A drawn item in the order people see it. ``doubled`` ones are judged by two people who do not see each other.

    ``held_by`` has it on the screen until ``held_until``, so that two people do not judge one card.
    """

    draw = models.ForeignKey(Draw, models.CASCADE, related_name="cards")
    item = models.ForeignKey(Item, models.PROTECT, related_name="drawn")
    place = models.PositiveIntegerField()
    doubled = models.BooleanField(default=False)
    held_by = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("place",)
        constraints = [
            models.UniqueConstraint(fields=["draw", "item"], name="drawn_once"),
            models.UniqueConstraint(fields=["draw", "place"], name="place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place}"


class Turn(models.IntegerChoices):
    """Whose word a judgement is."""

    FIRST = 1, "chấm lần một"
    SECOND = 2, "chấm độc lập lần hai"
    FINAL = 3, "phân xử"


class Judgement(models.Model):
    """What a person said of a drawn item. ``key`` is made by the browser: the same judgement sent twice is one.

    An undone judgement stays, with ``undone_at``; one in force per card and turn.
    """

    drawn = models.ForeignKey(Drawn, models.CASCADE, related_name="judgements")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="judgements")
    turn = models.PositiveSmallIntegerField(choices=Turn.choices)
    person = models.UUIDField()
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    tone = models.CharField(max_length=8, blank=True)
    dark_side = models.BooleanField(null=True)
    sensational = models.BooleanField(null=True)
    theme = models.CharField(max_length=20, blank=True)
    public_interest = models.BooleanField(null=True)
    unsure = models.BooleanField(default=False)
    not_an_item = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["drawn", "turn"], condition=Q(undone_at=None), name="one_word_a_turn"),
            models.CheckConstraint(
                name="answered_or_left_open",
                condition=Q(unsure=True) | Q(not_an_item=True) | (~Q(tone="") & Q(dark_side__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drawn_id}/{self.turn}"

    @property
    def label(self) -> Label:
        """The label as the rest of the house knows it."""
        if self.unsure or self.not_an_item:
            return Label(unsure=self.unsure, not_an_item=self.not_an_item)
        return Label(
            tone=self.tone, dark_side=self.dark_side, sensational=self.sensational, theme=self.theme or None,
            public_interest=self.public_interest,
        )  # fmt: skip

    @property
    def said(self) -> Said:
        """The judgement under its item's id."""
        return Said(self.drawn.item.act.id, self.label)
