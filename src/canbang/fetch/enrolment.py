"""Enrolment: an owner puts a channel under measurement and proves that it is theirs.

The proof of a site is a code that only somebody with a hand on it can publish there: a meta tag on the enrolled page, a
well-known file, or a DNS record. The proof of a platform account is what the platform says: whose channel the owner's token
opens, or the code in the channel's description (:mod:`canbang.fetch.platforms`). Collecting from an address without a proven enrolment is refused; an own export file
never needs one.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

from canbang.errors import InputError, reason
from canbang.fetch.guard import FetchError, Guard, Response, Trouble
from canbang.fetch.page import meta_content
from canbang.item import VIETNAM

META = "canbang-enrol"
WELL_KNOWN = "/.well-known/canbang.txt"
DNS_PREFIX = "_canbang."
DEFAULT_FILE = Path("canbang-enrolments.json")
SITE_PROOFS = {"meta": "thẻ meta", "well-known": "tệp .well-known", "dns": "bản ghi DNS"}
OWNER_PROOFS = {"token": "mã truy cập do chủ kênh cấp", "description": "mã trong phần mô tả kênh"}

TxtLookup = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolled address. ``proof`` is one of ``SITE_PROOFS`` or ``OWNER_PROOFS``, empty until it was seen.

    ``scope`` is what the proof covers: host and path prefix, "host/" for a whole host; for an account exactly the address of
    its page. ``proof_at`` is where the proof was seen, for an account its platform and id. ``consent`` names the document in
    which the owner agreed in writing that robots.txt does not bind this collecting; empty where there is none.
    """

    url: str
    scope: str
    owner: str
    by: str
    code: str
    enrolled_at: str
    proof: str = ""
    proof_at: str = ""
    proved_at: str = ""
    consent: str = ""

    @property
    def line(self) -> str:
        """What a report prints of it."""
        where = (SITE_PROOFS | OWNER_PROOFS).get(self.proof, "chưa có")
        return (
            f"{self.scope.rstrip('/')} · chủ quản: {self.owner} · người ghi danh: {self.by} "
            f"· bằng chứng: {where} ({self.proof_at}), kiểm tra {self.proved_at}"
            + (f" · không theo robots.txt, có văn bản đồng ý: {self.consent}" if self.consent else "")
        )


def _site(url: str) -> tuple[str, str]:
    """Host (with port, without www.) and path of an address."""
    wrong = InputError(f"{url}: địa chỉ không hợp lệ. Viết đủ dạng https://tên-miền/…")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a bracket left open, a port that is no number
        raise wrong from None
    host = (parts.hostname or "").removeprefix("www.")
    if not host or parts.scheme not in ("http", "https"):
        raise wrong
    return (f"{host}:{port}" if port else host), parts.path or "/"


def read_enrolments(file: Path) -> list[Enrolment]:
    """Enrolments on file; none where the file is absent. Raises :class:`InputError` for a damaged file."""
    if not file.exists():
        return []
    try:
        return [Enrolment(**record) for record in json.loads(file.read_text("utf-8"))["enrolments"]]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InputError(
            f"{file}: tệp ghi danh bị hỏng. Khôi phục từ bản sao, hoặc ghi danh lại bằng canbang enrol."
        ) from error


def write_enrolments(file: Path, enrolments: Sequence[Enrolment]) -> None:
    """Replace the file in one step, so that a killed process leaves the old one whole."""
    text = json.dumps({"enrolments": [asdict(e) for e in enrolments]}, ensure_ascii=False, indent=2) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as stream:
            stream.write(text)
        os.replace(stream.name, file)  # noqa: PTH105  (atomic replacement is the point)
    except OSError as error:
        raise InputError(f"{file}: không ghi được tệp ghi danh ({reason(error)}).") from error


def covering(url: str, enrolments: Sequence[Enrolment]) -> Enrolment | None:
    """The proven enrolment of a site whose scope covers ``url``; an account's never covers a page beside it."""
    host, path = _site(url)
    for enrolment in enrolments:
        own_host, _, prefix = enrolment.scope.partition("/")
        if enrolment.proof in SITE_PROOFS and host == own_host and path.startswith("/" + prefix):
            return enrolment
    return None


def new_enrolment(url: str, owner: str, by: str) -> Enrolment:
    """An enrolment without proof yet, with a fresh code."""
    host, _ = _site(url)
    now = datetime.now(VIETNAM).isoformat(timespec="seconds")
    return Enrolment(url, f"{host}/", owner, by, f"canbang-{secrets.token_hex(12)}", now)


def dns_txt(name: str) -> list[str]:
    """TXT records of a name; none where there are none."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=10)
    except dns.exception.DNSException:
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


async def prove(enrolment: Enrolment, guard: Guard, txt: TxtLookup = dns_txt) -> Enrolment:
    """The enrolment with its proof, or unchanged where the code was found nowhere.

    Raises :class:`FetchError` where the site could not be asked (dead host, 5xx, 429): that is no withdrawal.
    """
    host, path = _site(enrolment.url)
    root = f"{urlsplit(enrolment.url).scheme}://{urlsplit(enrolment.url).netloc}"
    directory = path[: path.rfind("/") + 1]
    now = datetime.now(VIETNAM).isoformat(timespec="seconds")
    failure: FetchError | None = None

    try:
        reply = _answered(await guard.get(root + WELL_KNOWN, limit=1 << 16, robots=False))
        if (
            reply.status == 200
            and _site(reply.url)[0] == host
            and enrolment.code in reply.body.decode("utf-8", "replace").split()
        ):
            return replace(enrolment, scope=f"{host}/", proof="well-known", proof_at=reply.url, proved_at=now)
    except FetchError as error:
        failure = error
    try:
        reply = _answered(await guard.get(enrolment.url, robots=False))
        if reply.status == 200 and _site(reply.url)[0] == host and enrolment.code in meta_content(reply.body, META):
            return replace(enrolment, scope=f"{host}{directory}", proof="meta", proof_at=reply.url, proved_at=now)
    except FetchError as error:
        failure = failure or error
    name = host.split(":")[0]
    for record in (DNS_PREFIX + name, name):
        if enrolment.code in txt(record):
            return replace(enrolment, scope=f"{host}/", proof="dns", proof_at=record, proved_at=now)
    if failure:
        raise failure
    return enrolment


def _answered(reply: Response) -> Response:
    """The reply, unless the site could not answer: an outage must not read as a withdrawn proof."""
    if reply.status >= 500 or reply.status == 429:
        raise FetchError(
            f"{reply.url}: máy chủ trả lời mã {reply.status}, chưa kiểm tra được mã ghi danh. Thử lại sau.",
            Trouble.STATUS,
        )
    return reply


def how_to_prove(enrolment: Enrolment) -> str:
    """The three ways to prove, in words an editor can hand to whoever runs the site."""
    host = enrolment.scope.split("/")[0].split(":")[0]
    root = f"{urlsplit(enrolment.url).scheme}://{urlsplit(enrolment.url).netloc}"
    return (
        "Chọn một trong ba cách, rồi chạy lại đúng lệnh này:\n"
        f'  1. Thêm vào phần <head> của {enrolment.url}:  <meta name="{META}" content="{enrolment.code}">\n'
        f"  2. Đặt tệp {root}{WELL_KNOWN} có một dòng:  {enrolment.code}\n"
        f"  3. Thêm bản ghi DNS kiểu TXT cho {DNS_PREFIX}{host}:  {enrolment.code}"
    )
