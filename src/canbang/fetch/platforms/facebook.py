"""A Facebook Page: ``published_posts`` and, since those leave reels out, ``video_reels``.

Back-fill goes by windows of a month (``since``/``until``), since one walk through the list ends after some 600 posts a
year. The token is the Page's own; ``/me`` must be the enrolled Page. Of people nothing is read: ``from`` is asked for its
id alone, to leave visitors' posts out, and comments and reactions are asked for their totals alone.
Source: developers.facebook.com/docs/graph-api, v25.0 (facts/collect.md section 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from canbang.fetch.enrolment import Enrolment
from canbang.fetch.platforms.accounts import Account, wrong_owner
from canbang.fetch.platforms.api import Api, ApiError, Quota, Reply, Secret, from_environment
from canbang.fetch.platforms.common import PlatformSource, Span, Walk, at, metrics, rows, text
from canbang.fetch.source import Reject
from canbang.item import VIETNAM, DateSource, Item, Kind
from canbang.text.dates import parse_date

BASE = "https://graph.facebook.com"
VERSION = "v25.0"
PAGE = 100
MAX_PAGES = 100
VIEW_METRICS = ("post_media_view", "post_total_media_view_unique")
"""Names of the view count of a post, tried in turn: Meta renames them ("invalid metric")."""

_TOTALS = "reactions.summary(true).limit(0),comments.summary(true).limit(0)"
_POST_FIELDS = (
    "id,created_time,message,permalink_url,status_type,parent_id,from{id},shares,"
    "attachments{media_type,type,url,title,description,target{id,url}}," + _TOTALS
)
_REEL_FIELDS = "id,created_time,title,description,permalink_url,post_id,views,likes.summary(true).limit(0),comments.summary(true).limit(0)"
_INVALID_METRIC, _EXPIRED, _TOO_MANY = 100, 190, (4, 17, 32, 613, 80001)
_KINDS = {"added_video": Kind.CLIP, "added_photos": Kind.PHOTO, "shared_story": Kind.SHARE}


def quota() -> Quota:
    """Meta's limit depends on the Page's audience; calls are counted and shown."""
    return Quota(0, "lượt gọi Facebook")


def proof(api: Api, account: Account, enrolment: Enrolment) -> str:
    """Ask whose Page the token opens. Raises :class:`InputError` where it is another's, or there is none."""
    owner = text(at(_value(api, api.get(f"/{VERSION}/me", {"fields": "id"}, _headers(account))), "id"))
    if owner != account.id:
        raise wrong_owner(account, owner)
    return "token"


def read_api(
    api: Api, source: PlatformSource, account: Account, enrolment: Enrolment, span: Span
) -> Iterator[Item | Reject]:
    """Posts, shares and reels of the Page in ``span``. Raises :class:`InputError` where the token is another Page's."""
    proof(api, account, enrolment)
    page = _Page(api, source, account, _headers(account))
    for month in span.months():
        yield from page.posts(month)
    for month in span.months():
        yield from page.reels(month)


def _headers(account: Account) -> dict[str, Secret]:
    return {"Authorization": Secret(f"Bearer {from_environment(account.token_env, account.name).reveal()}")}


def _value(api: Api, reply: Reply) -> Any:
    error = at(reply.value, "error")
    if reply.status == 200 and error is None and isinstance(reply.value, dict):
        return reply.value
    code = at(error, "code")
    said = api.clean(at(error, "message") or f"mã {reply.status}")
    if code == _EXPIRED:
        said = "mã truy cập hết hạn hoặc bị thu hồi; chủ trang cấp lại mã"
    elif code in _TOO_MANY:
        said = "quá nhiều lượt gọi; chạy lại sau một giờ"
    raise ApiError(f"Facebook từ chối: {said}", status=reply.status, code=code if isinstance(code, int) else 0)


class _Page:
    """The lists of one Page."""

    def __init__(self, api: Api, source: PlatformSource, account: Account, headers: dict[str, Secret]) -> None:
        self.api, self.source, self.account, self.headers = api, source, account, headers
        self.views = list(VIEW_METRICS)
        self.posts_seen: set[str] = set()
        self.closed = ""

    def posts(self, span: Span) -> Iterator[Item | Reject]:
        for post in self._walk("published_posts", "bài đăng", span, _POST_FIELDS):
            yield self._post(post)

    def reels(self, span: Span) -> Iterator[Item | Reject]:
        # where posts are missing nobody knows whether a reel is one of them: it waits for them, or it would count twice
        open_days = [(tried.first, tried.last) for tried in self.source.tried if tried.failed]
        for reel in self._walk("video_reels", "thước phim (Reels)", span, _REEL_FIELDS):
            thing = self._reel(reel)
            if isinstance(thing, Reject):
                yield thing
                continue
            day = thing.published_at.date()
            # windows are ours to keep here too: the edge may not know since and until
            if span.holds(thing.published_at) and not any(first <= day <= last for first, last in open_days):
                yield thing

    def _walk(self, edge: str, what: str, span: Span, wanted: str) -> Iterator[dict[str, Any]]:
        walk, after = Walk(self.source, what, span), ""
        if self.closed:
            walk.failed(self.closed)
            return
        for _ in range(MAX_PAGES):
            params = {"limit": str(PAGE), "since": str(span.start), "until": str(span.end - 1)}
            try:
                found = self._ask(edge, params | ({"after": after} if after else {}), wanted)
            except ApiError as error:
                # a refusal that the next window would meet as well: asking on would only lengthen the block
                self.closed = str(error) if error.code in (_EXPIRED, *_TOO_MANY) or error.status == 429 else ""
                walk.failed(error)
                return
            listed = rows(found, "data")
            yield from listed
            past = walk.page([when.date() for row in listed if (when := _when(row)) is not None])
            # the cursor, never the "next" address: that one carries the token in its query
            following = text(at(found, "paging", "cursors", "after")) if at(found, "paging", "next") else ""
            if not following or past:
                walk.end()
                return
            if following == after:
                walk.failed("danh sách trả lại cùng một trang")
                return
            after = following
        walk.failed(f"quá {MAX_PAGES} trang danh sách")

    def _ask(self, edge: str, params: dict[str, str], wanted: str) -> Any:
        """One page of a list; a metric that Meta no longer knows is left out from then on, and said once."""
        while True:
            insights = edge == "published_posts" and self.views
            fields = f"{wanted},insights.metric({self.views[0]})" if insights else wanted
            path = f"/{VERSION}/{self.account.id}/{edge}"
            try:
                return _value(self.api, self.api.get(path, params | {"fields": fields}, self.headers))
            except ApiError as error:
                if not insights or error.code != _INVALID_METRIC:
                    raise
                self.views.pop(0)
                if not self.views:
                    self.source.notes.append(f"{self.source.name}: Facebook không cho lượt xem của bài đăng")

    def _post(self, post: dict[str, Any]) -> Item | Reject:
        self.source.done += 1
        post_id, when = text(post.get("id")), _when(post)
        place = f"bài {post_id}"
        if text(at(post, "from", "id")) not in ("", self.account.id):
            # a visitor's: neither its text nor its id is kept
            return Reject(self.source.name, "bài của khách", "không phải bài của trang: người khác đăng lên trang")
        attached = rows(post, "attachments", "data")
        first = attached[0] if attached else {}
        share_of = self._share_of(post, first)
        said, title = text(post.get("message")), text(first.get("title"))
        if text(first.get("media_type")) not in ("link", "video") and not share_of:
            title = ""  # "Ảnh dòng thời gian" is no headline
        lead = text(first.get("description"))
        if when is None or not (said or title or lead):
            why = "thiếu ngày đăng" if when is None else "bài không có chữ nào (chỉ ảnh hoặc clip)"
            return Reject(self.source.name, place, why, said[:80])
        self.posts_seen.update((post_id, post_id.rpartition("_")[2]))
        if not share_of:  # a post that shares the Page's own reel is a second act, not the reel itself
            self.posts_seen.add(text(at(first, "target", "id")))
        kind = Kind.SHARE if text(post.get("parent_id")) else _KINDS.get(text(post.get("status_type")), Kind.POST)
        return Item(
            channel=self.account.name, platform_id=post_id, title=title, published_at=when, lead=lead, text=said,
            url=text(post.get("permalink_url")), date_source=DateSource.FEED, kind=kind, share_of=share_of,
            metrics=metrics({
                "views": at(post, "insights", "data", 0, "values", 0, "value"), "shares": at(post, "shares", "count"),
                "likes": at(post, "reactions", "summary", "total_count"),
                "comments": at(post, "comments", "summary", "total_count"),
            }),
        )  # fmt: skip

    def _share_of(self, post: dict[str, Any], attached: dict[str, Any]) -> str:
        parent = text(post.get("parent_id"))
        if parent:
            return parent
        if text(post.get("status_type")) != "shared_story":
            return ""
        return _unwrapped(text(at(attached, "target", "url")) or text(attached.get("url")))

    def _reel(self, reel: dict[str, Any]) -> Item | Reject:
        self.source.done += 1
        reel_id, when = text(reel.get("id")), _when(reel)
        title, said = text(reel.get("title")), text(reel.get("description"))
        place = f"thước phim {reel_id}"
        if {reel_id, text(reel.get("post_id"))} & (self.posts_seen - {""}):
            return Reject(self.source.name, place, "trùng: đã có trong bài đăng của trang", (title or said)[:80])
        if when is None or not (title or said):
            why = "thiếu ngày đăng" if when is None else "thước phim không có chữ nào"
            return Reject(self.source.name, place, why, (title or said)[:80])
        return Item(
            channel=self.account.name, platform_id=reel_id, title=title, published_at=when, text=said,
            url=urljoin("https://www.facebook.com/", text(reel.get("permalink_url"))), date_source=DateSource.FEED,
            kind=Kind.CLIP,
            metrics=metrics({
                "views": reel.get("views"), "likes": at(reel, "likes", "summary", "total_count"),
                "comments": at(reel, "comments", "summary", "total_count"),
            }),
        )  # fmt: skip


def _when(row: dict[str, Any]) -> Any:
    dated = parse_date(text(row.get("created_time")))
    return dated.when.astimezone(VIETNAM) if dated else None


def _unwrapped(url: str) -> str:
    """The address behind Facebook's own redirect (l.facebook.com/l.php?u=…)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.hostname in ("l.facebook.com", "lm.facebook.com"):
        return parse_qs(parts.query).get("u", [""])[0]
    return url
