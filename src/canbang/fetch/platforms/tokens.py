"""Tokens that rotate: a refresh token works once, so the new pair is on disk before anything uses it.

The file belongs to the operator (mode 0600). A refresh in flight leaves a mark in it: after a crash between asking and
storing, the message can say that the old token may be spent.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from canbang.errors import InputError, reason
from canbang.fetch.platforms.accounts import Account
from canbang.fetch.platforms.api import ApiError, Secret, checked, from_environment


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token and the refresh token that buys the next pair."""

    access: Secret
    refresh: Secret
    in_flight: bool = False


class TokenStore:
    """Where one account's pair lives: the file once there was a refresh, the environment before."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.path = Path(account.token_file) if account.token_file else None

    def read(self) -> Pair:
        """The pair in force. Raises :class:`InputError` where there is none, or the file is damaged."""
        if self.path and self.path.exists():
            try:
                found = json.loads(self.path.read_text("utf-8"))
                access, refresh = str(found["access_token"]), str(found["refresh_token"])
            except OSError as error:
                raise InputError(f"{self.path}: không đọc được tệp mã truy cập ({reason(error)}).") from error
            except (ValueError, KeyError, TypeError):
                # from None: a traceback of the parser would show a piece of the file
                raise InputError(
                    f"{self.path}: tệp mã truy cập bị hỏng. Xóa tệp và cấp lại mã cho {self.account.name}."
                ) from None
            where = f"{self.path}"
            return Pair(checked(access, where), checked(refresh, where), bool(found.get("in_flight")))
        access_secret = from_environment(self.account.token_env, self.account.name)
        has = self.account.refresh_env and os.environ.get(self.account.refresh_env)
        return Pair(access_secret, from_environment(self.account.refresh_env, self.account.name) if has else Secret(""))

    @staticmethod
    def app_secret(account: Account) -> Secret:
        """The application's own secret. Raises :class:`InputError`."""
        return from_environment(account.secret_env, account.name)

    def write(self, pair: Pair) -> None:
        """Put the pair on disk whole, or leave the old one whole."""
        assert self.path is not None
        value = {
            "access_token": pair.access.reveal(), "refresh_token": pair.refresh.reveal(), "in_flight": pair.in_flight,
        }  # fmt: skip
        name = ""
        try:
            # mkstemp makes the file for its owner only, before a token is in it
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(value, stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(name, self.path)  # noqa: PTH105  (atomic replacement is the point)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            if name:
                Path(name).unlink(missing_ok=True)
            raise InputError(
                f"{self.path}: không lưu được mã truy cập mới ({reason(error)}). Sửa quyền thư mục trước khi chạy lại."
            ) from error

    def rotate(self, spent: Secret, buy: Callable[[Secret], Pair]) -> Pair:
        """The next pair, stored before it is returned. ``spent`` is the access token that was refused.

        One process at a time: who comes second finds the pair that the first one bought. Raises :class:`ApiError`.
        """
        if self.path is None:
            raise ApiError(
                f"{self.account.name}: mã truy cập hết hạn và tệp kênh không ghi token_file để lưu mã mới. "
                "Thêm token_file, hoặc cấp mã mới."
            )
        with self._alone():
            pair = self.read()
            if pair.access.reveal() != spent.reveal():
                return pair
            if not pair.refresh:
                raise ApiError(
                    f"{self.account.name}: mã truy cập hết hạn và không có mã làm mới (refresh_env). Cấp lại mã."
                )
            self.write(Pair(pair.access, pair.refresh, in_flight=True))
            try:
                fresh = buy(pair.refresh)
            except InputError as error:
                if pair.in_flight:
                    raise ApiError(
                        f"{error} Lần làm mới trước bị ngắt giữa chừng, mã làm mới có thể đã dùng: cấp lại mã."
                    ) from None
                raise
            self.write(fresh)
            return fresh

    @contextmanager
    def _alone(self) -> Iterator[None]:
        assert self.path is not None
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ApiError(f"{self.path}: không ghi được vào thư mục này ({reason(error)}).") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
