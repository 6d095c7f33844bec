"""`canbang draw`: the month's secret, its revealing, and the check that anybody can repeat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from canbang.audit.drawfile import new_secret_file, read_draw, read_secret, write_draw
from canbang.audit.drawlog import Event, append_log, check_log
from canbang.errors import InputError
from canbang.item import VIETNAM
from canbang.report import words
from canbang.text.numbers import day, integer


@click.group(short_help="Cam kết, công bố và kiểm tra mã rút mẫu.")
def draw() -> None:
    """Mã rút mẫu của một kỳ: cam kết đầu kỳ, công bố khi khép kỳ, ai cũng tính lại được mẫu."""


@draw.command(short_help="Tạo mã rút mẫu của kỳ và in cam kết.")
@click.argument("secret", type=click.Path(path_type=Path), metavar="TỆP-MÃ")
def commit(secret: Path) -> None:
    """Tạo TỆP-MÃ (chỉ chủ máy đọc được) và in cam kết để công bố trước khi có tin nào của kỳ."""
    click.echo(f"Cam kết: {new_secret_file(secret)}")
    click.echo(f"Giữ kín {secret} đến khi khép kỳ; rút mẫu bằng canbang sample … --secret {secret}")


@draw.command(short_help="Công bố mã trong tệp rút mẫu khi khép kỳ.")
@click.argument("file", type=click.Path(path_type=Path), metavar="TỆP-RÚT-MẪU")
@click.option("--secret", type=click.Path(path_type=Path), required=True, help="Tệp mã của kỳ.")
def reveal(file: Path, secret: Path) -> None:
    """Ghi mã vào TỆP-RÚT-MẪU để ai cũng tính lại được; sau đó không rút thêm được nữa mà không ai biết."""
    known = read_secret(secret)
    found = read_draw(file, known)
    check_log(file, found)
    append_log(file, found, Event.REVEALED)
    write_draw(replace(found, secret=known), file)
    click.echo(f"Đã công bố mã trong {file}.")


@draw.command(short_help="Tính lại mẫu từ mã đã công bố.")
@click.argument("file", type=click.Path(path_type=Path), metavar="TỆP-RÚT-MẪU")
@click.option("--secret", type=click.Path(path_type=Path), help="Tệp mã, nếu chưa công bố trong tệp rút mẫu.")
@click.option("--commitment", default="", help="Cam kết đã công bố đầu kỳ, để đối chiếu.")
def verify(file: Path, secret: Path | None, commitment: str) -> None:
    """Tính lại dải điểm, số tin và từng tin được rút của TỆP-RÚT-MẪU, đối chiếu nhật ký; sai khác thì dừng và nói chỗ sai."""
    known = read_secret(secret) if secret else ""
    found = read_draw(file, known)
    if commitment and commitment.strip() != found.commitment:
        raise InputError(
            f"{file}: cam kết trong tệp ({found.commitment[:16]}…) khác cam kết đã công bố ({commitment[:16]}…)."
        )
    if not (known or found.secret):
        raise InputError(
            f"{file}: mã chưa công bố nên chưa tính lại được. Thêm --secret, hoặc chờ đơn vị công bố khi khép kỳ."
        )
    click.echo(
        f"Khớp: {integer(len(found.drawn))} tin trong {integer(len(found.frame_ids))}, {len(found.sizes)} dải điểm, "
        f"{len(found.looks)} lần rút; cam kết {found.commitment}."
    )
    log = check_log(file, found)
    since = log.since.astimezone(VIETNAM)
    click.echo(
        f"Nhật ký khớp: rút {since:%H:%M} ngày {day(since.date())}, {words.MODES[found.mode]}; mã băm cuối {log.last_hash}."
    )
    if log.thrown_away:
        click.echo(f"Lưu ý: trước đó đã có {log.thrown_away} lần rút mẫu bị bỏ (xem nhật ký).")
