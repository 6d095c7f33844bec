"""`canbang sample`: the draw and the sheet that people fill in."""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path

import click

from canbang.audit.draw import Draw, make_draw, next_look
from canbang.audit.drawfile import read_draw, read_secret, write_draw
from canbang.audit.drawlog import Event, append_log, check_log, log_path
from canbang.audit.judge import rates_rise
from canbang.audit.sheet import read_sheets, write_sheet
from canbang.cli.label import labeller_option
from canbang.cli.outputs import check_outputs
from canbang.cli.sources import Asked, source_options, window
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.estimate.design import MINIMUM, plan
from canbang.estimate.looks import Looks, Mode
from canbang.label.choose import load_labeller
from canbang.label.labeller import COLUMN
from canbang.limits import load_limits
from canbang.report.balance import HALF_WIDTH
from canbang.report.frame import Frame
from canbang.report.gap_words import channel_lines
from canbang.report.gaps import gaps_of
from canbang.text.numbers import integer

MODES = {"one-look": "one_look", "until-settled": "until_settled"}


@click.command(short_help="Rút mẫu ngẫu nhiên và tạo phiếu chấm.")
@source_options
@labeller_option
@click.option(
    "-n",
    "--items",
    "budget",
    type=click.IntRange(min=4 * MINIMUM),
    help="Số tin rút (tính cả các lần trước); mặc định đủ cho sai số ±2,5 điểm.",
)
@click.option(
    "--sheet",
    "sheet_path",
    type=click.Path(path_type=Path),
    default=Path("phieu-cham.xlsx"),
    show_default=True,
    help="Phiếu chấm (xlsx hoặc csv).",
)
@click.option(
    "--second",
    "second_path",
    type=click.Path(path_type=Path),
    help="Phiếu cho người chấm thứ hai: 20 % tin rút, ít nhất 30, chấm độc lập.",
)
@click.option(
    "--draw",
    "draw_path",
    type=click.Path(path_type=Path),
    default=Path("draw.json"),
    show_default=True,
    help="Tệp rút mẫu, giữ nguyên đến khi đo.",
)
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    default="one-look",
    show_default=True,
    help="Xem kết quả một lần khi khép kỳ, hay rút thêm đến khi rõ (tối đa 4 lần). Chọn trước khi chấm.",
)
@click.option(
    "--more", is_flag=True, help="Rút thêm vào tệp rút mẫu đã có (chỉ kiểu until-settled); phiếu chỉ gồm tin mới rút."
)
@click.option(
    "--judgements",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Với --more: phiếu đã chấm của các lần trước; nếu điểm máy không phân biệt được tin tiêu cực thì rút đều theo số tin.",
)
@click.option("--seed", default="", help="Mã rút mẫu viết thẳng; mặc định một mã ngẫu nhiên mới.")
@click.option(
    "--secret",
    "secret_path",
    type=click.Path(path_type=Path),
    help="Tệp mã do canbang draw commit tạo; mã không ghi vào tệp rút mẫu cho đến khi công bố.",
)
@click.option("--force", is_flag=True, help="Ghi đè phiếu chấm và tệp rút mẫu đã có.")
def sample(
    asked: Asked, spec: str, budget: int | None, sheet_path: Path, second_path: Path | None, draw_path: Path, mode: str,
    more: bool, judgements: tuple[Path, ...], seed: str, secret_path: Path | None, force: bool,
) -> None:  # fmt: skip
    """Rút ngẫu nhiên một số tin của các NGUỒN để người chấm, theo dải điểm của máy; phiếu chấm không có điểm.

    Chấm hết các dòng của phiếu rồi chạy canbang measure với cùng nguồn, --judgements và --draw.
    """
    check_outputs(
        [*asked.sources, *judgements, secret_path, asked.enrolments],
        [sheet_path, second_path, draw_path, asked.rejects, asked.worklist],
        fresh=() if force else [sheet_path, second_path, None if more else draw_path],
    )  # fmt: skip
    if seed and secret_path:
        raise InputError("Chỉ dùng --seed hoặc --secret, không dùng cả hai.")
    if judgements and not more:
        raise InputError("--judgements chỉ dùng với --more: lần rút đầu chưa có phiếu nào được chấm.")
    secret = read_secret(secret_path) if secret_path else seed
    before = read_draw(draw_path, secret) if more else None
    if before is not None:
        check_log(draw_path, before)
        if secret_path and before.secret:
            raise InputError(f"{draw_path}: mã của kỳ này đã công bố, không rút thêm được nữa.")
    span = asked.window
    if before is not None:
        span = window(None, before.window[0] or None, before.window[1] or None)
    frame = asked.read(load_labeller(spec), span)
    # before the draw there is still time to fill a gap: afterwards the frame is frozen
    for note in (*channel_lines(gaps_of(frame)), *frame.notes):
        click.echo(f"Lưu ý: {note}", err=True)
    if before is not None:
        by_scores = not judgements or rates_rise(before, read_sheets(judgements, before.drawn), load_codebook())
        draw = _more(frame, before, draw_path, budget, secret, by_scores=by_scores)
    else:
        draw = _first(frame, budget, secret or secrets.token_hex(16), MODES[mode])
    # before any sheet exists: the mode is on record before the first judgement
    append_log(draw_path, draw, Event.MORE if before else Event.DRAWN)
    already = set(before.drawn) if before else set()
    write_sheet(sheet_path, frame.items([i for i in draw.drawn if i not in already]))
    if second_path:
        write_sheet(second_path, frame.items(draw.doubled))
    write_draw(draw, draw_path, reveal=secret_path is None)
    earlier = ["PHIẾU-CÁC-LẦN-TRƯỚC"] if already else []
    _say(draw, len(draw.drawn) - len(already), asked.sources, earlier, sheet_path, second_path, draw_path)


def _first(frame: Frame, budget: int | None, secret: str, mode: str) -> Draw:
    scores = frame.probability[:, COLUMN["counted_negative"]].astype(float)
    limit, confidence = load_limits()["negative_share"].value, Looks(Mode(mode)).confidence
    wanted = budget or plan(scores, [], limit, HALF_WIDTH, confidence=confidence).for_half_width
    book = load_codebook()
    ends = (str(frame.window.first or ""), str(frame.window.last or ""))
    return make_draw(
        frame.ids, scores, wanted, secret, labeller=frame.labeller, codebook=(book.version, book.digest), window=ends, mode=mode
    )  # fmt: skip


def _more(frame: Frame, before: Draw, path: Path, budget: int | None, secret: str, *, by_scores: bool) -> Draw:
    if before.mode != "until_settled":
        raise InputError(f"{path}: kỳ này đã chọn xem kết quả một lần (one-look), không rút thêm sau khi chấm.")
    if not Looks(Mode(before.mode), len(before.looks)).left:
        raise InputError(f"{path}: đã rút đủ {len(before.looks)} lần, kỳ này không xem thêm lần nào nữa.")
    if budget is None:
        raise InputError(f"--more cần -n: tổng số tin muốn có (đã rút {len(before.drawn)}).")
    known = set(before.frame_ids)
    new = [position for position, item_id in enumerate(frame.ids) if item_id not in known]
    gone = sorted(known - set(frame.ids))
    if gone:
        raise InputError(
            f"{path}: thiếu {len(gone)} tin đã có lúc rút mẫu trước (ví dụ “{gone[0][:50]}”). Tin đã đăng vẫn được đếm; đo đủ các nguồn."
        )
    scores = frame.probability[new][:, COLUMN["counted_negative"]].astype(float)
    if not by_scores:
        click.echo(
            "Các phiếu đã chấm cho thấy điểm máy không phân biệt được tin tiêu cực: lần này rút đều theo số tin mỗi dải."
        )
    ids = [frame.ids[position] for position in new]
    return next_look(before, budget, secret or before.secret, ids, scores, by_scores=by_scores)


def _say(
    draw: Draw, now: int, sources: tuple[str, ...], before: list[str], sheet: Path, second: Path | None, path: Path
) -> None:
    look = f" (lần {len(draw.looks)}, tổng {integer(len(draw.drawn))})" if len(draw.looks) > 1 else ""
    click.echo(f"Đã rút {integer(now)} trong {integer(len(draw.frame_ids))} tin{look}.")
    click.echo(f"Phiếu chấm: {sheet} (điền hết các dòng; cột Chủ đề có thể để trống)")
    if second:
        click.echo(f"Phiếu người chấm thứ hai: {second} ({integer(len(draw.doubled))} tin, chấm độc lập)")
    click.echo(f"Tệp rút mẫu: {path}, nhật ký: {log_path(path)} (giữ nguyên cả hai, cần khi đo)")
    if draw.mode == Mode.UNTIL_SETTLED:
        click.echo(
            "Cách xem kết quả: đến khi rõ, tối đa 4 lần, mỗi lần độ tin cậy 98,75\u00a0%; đã ghi nhật ký, không đổi được."
        )
    else:
        click.echo("Cách xem kết quả: một lần khi khép kỳ, độ tin cậy 95\u00a0%; đã ghi nhật ký, không đổi được.")
    sheets = "".join(f" --judgements {shlex.quote(name)}" for name in [*before, str(sheet)])
    named = " ".join(shlex.quote(name) for name in sources)
    click.echo(f"Chấm xong: canbang measure {named}{sheets} --draw {shlex.quote(str(path))}")
