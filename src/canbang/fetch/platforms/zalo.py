"""Zalo Official Account: its articles and videos. Broadcasts, groups and personal pages have no list: by export or paste.

``getslice`` gives 10 at most, in ``data.medias`` or ``data.articles``, and takes its parameters flat or as one JSON value.
A token that has expired answers -220 and is exchanged; the refresh token works once, so the new pair is stored first.
Third-party code is the source here, not the official page (facts/collect.md section 7): shapes are read with care.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from canbang.fetch.enrolment import Enrolment
from canbang.fetch.platforms.accounts import Account, wrong_owner
from canbang.fetch.platforms.api import Api, ApiError, Quota, Reply, Secret, checked
from canbang.fetch.platforms.common import Hidden, PlatformSource, Span, Walk, at, metrics, moment, rows, text
from canbang.fetch.platforms.tokens import Pair, TokenStore
from canbang.fetch.source import Reject
from canbang.item import DateSource, Item, Kind

BASE = "https://openapi.zalo.me"
OAUTH = "https://oauth.zaloapp.com"
PAGE = 10
MAX_PAGES = 1000
EXPIRED = (-216, -220)
BAD_PARAMETERS = -201
TYPES = {"normal": ("bài viết", Kind.ARTICLE), "video": ("video", Kind.CLIP)}


def quota() -> Quota:
    """Zalo's limit depends on the account's package; calls are counted and shown."""
    return Quota(0, "lượt gọi Zalo")


def proof(api: Api, account: Account, enrolment: Enrolment) -> str:
    """Ask whose account the token opens. Raises :class:`InputError` where it is another's, or there is none."""
    return _Client(api, account).proof()


def read_api(
    api: Api, source: PlatformSource, account: Account, enrolment: Enrolment, span: Span
) -> Iterator[Item | Reject]:
    """Articles and videos in ``span``. Raises :class:`InputError` where the token opens another account."""
    client = _Client(api, account)
    client.proof()
    for type_, (what, kind) in TYPES.items():
        yield from _list(client, source, account, span, type_, what, kind)


def _list(
    client: _Client, source: PlatformSource, account: Account, span: Span, type_: str, what: str, kind: Kind
) -> Iterator[Item | Reject]:
    walk, seen = Walk(source, what, span), set[str]()
    for page in range(MAX_PAGES):
        try:
            found = client.slice({"offset": page * PAGE, "limit": PAGE, "type": type_})
        except ApiError as error:
            walk.failed(error)
            return
        listed = rows(found, "data", "medias") or rows(found, "data", "articles")
        fresh = [media for media in listed if text(media.get("id")) not in seen]
        for media in fresh:
            source.done += 1
            seen.add(text(media.get("id")))
            thing = _item(client, source, account, media, span, kind)
            if thing is not None:
                yield thing
        past = walk.page([when.date() for media in listed if (when := _when(media)) is not None])
        if len(listed) < PAGE or past or not fresh:
            walk.end()
            return
    walk.failed(f"quá {MAX_PAGES} trang danh sách")


class _Client:
    """Requests with the token in force; an expired one is exchanged once for each request."""

    def __init__(self, api: Api, account: Account) -> None:
        self.api, self.account = api, account
        self.store = TokenStore(account)
        self.pair = self.store.read()
        self.as_json: bool | None = None

    def proof(self) -> str:
        owner = text(at(self.ask("/v2.0/oa/getoa", {}), "data", "oa_id"))
        if owner != self.account.id:
            raise wrong_owner(self.account, owner)
        return "token"

    def ask(self, path: str, params: dict[str, str]) -> Any:
        try:
            return self._once(path, params)
        except ApiError as error:
            if error.code not in EXPIRED:
                raise
        self.pair = self.store.rotate(self.pair.access, self._buy)
        return self._once(path, params)

    def slice(self, wanted: dict[str, int | str]) -> Any:
        """A list, in whichever of the two call styles this account's interface takes."""
        flat, packed = {k: str(v) for k, v in wanted.items()}, {"data": json.dumps(wanted)}
        if self.as_json is not None:
            return self.ask("/v2.0/article/getslice", packed if self.as_json else flat)
        try:
            found, self.as_json = self.ask("/v2.0/article/getslice", flat), False
        except ApiError as error:
            if error.code != BAD_PARAMETERS:
                raise
            found, self.as_json = self.ask("/v2.0/article/getslice", packed), True
        return found

    def _once(self, path: str, params: dict[str, str]) -> Any:
        return _value(self.api, self.api.get(path, params, {"access_token": self.pair.access}))

    def _buy(self, refresh: Secret) -> Pair:
        form: dict[str, Secret | str] = {
            "app_id": self.account.app_id, "grant_type": "refresh_token", "refresh_token": refresh,
        }  # fmt: skip
        headers = {"secret_key": TokenStore.app_secret(self.account)}
        reply = self.api.post_form(f"{self.api.oauth}/v4/oa/access_token", headers, form)
        access, fresh = at(reply.value, "access_token"), at(reply.value, "refresh_token")
        if not isinstance(access, str) or not isinstance(fresh, str):
            said = self.api.clean(at(reply.value, "error_name") or at(reply.value, "error") or f"mã {reply.status}")
            raise ApiError(f"{self.account.name}: Zalo không đổi mã truy cập ({said}). Quản trị viên OA cấp lại mã.")
        return Pair(checked(access, self.account.name), checked(fresh, self.account.name))


def _value(api: Api, reply: Reply) -> Any:
    said = text(at(reply.value, "error")) or "0"
    code = int(said) if said.lstrip("-").isdecimal() and len(said) < 10 else said
    if reply.status == 200 and code == 0 and isinstance(reply.value, dict):
        return reply.value
    why = "mã truy cập hết hạn" if code in EXPIRED else api.clean(at(reply.value, "message") or f"mã {reply.status}")
    raise ApiError(f"Zalo từ chối: {why} ({code})", status=reply.status, code=code)


def _when(media: dict[str, Any]) -> datetime | None:
    for name in ("create_date", "created_date", "create_time", "update_date"):
        found = moment(media.get(name))
        if found is not None:
            return found
    return None


def _item(
    client: _Client, source: PlatformSource, account: Account, media: dict[str, Any], span: Span, kind: Kind
) -> Item | Reject | None:
    """The act, why it is none, or ``None`` where it lies outside the span."""
    media_id, when, title = text(media.get("id")), _when(media), text(media.get("title"))
    place = f"bài {media_id}"
    if when is None or not media_id:
        return Reject(source.name, place, "thiếu mã hoặc ngày đăng", title[:80])
    if not span.holds(when):
        return None
    if text(media.get("status")) == "hide":
        return Hidden(source.name, place, "bài đang ẩn, không công khai", title[:80])
    lead, body = text(media.get("description")), ""
    if not lead and kind is Kind.ARTICLE:
        lead, body = _detail(client, source, media_id)
    if not (title or lead or body):
        return Reject(source.name, place, "bài không có tiêu đề lẫn nội dung")
    return Item(
        channel=account.name, platform_id=media_id, title=title, published_at=when, lead=lead, text=body,
        url=text(media.get("link_view")), date_source=DateSource.FEED, kind=kind,
        metrics=metrics({"views": media.get("total_view"), "shares": media.get("total_share")}),
    )  # fmt: skip


def _detail(client: _Client, source: PlatformSource, media_id: str) -> tuple[str, str]:
    """Lead and text of one article; the title alone is kept where they do not come. The author is not read."""
    try:
        found = at(client.ask("/v2.0/article/getdetail", {"id": media_id}), "data")
    except ApiError as error:
        source.notes.append(f"{source.name}: bài {media_id} chỉ có tiêu đề, không lấy được nội dung: {error}")
        return "", ""
    parts = [text(part.get("content")) for part in rows(found, "body") if text(part.get("type")) == "text"]
    return text(at(found, "description")), " ".join(part for part in parts if part)
