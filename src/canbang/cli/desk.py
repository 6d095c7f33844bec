"""`canbang desk`: the web desk on this machine."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

import click

from canbang.errors import InputError, reason


@click.group(invoke_without_command=True, short_help="Mở bàn làm việc trên trình duyệt.")
@click.option("--home", type=click.Path(path_type=Path), envvar="CANBANG_HOME", help="Thư mục giữ cơ sở dữ liệu, khóa bí mật và tệp tải lên (mặc định canbang-desk; bản thử: canbang-demo).")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Địa chỉ lắng nghe; chỉ máy này nếu để mặc định.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Cổng.")
@click.option("--demo", is_flag=True, help="Nạp một tỉnh hư cấu với một năm tin, mẫu chấm và phiếu đã ký, rồi mở.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Số tiến trình phục vụ.")
@click.pass_context
def desk(context: click.Context, home: Path | None, host: str, port: int, demo: bool, workers: int) -> None:
    """Mở bàn làm việc. Lần đầu tự tạo khóa bí mật và cơ sở dữ liệu, in đường dẫn đăng nhập một lần cho người quản trị.

    Nhiều người dùng: đặt DATABASE_URL=postgres://… trước khi chạy (docs/operate.md).
    """
    prepare(home or Path("canbang-demo" if demo else "canbang-desk"))
    if context.invoked_subcommand is not None:
        return
    from canbang.desk import first_run

    first_run.check_address(host, port)
    first_run.migrate()
    for line in first_run.demo() if demo else first_run.admin_link(host, port):
        click.echo(line)
    click.echo(f"Bàn làm việc: {first_run.address(host, port)}/ (dừng: Ctrl+C)")
    first_run.serve(host, port, workers)


def prepare(home: Path) -> None:
    """Make the home folder and its key where they are absent, and load Django on them.

    Raises :class:`InputError` where the desk's packages are not installed, the folder cannot be written or the environment
    names no usable database.
    """
    try:
        import django
        from django.core.exceptions import ImproperlyConfigured
    except ModuleNotFoundError:
        raise InputError("Chưa cài phần bàn làm việc: python -m pip install 'canbang[desk]'.") from None
    home = home.absolute()
    _make_home(home)
    os.environ["CANBANG_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "canbang.desk.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        if "psycopg" in str(error):
            raise InputError("Chưa cài phần nối PostgreSQL: python -m pip install 'canbang[postgres]'.") from None
        raise
    except ValueError as error:
        if isinstance(error, InputError) or "scheme" not in str(error):
            raise
        raise InputError("DATABASE_URL không dùng được. Viết: postgres://người-dùng:mật-khẩu@máy/tên-cơ-sở.") from None


def _make_home(home: Path) -> None:
    """The folder and its secret key, readable by its owner only; an existing key is never replaced."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "")
        if os.environ.get("CANBANG_SECRET_KEY") or (home / "secret.key").exists():
            return
        handle = os.open(home / "secret.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        why = "đây là một tệp" if isinstance(error, FileExistsError) else reason(error)
        raise InputError(f"{home}: không ghi được thư mục bàn làm việc ({why}). Chọn chỗ khác bằng --home.") from error
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_urlsafe(50) + "\n")


@desk.command("link", short_help="Tạo đường dẫn đăng nhập một lần cho một người.")
@click.argument("email", metavar="THƯ-ĐIỆN-TỬ")
@click.pass_context
def link(context: click.Context, email: str) -> None:
    """In đường dẫn đặt mật khẩu một lần cho người có THƯ-ĐIỆN-TỬ này, khi họ mới được thêm hoặc quên mật khẩu."""
    from canbang.desk import first_run

    assert context.parent is not None
    started = context.parent.params
    click.echo(first_run.link_for(email, started["host"], started["port"]))


@desk.command("migrate", short_help="Cập nhật cơ sở dữ liệu rồi thôi.")
def migrate() -> None:
    """Đưa cơ sở dữ liệu và tệp tĩnh lên bản đang cài, không mở bàn làm việc. Chạy lại nhiều lần không sao."""
    from canbang.desk import first_run

    first_run.migrate()


@desk.command("retention", short_help="Xóa nội dung tin quá hạn lưu.")
def retention() -> None:
    """Xóa sapo, toàn văn và bản trước khi sửa của tin quá hạn lưu, trong các tháng đã ký; xóa phiên đăng nhập đã hết hạn.

    Tiêu đề, nhãn, kết quả chấm và con số ở lại; mỗi tháng một mục nhật ký. Đặt lịch chạy hằng ngày. Hạn lưu đặt ở màn hình Quản trị.
    """
    from canbang.desk import upkeep

    for line in upkeep.clear():
        click.echo(line)
