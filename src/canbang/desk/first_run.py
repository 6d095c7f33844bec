"""Starting the desk: the tables, the first administrator, the demo, the server."""

from __future__ import annotations

import errno
import os
import socket

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from canbang.desk.domain import member
from canbang.desk.domain.organisation import Named, establish
from canbang.desk.domain.retention import blank
from canbang.desk.models import Level, Organisation, User
from canbang.desk.roles import Role
from canbang.errors import InputError, reason
from canbang.text.numbers import integer

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def address(host: str, port: int) -> str:
    """Where the desk is found, as people type it."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def check_address(host: str, port: int) -> None:
    """Raise :class:`InputError` where nobody can listen there, before anything is done or printed."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise InputError(f"{host}: không có địa chỉ này trên máy. Chọn địa chỉ khác bằng --host.") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise InputError(f"Cổng {port} đang bận. Chọn cổng khác bằng --port.") from None
            raise InputError(f"Không mở được {host}, cổng {port} ({reason(error)}).") from None
    if host not in _LOOPBACK and not os.environ.get("CANBANG_HOSTS"):
        raise InputError(
            "Mở cho máy khác thì đặt CANBANG_HOSTS=tên-miền hoặc địa chỉ mà mọi người gõ (docs/operate.md)."
        )


def migrate() -> None:
    """Bring tables and static files up to date; safe to run every time.

    Raises :class:`InputError` where the database does not answer.
    """
    try:
        connection.ensure_connection()
    except OperationalError:
        raise InputError(
            "Không mở được cơ sở dữ liệu. Xem DATABASE_URL, máy chủ PostgreSQL, hoặc quyền ghi thư mục --home."
        ) from None
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def _link(host: str, port: int, user: User) -> str:
    where = f"https://{settings.ALLOWED_HOSTS[0]}" if settings.TLS else address(host, port)
    return where + reverse("first_login", args=[member.login_token(user)])


def admin_link(host: str, port: int) -> list[str]:
    """On an empty desk, an organisation with an administrator who has no password yet, and their one-time link."""
    waiting = User.objects.filter(is_active=True, memberships__role=Role.ADMIN).order_by("pk").first()
    if waiting is None:
        organisation = establish("co-quan", Level.COMMUNE, [Named("Cơ quan của tôi")], enrolled=True)
        waiting = member.set_roles(organisation, None, "quantri@localhost", "Quản trị", "", [Role.ADMIN])
    if waiting.last_login is not None:
        return []
    return [f"Đăng nhập lần đầu (dùng một lần): {_link(host, port, waiting)}"]


def link_for(email: str, host: str, port: int) -> str:
    """A one-time link for somebody. Raises :class:`InputError` where nobody has this address."""
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise InputError(f"{email}: không có người dùng nào mang địa chỉ này.")
    return _link(host, port, user)


def demo() -> list[str]:
    """The fictional province, made once; how to log in as its people."""
    from canbang.desk.demo import load

    return load()


def retention() -> list[str]:
    """Blank what has been kept long enough and forget expired sessions; a line for each organisation where anything was done."""
    migrate()
    today = timezone.localdate()
    lines = []
    for organisation in Organisation.objects.filter(enrolled=True).order_by("code"):
        if count := blank(organisation, today):
            lines.append(f"{organisation.name(today)}: đã xóa nội dung {integer(count)} tin quá hạn lưu.")
    call_command("clearsessions")
    return lines or ["Không có tin nào quá hạn lưu."]


def serve(host: str, port: int, workers: int) -> None:
    """Serve until interrupted."""
    from granian import Granian
    from granian.constants import Interfaces

    sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    Granian(
        "canbang.desk.wsgi:application", address=host, port=port, interface=Interfaces.WSGI, workers=workers,
        blocking_threads=4 if sqlite else 8, websockets=False, log_enabled=False,
    ).serve()  # fmt: skip
