"""Starting the desk: the tables, the first administrator, the demo, the server."""

from __future__ import annotations

import socket

from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from canbang.desk.domain import member
from canbang.desk.models import Organisation, OrganisationName, User
from canbang.desk.models.organisation import Level
from canbang.desk.roles import Role
from canbang.errors import InputError


def migrate() -> None:
    """Bring tables and static files up to date; safe to run every time."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def _address(host: str, port: int, token: str) -> str:
    return f"http://{host}:{port}{reverse('first_login', args=[token])}"


def admin_link(host: str, port: int) -> list[str]:
    """On an empty desk, an organisation with an administrator who has no password yet, and their one-time link."""
    waiting = User.objects.filter(is_active=True, memberships__role=Role.ADMIN).order_by("pk").first()
    if waiting is None:
        organisation = Organisation.objects.create(code="co-quan", level=Level.COMMUNE)
        OrganisationName.objects.create(organisation=organisation, name="Cơ quan của tôi")
        waiting = member.set_roles(organisation, None, "quantri@localhost", "Quản trị", "", [Role.ADMIN])
    if waiting.last_login is not None:
        return []
    return [f"Đăng nhập lần đầu (dùng một lần): {_address(host, port, member.login_token(waiting))}"]


def link_for(email: str, host: str = "127.0.0.1", port: int = 8000) -> str:
    """A one-time link for somebody. Raises :class:`InputError` where nobody has this address."""
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise InputError(f"{email}: không có người dùng nào mang địa chỉ này.")
    return _address(host, port, member.login_token(user))


def demo(host: str, port: int) -> list[str]:
    """The fictional province, made once; how to log in as its people."""
    from canbang.desk.demo import load

    return load(host, port)


def serve(host: str, port: int, workers: int) -> None:
    """Serve until interrupted. Raises :class:`InputError` where the port is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise InputError(f"Cổng {port} đang bận. Chọn cổng khác bằng --port.") from None
    from granian import Granian
    from granian.constants import Interfaces

    sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    Granian(
        "canbang.desk.wsgi:application", address=host, port=port, interface=Interfaces.WSGI, workers=workers,
        blocking_threads=4 if sqlite else 8, websockets=False, log_enabled=False,
    ).serve()  # fmt: skip
