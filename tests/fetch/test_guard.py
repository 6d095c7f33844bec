"""The guard: what it refuses, how long it waits, how much it reads. Every server is on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from canbang.fetch import rate
from canbang.fetch.address import VettedResolver, Vetting, is_public, literal
from canbang.fetch.decode import FEED_MAX, PAGE_MAX, SITEMAP_MAX, kind_of, limit_of
from canbang.fetch.guard import FetchError, Guard, Known, Response, Trouble
from canbang.fetch.rate import Rate, seconds
from canbang.fetch.robots import read_rules
from canbang.fetch.trouble import shown
from conftest import Site


def get(url: str, **options: Any) -> Response:
    known = options.pop("known", None)

    async def run() -> Response:
        async with Guard(**{"allow_loopback": True, "gap": 0.0, "deadline": 5.0, "retries": 0} | options) as guard:
            return await guard.get(url, known=known)

    return asyncio.run(run())


def trouble(url: str, **options: Any) -> Trouble:
    with pytest.raises(FetchError) as caught:
        get(url, **options)
    assert "\n" not in str(caught.value)
    return caught.value.trouble


LOCAL_SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
    "127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2001:0:7f00:1::]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "0",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "[fe80::1]", "[fc00::1]", "[ff02::1]", "192.0.2.1", "198.18.0.1",
    "3232235777", "0xa9fea9fe", "①②⑦.⓪.⓪.①",
]  # fmt: skip


@pytest.mark.parametrize("host", LOCAL_SPELLINGS)
def test_no_spelling_of_a_private_address_is_fetched(host: str) -> None:
    assert trouble(f"http://{host}/", allow_loopback=False) in (Trouble.PRIVATE, Trouble.ADDRESS, Trouble.CONNECT)
    with pytest.raises(FetchError):
        Vetting(allow_loopback=True).check_address("http://10.0.0.1/")


@pytest.mark.parametrize("host", [h for h in LOCAL_SPELLINGS if h.isascii()])
def test_each_spelling_is_seen_through_before_anything_is_sent(host: str) -> None:
    with pytest.raises(FetchError) as caught:
        Vetting().check_address(f"http://{host}/")
    assert caught.value.trouble is Trouble.PRIVATE


@pytest.mark.parametrize(
    "url",
    ["ftp://a.vn/", "file:///etc/passwd", "gopher://a.vn/", "http://a.vn:22/", "http://a.vn:8080/", "https://a.vn:6379/",
     "http://u:p@a.vn/", "http://a.vn\\@127.0.0.1/", "http://a.vn /", "http:///x", "http://[/", "http://a.vn:99999/",
     "javascript:alert(1)", "//a.vn/"],
)  # fmt: skip
def test_addresses_that_no_publisher_has_are_refused(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        Vetting().check_address(url)
    assert caught.value.trouble is Trouble.ADDRESS


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(FetchError) as caught:
        Vetting().check_address("http://lan:bimat@a.vn/")
    assert "bimat" not in str(caught.value)
    assert shown("https://a.vn/?access_token=bimat&x=1") == "https://a.vn/?access_token=***&x=1"


def test_public_addresses_stay_open_behind_nat64_too() -> None:
    """A network without IPv4 reaches the whole Internet through 64:ff9b::/96."""
    assert [is_public(a) for a in ("203.162.0.1", "64:ff9b::cba2:1", "2405:4800::1")] == [True, True, True]
    assert literal("tuoitre.vn") is None


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["203.162.0.1", "10.0.0.1"], ["::ffff:169.254.169.254"]])
def test_a_name_with_any_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
    async def resolve() -> None:
        loop = asyncio.get_running_loop()

        async def lie(*_: Any, **__: Any) -> list[Any]:
            return [
                (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 80)) for a in answers
            ]

        monkeypatch.setattr(loop, "getaddrinfo", lie)
        await VettedResolver(Vetting()).resolve("xau.vn", 80)

    with pytest.raises(FetchError, match="không phải địa chỉ công khai"):
        asyncio.run(resolve())


def test_a_name_that_changes_its_meaning_is_stopped_at_the_socket(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the resolver was content, the address that is connected to is this machine."""
    port = int(site.url.rpartition(":")[2])
    site.put("/", "kín")

    async def rebound(self: VettedResolver, host: str, asked: int = 0, family: int = 0) -> list[Any]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    monkeypatch.setattr(VettedResolver, "resolve", rebound)
    assert trouble("http://doi-nghia.vn/", allow_loopback=False) is Trouble.PRIVATE
    assert site.asked == []


def test_the_guard_connects_to_the_address_that_was_vetted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes where the vetted answer points; no other look-up has a part in it."""
    asked: list[str] = []
    resolve = VettedResolver.resolve

    async def counted(self: VettedResolver, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        asked.append(host)
        return await resolve(self, host, port, family)

    monkeypatch.setattr(VettedResolver, "resolve", counted)
    site.put("/a", "xin chào")
    assert get(site.url.replace("127.0.0.1", "localhost") + "/a").body == "xin chào".encode()
    assert set(asked) == {"localhost"}


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/", "http://2130706433/", "file:///etc/passwd", "http://[::ffff:10.0.0.1]/"]
)
def test_every_redirect_is_vetted(site: Site, to: str) -> None:
    site.put("/ra", "", 302, Location=to)
    assert trouble(site.url + "/ra") in (Trouble.PRIVATE, Trouble.ADDRESS, Trouble.CONNECT)


def test_five_redirects_are_followed_and_no_sixth(site: Site) -> None:
    for number in range(6):
        site.put(f"/{number}", "", 301, Location=f"/{number + 1}")
    site.put("/6", "cuối")
    assert get(site.url + "/1").body == "cuối".encode()
    assert trouble(site.url + "/0") is Trouble.REDIRECTS


def test_an_owners_token_does_not_follow_a_redirect_to_another_host(site: Site) -> None:
    other = Site()
    other.put("/b", "x")
    site.put("/a", "", 302, Location=other.url + "/b")
    heads: list[Any] = []
    handler = other.server.RequestHandlerClass
    plain_get = handler.do_GET

    def noted(self: Any) -> None:
        heads.append(self.headers.get("Authorization"))
        plain_get(self)

    handler.do_GET = noted

    async def run() -> None:
        async with Guard(allow_loopback=True, gap=0.0) as guard:
            await guard.get(site.url + "/a", robots=False, headers={"Authorization": "Bearer bimat"})

    asyncio.run(run())
    other.server.shutdown()
    assert heads == [None]


@pytest.mark.parametrize(
    ("status", "body", "allowed"),
    [(404, b"", True), (401, b"", True), (403, b"", True), (500, b"", False), (503, b"", False), (429, b"", False),
     (200, b"User-agent: *\nDisallow: /kin", False), (200, b"User-agent: canbang\nAllow: /\nUser-agent: *\nDisallow: /", True),
     (200, b"\xff\xfe\x00rubbish", True)],
)  # fmt: skip
def test_robots_are_read_as_rfc_9309_says(status: int, body: bytes, allowed: bool) -> None:
    assert read_rules(status, body).allow("https://a.vn/kin/a") is allowed


def test_conditional_requests_come_back_as_304(site: Site) -> None:
    site.put("/rss", "<rss/>", ETag='"v1"', Last_Modified="Sat, 05 Sep 2026 01:15:00 GMT")
    first = get(site.url + "/rss")
    assert first.known == Known('"v1"', "Sat, 05 Sep 2026 01:15:00 GMT")
    assert first.known.headers == {"If-None-Match": '"v1"', "If-Modified-Since": "Sat, 05 Sep 2026 01:15:00 GMT"}
    site.put("/rss", "", 304)
    assert get(site.url + "/rss", known=first.known).status == 304


def test_a_passing_failure_is_tried_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canbang.fetch.guard.backoff", lambda attempt: 0.0)
    site.put("/a", "", 503)
    assert get(site.url + "/a", retries=2).status == 503
    assert site.asked.count("/a") == 3


def test_a_long_retry_after_is_not_waited_for_and_holds_the_host(site: Site) -> None:
    site.put("/a", "", 429, Retry_After="3600")
    site.put("/b", "x")

    async def run() -> list[Trouble]:
        out = []
        async with Guard(allow_loopback=True, gap=0.0) as guard:
            for path in ("/a", "/b"):
                with pytest.raises(FetchError, match="chờ 60 phút") as caught:
                    await guard.get(site.url + path)
                out.append(caught.value.trouble)
        return out

    assert asyncio.run(run()) == [Trouble.BUSY, Trouble.BUSY]
    assert "/b" not in site.asked


def test_five_failures_in_a_row_open_the_circuit_of_that_host_only(site: Site) -> None:
    site.put("/a", "x")

    async def run() -> tuple[list[Trouble], int]:
        out = []
        async with Guard(allow_loopback=True, gap=0.0, retries=0) as guard:
            for _ in range(rate.BREAK_AFTER + 1):
                with pytest.raises(FetchError) as caught:
                    await guard.get("http://127.0.0.1:9/", robots=False)
                out.append(caught.value.trouble)
            return out, (await guard.get(site.url + "/a")).status

    assert asyncio.run(run()) == ([Trouble.CONNECT] * rate.BREAK_AFTER + [Trouble.PAUSED], 200)


def test_one_success_closes_the_circuit() -> None:
    turns = Rate(0.0)
    for _ in range(rate.BREAK_AFTER - 1):
        turns.went("a.vn", False)
    turns.went("a.vn", True)
    turns.went("a.vn", False)
    turns.check("a.vn")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("120", 120.0),
        ("", 0.0),
        ("-5", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("hôm nay", 0.0),
        ("Sat, 05 Sep 2020 01:15:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_from_a_number_or_a_date(said: str, expected: float) -> None:
    assert seconds(said) == expected


class Raw:
    """A server that says what it likes: ``talk`` gets the socket once the request was read."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/"
        self.talk = talk
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with peer:
            try:
                peer.recv(65536)
                self.talk(peer)
            except OSError:
                pass


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def fetch_raw(talk: Callable[[socket.socket], None], deadline: float = 5.0) -> Trouble:
    raw = Raw(talk)

    async def run() -> Trouble:
        async with Guard(allow_loopback=True, gap=0.0, deadline=deadline, retries=0) as guard:
            with pytest.raises(FetchError) as caught:
                await guard.get(raw.url, robots=False)
            return caught.value.trouble

    try:
        return asyncio.run(run())
    finally:
        raw.server.close()


def test_a_slow_drip_ends_at_the_deadline() -> None:
    stop = threading.Event()

    def drip(peer: socket.socket) -> None:
        peer.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not stop.wait(0.05):
            peer.sendall(b"x")

    assert fetch_raw(drip, deadline=0.5) is Trouble.DEADLINE
    stop.set()


def test_endless_headers_and_half_answers_are_named() -> None:
    assert fetch_raw(lambda peer: peer.sendall(HEAD + b"X: " + b"a" * 100_000)) is Trouble.CONNECT
    assert fetch_raw(lambda peer: peer.sendall(HEAD + b"Content-Length: 100\r\n\r\nnua")) is Trouble.CONNECT
    assert fetch_raw(lambda peer: peer.sendall(b"SSH-2.0-OpenSSH\r\n")) is Trouble.CONNECT
    cut = gzip.compress(b"<html>" + bytes(range(256)) * 100)[:-20]
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(cut)
    assert fetch_raw(lambda peer: peer.sendall(head + cut)) is Trouble.ENCODING


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_a_compression_that_nobody_asked_for_is_refused(site: Site, coding: str) -> None:
    assert trouble(site.put("/a", b"x", Content_Encoding=coding)) is Trouble.ENCODING


def test_gzip_in_several_members_is_read_and_endless_empty_members_are_not(site: Site) -> None:
    url = site.put("/a", gzip.compress(b"mot ") + gzip.compress(b"hai"), Content_Encoding="gzip")
    assert get(url).body == b"mot hai"
    url = site.put("/b", gzip.compress(b"") * 2000, Content_Encoding="gzip")
    assert trouble(url) is Trouble.ENCODING


@pytest.mark.parametrize(
    ("head", "kind", "limit"),
    [(b"<!DOCTYPE html><html>", "html", PAGE_MAX), (b"\xef\xbb\xbf<?xml version='1.0'?><!-- <html> --><rss>", "feed", FEED_MAX),
     (b"<feed xmlns='x'>", "feed", FEED_MAX), (b"<rdf:RDF>", "feed", FEED_MAX), (b"<sm:urlset>", "sitemap", SITEMAP_MAX),
     (b"\x1f\x8b\x08", "gzip", FEED_MAX), (b"%PDF", "other", PAGE_MAX), ("<rss>".encode("utf-16"), "feed", FEED_MAX)],
)  # fmt: skip
def test_what_a_document_is_decides_how_large_it_may_be(head: bytes, kind: str, limit: int) -> None:
    assert (kind_of(head), limit_of(head)) == (kind, limit)


def test_a_page_above_its_cap_is_refused_and_a_feed_of_that_size_is_not(site: Site) -> None:
    assert trouble(site.put("/p", b"<html>" + b" " * PAGE_MAX)) is Trouble.TOO_BIG
    assert len(get(site.put("/f", b"<rss>" + b" " * PAGE_MAX)).body) == PAGE_MAX + 5
