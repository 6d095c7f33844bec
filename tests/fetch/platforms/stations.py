"""Platforms that live: they answer from a state that a test changes, where a recording would be used up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from canbang.item import VIETNAM
from fetch.platforms.playback import Asked

DAY = timedelta(days=1)


def ago(days: int, hour: int = 8) -> datetime:
    """So many days ago, in the morning, in Vietnam."""
    today = datetime.now(VIETNAM).replace(hour=hour, minute=0, second=0, microsecond=0)
    return today - DAY * days


def iso(when: datetime) -> str:
    return when.isoformat()


@dataclass
class FacebookPage:
    """``posts`` and ``reels`` map an id to (moment, text); page ``broken`` of the posts fails; ``owner`` is whose the token is."""

    id: str = "1029384756"
    owner: str = "1029384756"
    posts: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    reels: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    size: int = 2
    broken: int = 0
    revoked: bool = False

    def publish(self, *days: int) -> None:
        for day in days:
            self.posts[f"{self.id}_{len(self.posts) + 1}"] = (ago(day), f"Bà con chú ý lịch cắt điện số {day}")

    def answer(self, asked: Asked) -> dict[str, Any]:
        if self.revoked:
            return {"status": 400, "answer": {"error": {"code": 190, "message": "Error validating access token"}}}
        if asked.ask.endswith("/me"):
            return {"answer": {"id": self.owner}}
        since, until = int(asked.query["since"]), int(asked.query["until"])
        held = self.posts if "published_posts" in asked.ask else self.reels
        rows = [
            {"id": key, "created_time": iso(when), "from": {"id": self.id}, "message": said, "description": said}
            for key, (when, said) in sorted(held.items(), key=lambda pair: pair[1][0], reverse=True)
            if since <= when.timestamp() <= until
        ]
        page = int(asked.query.get("after", "0"))
        if self.broken and page + 1 == self.broken and held is self.posts:
            return {"status": 400, "answer": {"error": {"code": 1, "message": "An unknown error occurred"}}}
        shown, more = rows[page * self.size : (page + 1) * self.size], len(rows) > (page + 1) * self.size
        paging = {"cursors": {"after": str(page + 1)}, **({"next": "x"} if more else {})}
        return {"answer": {"data": shown, "paging": paging}}


@dataclass
class YouTubeChannel:
    """``videos`` map an id to (moment, title); those in ``private`` are named by the list and not shown."""

    id: str = "UCthuongtra"
    owner: str = "UCthuongtra"
    description: str = "Kênh của xã"
    videos: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)

    def answer(self, asked: Asked) -> dict[str, Any]:
        what = asked.ask.rpartition("/")[2]
        if what == "channels":
            found = self.owner if "mine" in asked.query else asked.query["id"]
            snippet = {"title": "Đài xã", "description": self.description}
            lists = {"relatedPlaylists": {"uploads": "UU"}}
            return {"answer": {"items": [{"id": found, "snippet": snippet, "contentDetails": lists}]}}
        newest = sorted(self.videos.items(), key=lambda pair: pair[1][0], reverse=True)
        if what == "playlistItems":
            rows = [{"contentDetails": {"videoId": key, "videoPublishedAt": iso(when)}} for key, (when, _) in newest]
            return {"answer": {"items": rows}}
        wanted = asked.query["id"].split(",")
        return {"answer": {"items": [
            {"id": key, "snippet": {"title": title, "publishedAt": iso(when)},
             "status": {"privacyStatus": "private" if key in self.private else "public"}}
            for key, (when, title) in newest if key in wanted
        ]}}  # fmt: skip
