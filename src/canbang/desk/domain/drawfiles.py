"""A draw as files: what anybody needs to repeat a month with ``canbang draw verify`` and ``canbang measure``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction

from canbang.audit.draw import Draw as FrozenDraw
from canbang.audit.drawfile import render
from canbang.audit.drawlog import Event, append_log, log_path
from canbang.audit.judge import differing
from canbang.audit.sheet import write_sheet
from canbang.codebook import load_codebook
from canbang.desk.domain import measurement
from canbang.desk.domain.entry import record
from canbang.desk.models import Draw, Entry, Turn, User, Verb
from canbang.errors import InputError


def draw_file(draw: Draw, user: User) -> str:
    """``draw.json``; the secret stands in it once it is published. Raises :class:`InputError` where nothing is drawn."""
    found = measurement.frozen(draw)
    _exported(draw, user, "draw.json")
    return render(found, reveal=draw.revealed_at is not None)


def log_file(draw: Draw, user: User) -> str:
    """``draw.log``, which the command line wants beside ``draw.json``: the desk's entries on this draw as its lines."""
    found = measurement.frozen(draw)
    entries = Entry.objects.filter(
        organisation=draw.organisation, verb__in=(Verb.DRAW, Verb.REVEAL), detail__month=draw.month.isoformat()
    ).order_by("number")
    _exported(draw, user, "draw.log")
    with TemporaryDirectory() as folder:
        path, look = Path(folder) / "draw.json", 0
        for entry in entries:
            event = Event.REVEALED if entry.verb == Verb.REVEAL else Event.MORE if look else Event.DRAWN
            look += entry.verb == Verb.DRAW
            at = datetime.fromisoformat(entry.at)
            append_log(path, _as_of(found, look), event, now=lambda at=at: at)  # type: ignore[misc]
        return log_path(path).read_text("utf-8")


def _as_of(draw: FrozenDraw, looks: int) -> FrozenDraw:
    """The draw as it stood after so many looks."""
    kept = [item_id for item_id, epoch in zip(draw.frame_ids, draw.epochs, strict=True) if epoch < looks]
    return replace(
        draw, frame_ids=tuple(kept), budgets=draw.budgets[:looks], looks=draw.looks[:looks],
        drawn=draw.drawn[: sum(draw.looks[looks - 1])],
    )  # fmt: skip


def sheet_file(draw: Draw, user: User, turn: Turn | None = None) -> bytes:
    """The sheet of the drawn items as a workbook: blank, or with what was said at a ``turn`` once the audit is whole.

    Raises :class:`InputError` where nothing is drawn, the audit is still going on, or nobody said anything at that turn.
    """
    found = measurement.frozen(draw)
    cards = list(draw.cards.select_related("item__channel").order_by("place"))
    said = {}
    if turn is not None:
        if not measurement.progress(draw).done:
            raise InputError("Chấm và phân xử xong mới tải được phiếu đã điền: xem sớm thì lần chấm không còn độc lập.")
        judged = measurement.judgements_of(draw)
        wanted = {Turn.FIRST: found.drawn, Turn.SECOND: found.doubled}.get(turn)
        if wanted is None:
            wanted = tuple(differing(judged[Turn.FIRST], judged[Turn.SECOND], load_codebook()))
        said = {one.item_id: one.label for one in judged[turn] if one.item_id in set(wanted)}
        cards = [card for card in cards if card.item.act.id in said]
        if not cards:
            raise InputError("Kỳ này không có tin nào ở lượt đó, không có phiếu để tải.")
    _exported(draw, user, f"phiếu chấm, {Turn(turn).label}" if turn else "phiếu chấm trống")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "phieu.xlsx"
        write_sheet(path, [card.item.act for card in cards], labels=said)
        return path.read_bytes()


def _exported(draw: Draw, user: User, name: str) -> None:
    with transaction.atomic():
        record(
            draw.organisation, user.person, Verb.EXPORT, f"{name}, tháng {draw.month.month}/{draw.month.year}",
            {"month": draw.month.isoformat(), "file": name},
        )  # fmt: skip
