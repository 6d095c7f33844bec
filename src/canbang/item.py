"""The nouns of the house, all frozen: what was published, where, and what was said about it.

An :class:`Item` is one *act of publishing* (an article, a post, a clip, a share) on an enrolled channel. It has
no author field on purpose: the house measures what a publisher puts out, never who wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Months and days are cut here. Vietnam keeps UTC+7 without summer time, so no time zone database is needed."""


class Kind(StrEnum):
    """The form of an act of publishing."""

    ARTICLE = "article"
    POST = "post"
    CLIP = "clip"
    LIVESTREAM = "livestream"
    PHOTO = "photo"
    SHARE = "share"


class DateSource(StrEnum):
    """Where ``published_at`` was read."""

    COLUMN = "column"
    FEED = "feed"
    SITEMAP = "sitemap"
    JSON_LD = "json_ld"
    OPEN_GRAPH = "open_graph"
    MICRODATA = "microdata"
    PAGE_TEXT = "page_text"
    RECIPE = "recipe"


class Confidence(StrEnum):
    """How far a date may be trusted: ``sure`` cuts months, ``likely`` is shown to a person."""

    SURE = "sure"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where the publisher posts: a portal, a page, a video channel."""

    name: str
    platform: str = "web"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One act of publishing; ``id`` is unique within what is measured.

    ``share_of`` is the address or id of the act that this one shares, empty for an own item. ``metrics`` maps
    "views", "likes", "shares", "comments", "watch_seconds" to counts.
    """

    channel: str
    platform_id: str
    title: str
    published_at: datetime
    lead: str = ""
    text: str = ""
    url: str = ""
    date_source: DateSource = DateSource.COLUMN
    date_confidence: Confidence = Confidence.SURE
    kind: Kind = Kind.ARTICLE
    share_of: str = ""
    section: str = ""
    metrics: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Channel and platform id: the act of publishing."""
        return f"{self.channel}/{self.platform_id}"


@dataclass(frozen=True, slots=True)
class Story:
    """Acts that tell the same story; ``first`` is the earliest of them."""

    first: str
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """The five labels of the codebook for one item; ``None`` where a person left a label open.

    ``unsure`` is the auditor's "không chắc": the item was read and could not be settled. ``not_an_item`` is codebook
    ruling 9: a page that should not have been collected. What a label counts for is the codebook's to say.
    """

    tone: str | None = None
    dark_side: bool | None = None
    sensational: bool | None = None
    theme: str | None = None
    public_interest: bool | None = None
    unsure: bool = False
    not_an_item: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """A machine's probabilities for one item, with the labeller's version and the codebook they were made under."""

    item_id: str
    probabilities: Mapping[str, float]
    labeller: str
    codebook: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person's label for one drawn item. ``row`` is its row in the sheet it came from, for messages."""

    item_id: str
    label: Label
    row: int = 0
