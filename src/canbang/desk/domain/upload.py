"""Files that people hand in: kept for a day at most, looked at before anything is stored, taken once."""

from __future__ import annotations

import os
import re
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from canbang.desk.domain import prediction
from canbang.desk.domain.intake import Sorting, Tally, channel_named, notes_of, take
from canbang.desk.domain.wording import on_screen
from canbang.desk.models import Channel, Intake, IntakeKind, Organisation, Upload, User
from canbang.errors import InputError, reason
from canbang.fetch.columns import AUTHORS, NAMEABLE
from canbang.fetch.export import file_source
from canbang.fetch.grid import NoTitle
from canbang.fetch.source import Reject, Source
from canbang.fetch.table import SUFFIXES, open_table
from canbang.item import VIETNAM
from canbang.item import Item as Act
from canbang.text.dates import DateOrder
from canbang.text.normalise import heading_key, nfc
from canbang.text.numbers import integer

AGE = timedelta(days=1)
ROWS_MAX = 200_000
"""Rows of one file: a few megabytes of Parquet can say one row a thousand million times."""
SHOWN = 20
NEW = "new"
NOTHING = "Không có dòng nào là tin bài. Xem lý do ở các dòng bị loại, hoặc chọn lại cột."
_MEMBERS_MAX, _UNFOLD, _UNFOLD_FREE = 1000, 100, 16 << 20
_NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class Choices:
    """How a person wants a file read. ``channel`` is a key, :data:`NEW` (then ``name``), or "" for the file's own column;
    ``columns`` are headings by field."""

    channel: str = ""
    name: str = ""
    order: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(said: Mapping[str, Any]) -> Choices:
        """From the row's JSON."""
        return Choices(said.get("channel", ""), said.get("name", ""), said.get("order", ""), said.get("columns", {}))

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"channel": self.channel, "name": self.name, "order": self.order, "columns": dict(self.columns)}


@dataclass(slots=True)
class Preview:
    """A file as it would be read. ``found`` are headings by field; ``problem`` says why it cannot be taken as it is.

    ``notes`` are the source's and stay with the intake, ``remarks`` are for who looks at it now.
    """

    headings: list[str] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    rows: list[Act] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    channels: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    problem: str = ""


def keep(organisation: Organisation, user: User, name: str, chunks: Iterable[bytes]) -> Upload:
    """Keep a file that was sent, under a name of our own. Raises :class:`InputError` where it cannot be a table."""
    sweep()
    shown = nfc(name.replace("\\", "/").rsplit("/", 1)[-1])[-_NAME_MAX:] or "tệp"
    suffix = Path(shown).suffix.lower()
    if suffix not in SUFFIXES:
        suffix = "." + re.sub(r"[^a-z0-9]", "", suffix)[:8]
    upload = Upload(key=uuid.uuid4(), organisation=organisation, name=shown, suffix=suffix, person=user.person)
    try:
        _write(upload.path, chunks)
        if suffix not in SUFFIXES or upload.path.stat().st_size == 0:
            open_table(upload.path)
        _refuse_bomb(upload.path)
    except OSError as error:
        upload.path.unlink(missing_ok=True)
        raise InputError(f"{shown}: máy chủ không ghi được tệp ({reason(error)}). Báo người quản trị.") from error
    except InputError as error:
        upload.path.unlink(missing_ok=True)
        raise InputError(_said(upload, str(error))) from error
    upload.save(force_insert=True)
    return upload


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.UPLOAD_MAX:
                raise InputError(
                    f"{path}: lớn hơn {settings.UPLOAD_MAX >> 20} MB. Xuất theo từng tháng rồi nạp từng tệp."
                )
            stream.write(chunk)


def _refuse_bomb(path: Path) -> None:
    """A workbook is a ZIP: no more members, and no more unfolding, than workbooks have."""
    if path.suffix != ".xlsx" or not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    unfolded = sum(member.file_size for member in members)
    if len(members) > _MEMBERS_MAX or unfolded > max(_UNFOLD_FREE, _UNFOLD * path.stat().st_size):
        raise InputError(f"{path}: tệp XLSX nén bất thường, không mở. Xuất lại, hoặc lưu dạng CSV.")


def sweep() -> None:
    """Remove files and waiting uploads that are older than a day."""
    Upload.objects.filter(intake=None, at__lt=timezone.now() - AGE).delete()
    folder = Path(settings.UPLOADS)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file() and path.stat().st_mtime < time.time() - AGE.total_seconds():
            path.unlink(missing_ok=True)


def choose(upload: Upload, choices: Choices) -> bool:
    """Keep how a person wants the file read; whether that is another way than before."""
    changed = choices != Choices.of(upload.choices)
    if changed:
        upload.choices = choices.as_dict()
        upload.save(update_fields=["choices"])
    return changed


def look(upload: Upload) -> Preview:
    """What the heads of the file tell: which headings it has, and which fields they were recognised for."""
    found, choices = Preview(), Choices.of(upload.choices)
    try:
        _columns(upload, choices, found)
        if "channel" not in found.found and not choices.channel:
            found.problem = "Tệp không có cột kênh. Chọn kênh của các tin này ở ô “Kênh”."
    except InputError as error:
        found.problem = _said(upload, str(error))
    return found


def preview(upload: Upload) -> Preview:
    """The file as it would be taken now; nothing is stored."""
    found, choices = look(upload), Choices.of(upload.choices)
    if not upload.path.exists() or not found.found:
        return found
    today, future = timezone.now().astimezone(VIETNAM).date(), False
    try:
        source, channel = _open(upload, choices)
        sorting = Sorting(upload.organisation, upload.name, channel)
        found.tally = sorting.tally
        for part in sorting.batches(_read(upload, source, found.notes)):
            acts = [*part.fresh, *(act for _, act, _ in part.known)]
            found.rows += acts[: SHOWN - len(found.rows)]
            found.rejects += part.rejects[: SHOWN - len(found.rejects)]
            found.channels.update(act.channel for act in acts if not found.problem)
            future = future or any(act.published_at.astimezone(VIETNAM).date() > today for act in acts)
    except InputError as error:
        found.problem = _said(upload, str(error))
    else:
        found.remarks = notes_of(sorting)
        if future:
            found.remarks.append("Có tin đăng sau hôm nay: kiểm tra cột ngày và thứ tự ngày/tháng")
        found.problem = found.problem or ("" if found.rows else NOTHING)
    return found


def _columns(upload: Upload, choices: Choices, found: Preview) -> None:
    """Headings of the file and the fields that they were recognised for."""
    if not upload.path.exists():
        raise InputError("Tệp gửi lên đã quá một ngày nên đã xóa. Nạp lại tệp.")
    try:
        table = open_table(upload.path, choices.columns)
    except NoTitle as error:
        found.headings = _nameable(error.headings)
        raise
    found.headings = _nameable(table.headings)
    found.found = {
        name: table.headings[table.columns.index[name]]
        for name in NAMEABLE
        if table.columns.index.get(name, len(table.headings)) < len(table.headings)
    }


def _nameable(headings: Iterable[str]) -> list[str]:
    """Headings that a field may be read from, each once: no column that names persons."""
    return list(dict.fromkeys(name for name in headings if name and heading_key(name) not in AUTHORS))


def _open(upload: Upload, choices: Choices) -> tuple[Source, Channel | None]:
    """The file as ``canbang measure`` opens it, and the channel that everything counts under where one was chosen."""
    channel = _channel(upload.organisation, choices)
    # rows without a channel of their own go by the file's name, as everywhere in the house
    source = file_source(
        upload.path, channel=channel.name if channel else Path(upload.name).stem,
        order=DateOrder(choices.order) if choices.order else None, names=choices.columns,
    )  # fmt: skip
    return source, channel


def _channel(organisation: Organisation, choices: Choices) -> Channel | None:
    if choices.channel == NEW:
        if not nfc(choices.name):
            raise InputError("Ghi tên kênh mới ở ô “Tên kênh mới”.")
        return Channel(organisation=organisation, name=nfc(choices.name))
    if not choices.channel:
        return None
    channel = Channel.objects.filter(organisation=organisation, pk=int(choices.channel)).first()
    if channel is None:
        raise InputError("Kênh đã chọn không còn. Chọn lại kênh.")
    return channel


def _read(upload: Upload, source: Source, notes: list[str]) -> Iterator[Act | Reject]:
    """Everything of the source in the words of the screen, its notes at the end; raises :class:`InputError` for an endless
    file."""
    stream = iter(source)
    for thing in islice(stream, ROWS_MAX):
        if isinstance(thing, Reject):
            yield Reject(upload.name, thing.place, on_screen(thing.reason), thing.start)
        else:
            yield thing
    if next(stream, None) is not None:
        raise InputError(f"{upload.name}: hơn {integer(ROWS_MAX)} dòng. Xuất theo từng tháng rồi nạp từng tệp.")
    notes += [_said(upload, note) for note in source.notes]


def _said(upload: Upload, text: str) -> str:
    """A message with the file's own name in place of ours."""
    for ours, theirs in (
        (str(upload.path), upload.name),
        (upload.path.name, upload.name),
        (str(upload.key), Path(upload.name).stem),
    ):
        text = text.replace(ours, theirs)
    return on_screen(text)


def confirm(upload: Upload, user: User) -> Intake:
    """Take a file in. Confirmed twice it is taken once. Raises :class:`InputError`; then nothing is stored."""
    with transaction.atomic():
        held = Upload.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=upload.pk)
        if held.intake is not None:
            return held.intake
        if problem := look(held).problem:
            raise InputError(problem)
        try:
            held.intake = _take(held, user)
        except InputError as error:
            raise InputError(_said(held, str(error))) from error
        held.save(update_fields=["intake"])
        transaction.on_commit(lambda: held.path.unlink(missing_ok=True))
    prediction.label(held.organisation)
    return held.intake


def _take(upload: Upload, user: User) -> Intake:
    notes: list[str] = []
    source, channel = _open(upload, Choices.of(upload.choices))
    if channel is not None and channel.pk is None:
        channel = channel_named(upload.organisation, channel.name)
    intake = take(
        upload.organisation, IntakeKind.FILE, upload.name, _read(upload, source, notes), channel=channel, user=user,
        notes=notes,
    )  # fmt: skip
    if not intake.taken + intake.doubled:
        raise InputError(NOTHING)
    return intake
