"""The operator's list of accounts, and whose they are: enrolled by address, proven by what the platform itself says.

The file (TOML) names accounts and, for secrets, only the *name* of an environment variable::

    [[channel]]
    platform = "facebook"                       # youtube, facebook, tiktok, zalo
    name = "Facebook xã Thượng Trà"             # the channel's name in the count
    url = "https://www.facebook.com/thuongtra"  # the enrolled address
    id = "1029384756"                           # the platform's own id of the channel
    token_env = "CANBANG_FACEBOOK"
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from canbang.errors import InputError, reason
from canbang.fetch.enrolment import OWNER_PROOFS, Enrolment
from canbang.fetch.trouble import FetchError, Trouble
from canbang.item import VIETNAM
from canbang.text.normalise import plain
from canbang.text.urls import canonical_url

_HOSTS = {
    "youtube": ("youtube.com", "youtu.be"), "facebook": ("facebook.com", "fb.com"), "tiktok": ("tiktok.com",),
    "zalo": ("zalo.me",),
}  # fmt: skip
PLATFORMS = tuple(_HOSTS)
DEFAULT_FILE = Path("canbang-channels.toml")


@dataclass(frozen=True, slots=True)
class Account:
    """A channel on a platform, as the operator's file names it. ``*_env`` are names of environment variables.

    ``token_file`` is where a rotating token is kept (Zalo, TikTok); ``app_id`` and ``secret_env`` are the application's.
    """

    platform: str
    name: str
    url: str
    id: str
    token_env: str = ""
    refresh_env: str = ""
    app_id: str = ""
    secret_env: str = ""
    token_file: str = ""

    @property
    def key(self) -> str:
        """Which channel of which platform this is, as a proof names it."""
        return f"{self.platform} {self.id}"

    @property
    def address(self) -> str:
        """Its page in the one spelling under which it is collected."""
        return f"https://{canonical_url(self.url)}"


def read_accounts(path: Path) -> list[Account]:
    """Accounts of the operator's file; none where it is absent. Raises :class:`InputError` naming the entry."""
    if not path.exists():
        return []
    try:
        found = tomllib.loads(path.read_text("utf-8")).get("channel", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: tệp kênh không đúng dạng TOML ({error}). Sửa dòng đó.") from error
    except OSError as error:
        raise InputError(f"{path}: không đọc được tệp kênh ({reason(error)}).") from error
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise InputError(f"{path}: tệp kênh cần các mục [[channel]].")
    known = {f.name for f in fields(Account)}
    accounts: list[Account] = []
    for number, entry in enumerate(found, 1):
        where = f"{path}: mục [[channel]] thứ {number}"
        if wrong := sorted(set(entry) - known):
            raise InputError(f"{where}: không hiểu khóa “{wrong[0]}”. Các khóa: {', '.join(sorted(known))}.")
        if missing := [key for key in ("platform", "name", "url", "id") if not str(entry.get(key, "")).strip()]:
            raise InputError(f"{where}: thiếu khóa “{missing[0]}”.")
        if entry["platform"] not in PLATFORMS:
            raise InputError(f"{where}: platform là một trong {', '.join(PLATFORMS)}.")
        account = Account(**{key: str(value).strip() for key, value in entry.items()})
        if not canonical_url(account.url):
            raise InputError(f"{where}: url không phải địa chỉ. Viết đủ dạng https://…")
        # one name for two channels would count them as one
        if _named(account.name, accounts) or _named(account.url, accounts):
            raise InputError(f"{where}: trùng tên hoặc địa chỉ với một mục ở trên ({account.name}). Bỏ bớt một mục.")
        accounts.append(account)
    return accounts


def _address(words: str) -> str:
    """The canonical address in what a person wrote, with or without "https://"."""
    return canonical_url(words if "://" in words else f"https://{words}")


def _named(words: str, accounts: Sequence[Account]) -> Account | None:
    name, address = plain(words).casefold(), _address(words)
    for account in accounts:
        if plain(account.name).casefold() == name or (address and canonical_url(account.url) == address):
            return account
    return None


def account_of(words: str, accounts: Sequence[Account], file: Path) -> Account | None:
    """The account that ``words`` name or are the address of; ``None`` for what lies on no platform.

    Raises :class:`InputError` for an address on a platform that the operator's ``file`` does not hold.
    """
    account = _named(words, accounts)
    host = _address(words).partition("/")[0]
    if account or not any(host == own or host.endswith(f".{own}") for hosts in _HOSTS.values() for own in hosts):
        return account
    raise InputError(
        f"{words}: tệp {file} không có kênh nào trên {host} mang địa chỉ này, không thu thập. Thêm mục [[channel]] với "
        "platform, name, url, id, token_env của chính kênh, hoặc dùng tệp xuất của kênh."
    )


def enrolled(account: Account, enrolments: Sequence[Enrolment]) -> Enrolment:
    """The proven enrolment of exactly this address and id: another page of the same platform never counts.

    Raises :class:`InputError` where there is none.
    """
    address = canonical_url(account.url)
    for enrolment in enrolments:
        if enrolment.proof in OWNER_PROOFS and enrolment.scope == address and enrolment.proof_at == account.key:
            return enrolment
    raise InputError(
        f'{account.url}: kênh chưa ghi danh, không thu thập. Chủ quản ghi danh bằng: canbang enrol {account.url} --owner "…" '
        '--by "…"; hoặc dùng tệp xuất của chính kênh.'
    )


def recorded(account: Account, enrolments: Sequence[Enrolment]) -> Enrolment | None:
    """What is on record for an account's address, proven or not."""
    return next((one for one in enrolments if canonical_url(one.url) == canonical_url(account.url)), None)


def proven_by_token(account: Account, enrolment: Enrolment, *, by: str) -> Enrolment:
    """The enrolment once the platform itself said whose the channel is. ``by`` is one of ``OWNER_PROOFS``."""
    assert by in OWNER_PROOFS
    now = datetime.now(VIETNAM).isoformat(timespec="seconds")
    return replace(enrolment, scope=canonical_url(account.url), proof=by, proof_at=account.key, proved_at=now)


def wrong_owner(account: Account, found: str) -> FetchError:
    """The token opens another channel than the enrolled one."""
    return FetchError(
        f"{account.name}: mã truy cập mở kênh có mã {found or '(không rõ)'}, không phải kênh đã ghi danh {account.id}. "
        "Dùng mã do chủ của chính kênh này cấp.",
        Trouble.ENROLMENT,
    )
