"""TikTok Display API: public videos of the account whose owner consented. No watch time, no reposts: those by file.

``POST /v2/video/list/`` pages by a cursor in milliseconds, newest first, 20 at most; 600 requests a minute; 429 says
``rate_limit_exceeded`` and is waited out or recorded as a gap. Source: developers.tiktok.com (facts/collect.md section 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from canbang.fetch.enrolment import Enrolment
from canbang.fetch.platforms.accounts import Account, wrong_owner
from canbang.fetch.platforms.api import Api, ApiError, Quota, Reply, Secret, checked
from canbang.fetch.platforms.common import PlatformSource, Span, Walk, at, count, metrics, moment, rows, text
from canbang.fetch.platforms.tokens import Pair, TokenStore
from canbang.fetch.source import Reject
from canbang.item import DateSource, Item, Kind

BASE = "https://open.tiktokapis.com"
PAGE = 20
MAX_PAGES = 1000
FIELDS = "id,create_time,share_url,title,video_description,like_count,comment_count,share_count,view_count"


def quota() -> Quota:
    """600 requests a minute to each endpoint; the pace stays below, requests are counted and shown."""
    return Quota(0, "lượt gọi TikTok")


def proof(api: Api, account: Account, enrolment: Enrolment) -> str:
    """Ask whose account the token opens. Raises :class:`InputError` where it is another's, or there is none."""
    return _Client(api, account).proof()


def read_api(
    api: Api, source: PlatformSource, account: Account, enrolment: Enrolment, span: Span
) -> Iterator[Item | Reject]:
    """Videos published in ``span``. Raises :class:`InputError` where the token opens another account."""
    client = _Client(api, account)
    client.proof()
    walk, cursor = Walk(source, "danh sách video", span), span.end * 1000
    for _ in range(MAX_PAGES):
        try:
            found = client.ask("POST", "/v2/video/list/", FIELDS, {"cursor": cursor, "max_count": PAGE})
        except ApiError as error:
            walk.failed(error)
            return
        listed = rows(found, "data", "videos")
        for video in listed:
            source.done += 1
            thing = _item(source, account, video)
            if isinstance(thing, Reject) or span.holds(thing.published_at):
                yield thing
        past = walk.page([when.date() for video in listed if (when := moment(video.get("create_time"))) is not None])
        following = count(at(found, "data", "cursor"))
        if at(found, "data", "has_more") is not True or past:
            walk.end()
            return
        if following is None or following >= cursor:
            # a cursor that does not go back in time would go round for ever
            walk.failed("nền tảng trả về con trỏ trang không lùi")
            return
        cursor = following
    walk.failed(f"quá {MAX_PAGES} trang danh sách")


class _Client:
    """Requests with the token in force; an expired one is exchanged once."""

    def __init__(self, api: Api, account: Account) -> None:
        self.api, self.account, self.store = api, account, TokenStore(account)
        self.pair = self.store.read()

    def proof(self) -> str:
        owner = text(at(self.ask("GET", "/v2/user/info/", "open_id"), "data", "user", "open_id"))
        if owner != self.account.id:
            raise wrong_owner(self.account, owner)
        return "token"

    def ask(self, method: str, path: str, fields: str, body: dict[str, Any] | None = None) -> Any:
        try:
            return self._once(method, path, fields, body)
        except ApiError as error:
            if error.code != "access_token_invalid" or not self.account.token_file:
                raise
        self.pair = self.store.rotate(self.pair.access, self._buy)
        return self._once(method, path, fields, body)

    def _once(self, method: str, path: str, fields: str, body: dict[str, Any] | None) -> Any:
        headers = {"Authorization": Secret(f"Bearer {self.pair.access.reveal()}")}
        params = {"fields": fields}
        reply = self.api.get(path, params, headers) if body is None else self.api.post(path, params, headers, body)
        return _value(self.api, reply)

    def _buy(self, refresh: Secret) -> Pair:
        secret = TokenStore.app_secret(self.account)
        form: dict[str, Secret | str] = {
            "client_key": self.account.app_id, "client_secret": secret, "grant_type": "refresh_token",
            "refresh_token": refresh,
        }  # fmt: skip
        reply = self.api.post_form(f"{self.api.base}/v2/oauth/token/", {}, form)
        access, fresh = at(reply.value, "access_token"), at(reply.value, "refresh_token")
        if reply.status != 200 or not isinstance(access, str) or not isinstance(fresh, str):
            said = self.api.clean(at(reply.value, "error") or f"mã {reply.status}")
            raise ApiError(f"{self.account.name}: TikTok không đổi mã truy cập ({said}). Chủ tài khoản cấp lại mã.")
        return Pair(checked(access, self.account.name), checked(fresh, self.account.name))


def _value(api: Api, reply: Reply) -> Any:
    code = text(at(reply.value, "error", "code"))
    if reply.status == 200 and code in ("", "ok") and isinstance(reply.value, dict):
        return reply.value
    said = api.clean(at(reply.value, "error", "message") or code or f"mã {reply.status}")
    if code == "access_token_invalid":
        said = "mã truy cập hết hạn hoặc bị thu hồi; chủ tài khoản cấp lại mã"
    raise ApiError(f"TikTok từ chối: {said}", status=reply.status, code=code)


def _item(source: PlatformSource, account: Account, video: dict[str, Any]) -> Item | Reject:
    video_id, when = text(video.get("id")), moment(video.get("create_time"))
    title, said = text(video.get("title")), text(video.get("video_description"))
    if when is None or not video_id:
        return Reject(source.name, f"clip {video_id}", "thiếu mã hoặc ngày đăng", (title or said)[:80])
    if not (title or said):
        return Reject(source.name, f"clip {video_id}", "clip không có tiêu đề lẫn mô tả")
    return Item(
        channel=account.name, platform_id=video_id, title=title, published_at=when, text="" if said == title else said,
        url=text(video.get("share_url")).partition("?")[0], date_source=DateSource.FEED, kind=Kind.CLIP,
        metrics=metrics({
            "views": video.get("view_count"), "likes": video.get("like_count"),
            "shares": video.get("share_count"), "comments": video.get("comment_count"),
        }),
    )  # fmt: skip
