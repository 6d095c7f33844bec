"""`canbang desk`: the web desk on this machine."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from canbang.errors import InputError, reason


@click.group(invoke_without_command=True, short_help="Mở bàn làm việc trên trình duyệt.")
@click.option("--home", type=click.Path(path_type=Path), default=Path("canbang-desk"), show_default=True, envvar="CANBANG_HOME", help="Thư mục giữ cơ sở dữ liệu, khóa bí mật và tệp tải lên.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Địa chỉ lắng nghe; chỉ máy này nếu để mặc định.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Cổng.")
@click.option("--demo", is_flag=True, help="Nạp một tỉnh hư cấu với một năm tin, mẫu chấm và phiếu đã ký, rồi mở.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Số tiến trình phục vụ.")
@click.pass_context
def desk(context: click.Context, home: Path, host: str, port: int, demo: bool, workers: int) -> None:
    """Mở bàn làm việc. Lần đầu tự tạo khóa bí mật và cơ sở dữ liệu, in đường dẫn đăng nhập một lần cho người quản trị.

    Nhiều người dùng: đặt DATABASE_URL=postgres://… trước khi chạy (docs/operate.md).
    """
    prepare(home)
    if context.invoked_subcommand is not None:
        return
    from canbang.desk import first_run

    first_run.migrate()
    link = first_run.demo(host, port) if demo else first_run.admin_link(host, port)
    for line in link:
        click.echo(line)
    click.echo(f"Bàn làm việc: http://{host}:{port}/ (dừng: Ctrl+C)")
    first_run.serve(host, port, workers)


def prepare(home: Path) -> None:
    """Make the home folder and its key where they are absent, and load Django on them.

    Raises :class:`InputError` where the desk's packages are not installed or the folder cannot be written.
    """
    try:
        import django
    except ModuleNotFoundError:
        raise InputError("Chưa cài phần bàn làm việc: python -m pip install 'canbang[desk]'.") from None
    os.environ["CANBANG_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "canbang.desk.settings")
    if not os.environ.get("CANBANG_SECRET_KEY"):
        _make_key(home)
    django.setup()


def _make_key(home: Path) -> None:
    """The secret key, readable by its owner only; an existing one is never replaced."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(home / "secret.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise InputError(
            f"{home}: không ghi được thư mục bàn làm việc ({reason(error)}). Chọn chỗ khác bằng --home."
        ) from error
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_urlsafe(50) + "\n")


@desk.command("link", short_help="Tạo đường dẫn đăng nhập một lần cho một người.")
@click.argument("email", metavar="THƯ-ĐIỆN-TỬ")
def link(email: str) -> None:
    """In đường dẫn đặt mật khẩu một lần cho người có THƯ-ĐIỆN-TỬ này, khi họ mới được thêm hoặc quên mật khẩu."""
    from canbang.desk import first_run

    click.echo(first_run.link_for(email))
