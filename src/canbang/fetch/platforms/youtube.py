"""YouTube by the uploads playlist of the Data API v3. ``search.list`` is never used.

Each list call is one unit of 10,000 a day; 1,000 videos cost about 41. The proof of enrolment is looked for again at each
reading: an owner's token must open this very channel, or (with a plain key) the channel's description holds the code.
The feed without a key (``/feeds/videos.xml``) is not read: YouTube's robots.txt closes it to everybody since 2025, and no
proof could be looked at by it.
Source: developers.google.com/youtube/v3 (facts/collect.md section 7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from canbang.fetch.enrolment import Enrolment
from canbang.fetch.platforms.accounts import Account, wrong_owner
from canbang.fetch.platforms.api import Api, ApiError, Quota, Reply, Secret, from_environment
from canbang.fetch.platforms.common import Hidden, PlatformSource, Span, Walk, at, metrics, rows, text
from canbang.fetch.source import Reject
from canbang.fetch.trouble import FetchError, Trouble
from canbang.item import VIETNAM, DateSource, Item, Kind
from canbang.text.dates import parse_date

BASE = "https://www.googleapis.com"
UNITS_A_DAY = 10_000
PACIFIC = timezone(timedelta(hours=-8))
"""The day of the units begins at midnight Pacific time. Without summer time: then ours begins an hour late, never early."""
PAGE = 50
MAX_PAGES = 400


def quota() -> Quota:
    """The day's units; hand in what earlier runs of the day used as ``used``."""
    return Quota(UNITS_A_DAY, "đơn vị YouTube", zone=PACIFIC)


def proof(api: Api, account: Account, enrolment: Enrolment) -> str:
    """Ask whose channel the token opens ("token"), or with a plain key look for the code in its description.

    Raises :class:`InputError` where it is another's, or the code is not there.
    """
    headers = _headers(account)
    _channel(api, account, enrolment, headers)
    return "token" if "Authorization" in headers else "description"


def read_api(
    api: Api, source: PlatformSource, account: Account, enrolment: Enrolment, span: Span
) -> Iterator[Item | Reject]:
    """Videos of the channel published in ``span``. Raises :class:`InputError` where the proof is gone."""
    headers = _headers(account)
    channel = _channel(api, account, enrolment, headers)
    playlist = text(at(channel, "contentDetails", "relatedPlaylists", "uploads"))
    walk, token = Walk(source, "danh sách tải lên", span), ""
    for _ in range(MAX_PAGES):
        try:
            listed = _list(api, headers, "playlistItems", part="contentDetails", playlistId=playlist, pageToken=token)
            found = [(text(at(row, "contentDetails", "videoId")), row) for row in rows(listed, "items")]
            wanted = [video for video, row in found if video and _may_lie_in(row, span)]
            videos = rows(_videos(api, headers, wanted), "items") if wanted else []
        except ApiError as error:
            walk.failed(error)
            return
        yield from _read_videos(source, account, wanted, videos, span)
        past = walk.page([when.date() for _, row in found if (when := _listed(row)) is not None])
        token = text(at(listed, "nextPageToken"))
        if not token or past:
            walk.end()
            return
    walk.failed(f"quá {MAX_PAGES} trang danh sách")


def _headers(account: Account) -> dict[str, Secret]:
    """A plain key ("AIza…") and an owner's token go into different headers."""
    secret = from_environment(account.token_env, account.name)
    if secret.reveal().startswith("AIza"):
        return {"X-Goog-Api-Key": secret}
    return {"Authorization": Secret(f"Bearer {secret.reveal()}")}


def _channel(api: Api, account: Account, enrolment: Enrolment, headers: dict[str, Secret]) -> dict[str, Any]:
    owner = "Authorization" in headers
    which = {"mine": "true"} if owner else {"id": account.id}
    found = rows(_list(api, headers, "channels", part="snippet,contentDetails", **which), "items")
    if owner:
        mine = [row for row in found if text(row.get("id")) == account.id]
        if not mine:
            raise wrong_owner(account, ", ".join(text(row.get("id")) for row in found))
        return mine[0]
    if not found or text(found[0].get("id")) != account.id:
        raise FetchError(
            f"{account.name}: YouTube không có kênh mang mã {account.id}. Kiểm tra id trong tệp kênh.",
            Trouble.ENROLMENT,
        )
    if not enrolment.code or enrolment.code not in str(at(found[0], "snippet", "description") or ""):
        raise FetchError(
            f"{account.name}: không thấy mã ghi danh trong phần mô tả kênh YouTube. Đặt dòng {enrolment.code} vào mô tả "
            "rồi chạy lại, hoặc dùng mã truy cập do chủ kênh cấp.",
            Trouble.ENROLMENT,
        )
    return found[0]


def _list(api: Api, headers: dict[str, Secret], what: str, **params: str) -> Any:
    limit = {} if what == "channels" else {"maxResults": str(PAGE)}
    wanted = {name: value for name, value in (params | limit).items() if value}
    return _value(api, api.get(f"/youtube/v3/{what}", wanted, headers))


def _videos(api: Api, headers: dict[str, Secret], ids: Sequence[str]) -> Any:
    params = {
        "part": "snippet,contentDetails,statistics,status,liveStreamingDetails",
        "id": ",".join(ids),
    }
    return _value(api, api.get("/youtube/v3/videos", params, headers))


def _value(api: Api, reply: Reply) -> Any:
    if reply.status == 200 and isinstance(reply.value, dict):
        return reply.value
    why = text(at(reply.value, "error", "errors", 0, "reason")) or f"mã {reply.status}"
    if why in ("quotaExceeded", "dailyLimitExceeded"):
        api.quota.used = max(api.quota.used, api.quota.limit)
        raise ApiError(
            "YouTube báo hết hạn mức trong ngày (mở lại lúc 0 giờ, giờ Thái Bình Dương).", status=reply.status, code=why
        )
    raise ApiError(f"YouTube từ chối: {api.clean(why)}", status=reply.status, code=why)


def _moment(value: Any) -> datetime | None:
    dated = parse_date(text(value))
    return dated.when.astimezone(VIETNAM) if dated else None


def _listed(row: dict[str, Any]) -> datetime | None:
    return _moment(at(row, "contentDetails", "videoPublishedAt"))


def _may_lie_in(row: dict[str, Any], span: Span) -> bool:
    when = _listed(row)
    return when is None or span.holds(when)


def _read_videos(
    source: PlatformSource, account: Account, wanted: Sequence[str], videos: list[dict[str, Any]], span: Span
) -> Iterator[Item | Reject]:
    by_id = {text(video.get("id")): video for video in videos}
    for video_id in wanted:
        source.done += 1
        video = by_id.get(video_id)
        if video is None:
            yield Hidden(source.name, f"clip {video_id}", "YouTube không trả về clip này (đã xóa hoặc riêng tư)")
            continue
        thing = _item(source, account, video_id, video)
        if isinstance(thing, Reject) or span.holds(thing.published_at):
            yield thing


def _item(source: PlatformSource, account: Account, video_id: str, video: dict[str, Any]) -> Item | Reject:
    title, when = text(at(video, "snippet", "title")), _moment(at(video, "snippet", "publishedAt"))
    place = f"clip {video_id}"
    privacy = text(at(video, "status", "privacyStatus"))
    if privacy and privacy != "public":
        return Hidden(source.name, place, f"không công khai ({privacy})")
    if text(at(video, "snippet", "liveBroadcastContent")) == "upcoming":
        return Reject(source.name, place, "chưa phát: buổi phát đã hẹn giờ", title[:80])
    if when is None or not title:
        return Reject(source.name, place, "thiếu tiêu đề hoặc ngày đăng", title[:80])
    counted = at(video, "statistics") or {}
    return Item(
        channel=account.name, platform_id=video_id, title=title, published_at=when,
        text=text(at(video, "snippet", "description")), url=f"https://www.youtube.com/watch?v={video_id}",
        date_source=DateSource.FEED, kind=Kind.LIVESTREAM if at(video, "liveStreamingDetails") else Kind.CLIP,
        metrics=metrics({
            "views": at(counted, "viewCount"), "likes": at(counted, "likeCount"), "comments": at(counted, "commentCount"),
        }),
    )  # fmt: skip
