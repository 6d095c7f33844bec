"""Channels of an organisation and their signed enrolment."""

from __future__ import annotations

from django.db import models

from canbang.desk.models.organisation import Organisation
from canbang.fetch.enrolment import Enrolment as Record


class Platform(models.TextChoices):
    """Where a channel lives."""

    WEB = "web", "Cổng, trang thông tin, báo điện tử"
    FACEBOOK = "facebook", "Facebook"
    YOUTUBE = "youtube", "YouTube"
    TIKTOK = "tiktok", "TikTok"
    ZALO = "zalo", "Zalo"
    OTHER = "other", "Khác"


class Channel(models.Model):
    """A place where the organisation posts; ``name`` is what its items count under.

    ``read_to`` is how far each file of its collecting folder was taken into rows, in bytes.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="channels")
    name = models.CharField("tên kênh", max_length=120)
    platform = models.CharField("nền tảng", max_length=10, choices=Platform.choices, default=Platform.WEB)
    url = models.URLField("địa chỉ", max_length=500, blank=True)
    active = models.BooleanField("đang hoạt động", default=True)
    read_to = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="channel_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def collected(self) -> bool:
        """Whether it may be collected from the network: enrolled, and the proof was seen."""
        enrolment = getattr(self, "enrolment", None)
        return enrolment is not None and bool(enrolment.proof)


class Enrolment(models.Model):
    """The owner's word that a channel is theirs, with its proof: the columns of ``fetch.enrolment``, and who signed."""

    channel = models.OneToOneField(Channel, models.CASCADE, related_name="enrolment")
    url = models.URLField("địa chỉ", max_length=500)
    scope = models.CharField(max_length=500)
    owner = models.CharField("cơ quan chủ quản", max_length=200)
    by = models.CharField("người ghi danh", max_length=200)
    code = models.CharField(max_length=64)
    enrolled_at = models.CharField(max_length=40)
    proof = models.CharField(max_length=20, blank=True)
    proof_at = models.CharField(max_length=500, blank=True)
    proved_at = models.CharField(max_length=40, blank=True)
    consent = models.CharField("văn bản đồng ý", max_length=200, blank=True)
    signed_by = models.UUIDField(null=True)
    signed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.url

    @property
    def record(self) -> Record:
        """The same enrolment as the collector knows it."""
        return Record(
            url=self.url, scope=self.scope, owner=self.owner, by=self.by, code=self.code, enrolled_at=self.enrolled_at,
            proof=self.proof, proof_at=self.proof_at, proved_at=self.proved_at, consent=self.consent,
        )  # fmt: skip
