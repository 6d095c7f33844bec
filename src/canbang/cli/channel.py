"""`canbang channel`: look at an enrolled channel before collecting it; record a written consent."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import click

from canbang.cli.collect import DEFAULT_FOLDER
from canbang.errors import InputError
from canbang.fetch.article import OnPage
from canbang.fetch.coverage import day_words
from canbang.fetch.enrolment import DEFAULT_FILE, Enrolment, read_enrolments, write_enrolments
from canbang.fetch.guard import FetchError, Guard, open_guard
from canbang.fetch.listing import Listed, Listing
from canbang.fetch.reader import Reader, how_read
from canbang.fetch.site import Found, Site, enrolled
from canbang.item import Confidence, Item
from canbang.report.words import DATE_SOURCES
from canbang.text.numbers import integer

FIRST = 5
_KINDS = {"feed": "bảng tin RSS/Atom", "sitemap": "sitemap", "index": "danh mục sitemap"}


@click.group(short_help="Xem thử một kênh đã ghi danh; ghi văn bản đồng ý.")
def channel() -> None:
    """Xem thử một kênh đã ghi danh sẽ được đọc thế nào; ghi văn bản đồng ý của chủ quản."""


_enrolments = click.option(
    "--enrolments", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True, help="Tệp ghi danh kênh."
)


@channel.command("test", short_help="Tìm thấy gì, sẽ đọc thế nào, năm tin đầu.")
@click.argument("url", metavar="ĐỊA-CHỈ")
@click.option("--into", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True, help="Thư mục thu thập: nếu có thì đọc theo những gì đã học ở đó.")  # fmt: skip
@_enrolments
def test(url: str, into: Path, enrolments: Path) -> None:
    """Đọc thử ĐỊA-CHỈ (kênh đã ghi danh): tìm thấy gì, sẽ đọc thế nào, năm tin đầu với ngày đăng và nơi lấy ngày.

    Không ghi gì xuống đĩa.
    """
    opened = open_guard()
    opened.check_address(url)
    enrolment = enrolled(url, read_enrolments(enrolments))
    for line in asyncio.run(_look(url, enrolment, opened, into)):
        click.echo(line)


async def _look(url: str, enrolment: Enrolment, opened: Guard, into: Path) -> list[str]:
    """The lines to print. Raises :class:`FetchError` where nothing can be read."""
    async with opened:
        site = Site(enrolment, opened)
        site.reader = Reader(site.channel, into)
        await site.check_proof(url)
        found = await site.find(url)
        listings, lines = await _listings(site, found)
        entries = _newest([entry for listing in listings for entry in listing.entries])
        out = [f"Kênh: {enrolment.line}", f"Tìm thấy: {found.how}", *lines, *map(str, found.failures)]
        out.append(_how(listings, entries))
        pages = [(entry, await _page(site, entry)) for entry in entries[:FIRST]]
        how = how_read(Counter(page.draft.verdict for _, page in pages if isinstance(page, OnPage)))
        out += [f"  {said}" for said in (site.reader.trouble, how) if said]
        out.append(f"{len(pages)} tin đầu:")
        for number, (entry, page) in enumerate(pages, 1):
            out += _entry(site, number, entry, page)
        return out


async def _listings(site: Site, found: Found) -> tuple[list[Listing], list[str]]:
    listings: list[Listing] = []
    lines: list[str] = []
    for reply in found.replies:
        listing = site.parse(reply)
        if listing.further:
            lines.append(f"  {listing.url}: danh mục {integer(len(listing.further))} sitemap con, xem thử sitemap đầu")
            try:
                listing = site.parse(await site.get(listing.further[0].url))
            except FetchError as error:
                lines.append(f"  {error}")
                continue
        said = f"  {listing.url}: {_KINDS[listing.kind]}, {integer(len(listing.entries))} mục"
        lines.append(
            said + (f", lùi đến {day_words(listing.reach)}" if listing.reach else ", không rõ lùi đến ngày nào")
        )
        lines += [f"  {note}" for note in listing.notes]
        listings.append(listing)
    return listings, lines


def _newest(entries: list[Listed]) -> list[Listed]:
    """Each entry once: dated ones first, newest on top."""
    unique = {entry.key: entry for entry in entries}
    return sorted(unique.values(), key=lambda entry: entry.when.timestamp() if entry.when else 0.0, reverse=True)


def _how(listings: list[Listing], entries: list[Listed]) -> str:
    bare = sum(not entry.complete for entry in entries)
    said = "Cách đọc: tiêu đề, sapo, ngày đăng lấy từ danh sách; nội dung lấy từ trang bài"
    if bare:
        said = f"Cách đọc: {integer(bare)} trong {integer(len(entries))} mục thiếu tiêu đề hoặc ngày, lấy từ trang bài; nội dung lấy từ trang bài"
    if any(listing.kind == "feed" for listing in listings):
        said += ". RSS chỉ giữ tin mới nhất: hẹn chạy canbang collect đều đặn"
    return said + "."


async def _page(site: Site, entry: Listed) -> OnPage | str:
    """The page of an entry, or why there is none."""
    try:
        return await site.page(entry) if site.covers(entry.url) else ""
    except FetchError as error:
        return str(error)


def _entry(site: Site, number: int, entry: Listed, page: OnPage | str) -> list[str]:
    whole = page.whole() if isinstance(page, OnPage) else page
    why = ""
    if isinstance(whole, Listed):
        entry = whole
    elif isinstance(page, str) or not entry.complete:
        why = whole
    thing = entry.item(site.channel, site.channel)
    if not isinstance(thing, Item):
        return [f"  {number}. {entry.title or entry.url}", f"     không tính: {why or thing.reason}"]
    doubt = "" if thing.date_confidence is Confidence.SURE else ", chưa chắc, cần người xem"
    lines = [
        f"  {number}. {thing.title}",
        f"     {thing.published_at:%H:%M %d/%m/%Y} (ngày lấy từ {DATE_SOURCES[thing.date_source]}{doubt}) · "
        f"{integer(len(thing.text.split()))} chữ nội dung · {thing.url}",
    ]
    return [*lines, f"     {why}"] if why else lines


@channel.command("consent", short_help="Ghi văn bản chủ quản đồng ý thu thập dù robots.txt không cho.")
@click.argument("url", metavar="ĐỊA-CHỈ")
@click.option("--document", required=True, help="Số, ngày của văn bản đồng ý; để trống (“”) là rút lại.")
@_enrolments
def consent(url: str, document: str, enrolments: Path) -> None:
    """Ghi vào ghi danh của ĐỊA-CHỈ rằng chủ quản đồng ý bằng văn bản: robots.txt của kênh này không áp dụng.

    Văn bản được in trong dòng ghi danh của báo cáo.
    """
    known = read_enrolments(enrolments)
    mine = enrolled(url, known)
    if "\n" in document or len(document) > 200:
        raise InputError("--document: ghi số và ngày văn bản trên một dòng, không quá 200 ký tự.")
    fresh = replace(mine, consent=document.strip())
    write_enrolments(enrolments, [fresh if one is mine else one for one in known])
    said = f"đồng ý theo văn bản “{fresh.consent}”" if fresh.consent else "đã rút văn bản đồng ý, theo robots.txt"
    click.echo(f"{fresh.scope.rstrip('/')}: {said}")
