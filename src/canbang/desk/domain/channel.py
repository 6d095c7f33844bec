"""Channels: added, enrolled by their owner's signed word, proven, stopped. What is not proven is not collected."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from canbang.desk.domain.entry import record
from canbang.desk.domain.intake import channel_named
from canbang.desk.domain.wording import on_screen
from canbang.desk.models import Channel, Enrolment, Organisation, Platform, User, Verb
from canbang.errors import InputError
from canbang.fetch.enrolment import Enrolment as Record
from canbang.fetch.enrolment import how_to_prove, new_enrolment, prove
from canbang.fetch.guard import open_guard
from canbang.fetch.platforms import prove_account
from canbang.fetch.platforms.accounts import PLATFORMS, Account, account_of, read_accounts
from canbang.fetch.trouble import FetchError, Trouble


def add(organisation: Organisation, user: User, name: str, platform: Platform, url: str) -> Channel:
    """A channel that items can be counted under; nothing is fetched from it before it is enrolled and proven."""
    if url:
        _check(url)
    if Channel.objects.filter(organisation=organisation, name=name).exists():
        raise InputError(f"Đã có kênh tên “{name}”. Đặt tên khác.")
    with transaction.atomic():
        channel = channel_named(organisation, name)
        channel.platform, channel.url = platform, url
        channel.save(update_fields=["platform", "url"])
        detail = {"channel": channel.pk, "platform": str(platform), "url": url}
        record(organisation, user.person, Verb.SETTING, f"thêm kênh {channel.name}", detail)
    return channel


def _check(url: str) -> None:
    """Refuse an address that the guard would refuse by its spelling."""
    try:
        open_guard().check_address(url)
    except InputError as error:
        raise InputError(on_screen(str(error))) from error


def enrol(channel: Channel, user: User, *, url: str, owner: str, by: str, consent: str) -> Enrolment:
    """Put the owner's signed word on record. The code stays while the address does; owner or address changed, the proof is
    looked at anew. Raises :class:`InputError`.
    """
    _check(url)
    account = account_for(channel, url)
    fresh = new_enrolment(account.url if account else url, owner, by)
    with transaction.atomic():
        held = Channel.objects.select_for_update().get(pk=channel.pk)
        old = Enrolment.objects.filter(channel=held).first()
        if old and old.url == fresh.url:
            same = (old.owner, old.by) == (owner, by)
            kept = old.record if same and held.active else replace(old.record, proof="", proof_at="", proved_at="")
            fresh = replace(kept, owner=owner, by=by)
        row = _store(held, replace(fresh, consent=consent), old)
        row.signed_by, row.signed_at = user.person, timezone.now()
        row.save()
        held.active, held.url = True, fresh.url
        held.save(update_fields=["active", "url"])
        detail = {"channel": held.pk, "url": fresh.url, "owner": owner, "consent": consent}
        record(held.organisation, user.person, Verb.ENROL, held.name, detail)
    channel.refresh_from_db()
    return row


def _store(channel: Channel, said: Record, row: Enrolment | None) -> Enrolment:
    row = row or Enrolment(channel=channel)
    for name in Record.__dataclass_fields__:
        setattr(row, name, getattr(said, name))
    row.save()
    return row


def account_for(channel: Channel, url: str = "") -> Account | None:
    """The account of a platform channel, as the operator listed it for this organisation; ``None`` for a site.

    The list is a file of its own for each organisation: a token proves whose the account is, not whose desk may use it.
    Raises :class:`InputError` where the list lacks it.
    """
    if channel.platform not in PLATFORMS:
        return None
    shown = Path("accounts") / f"{channel.organisation.code}.toml"
    try:
        return account_of(url or channel.url, read_accounts(Path(settings.HOME) / shown), shown)
    except InputError as error:
        raise InputError(str(error).replace(str(settings.HOME), "").lstrip("/")) from error


def ways_to_prove(enrolment: Enrolment) -> str:
    """What to do so that the proof is seen, for whoever runs the site or the account."""
    if enrolment.channel.platform in PLATFORMS:
        return "Bằng chứng là mã truy cập do chủ kênh cấp: người quản trị máy chủ đặt mã đó, rồi bấm “Kiểm tra bằng chứng”."
    return on_screen(how_to_prove(enrolment.record))


def enrolments(organisation: Organisation) -> list[Record]:
    """The proven enrolments of the organisation's active channels."""
    rows = Enrolment.objects.filter(channel__organisation=organisation, channel__active=True).exclude(proof="")
    return [row.record for row in rows.order_by("pk")]


def look_for_proof(channel: Channel, user: User) -> bool:
    """Ask the site or the platform for the proof; whether it was seen. A proof that is gone is taken off the record.

    Raises :class:`InputError` where it could not be asked: that withdraws nothing.
    """
    enrolment = Enrolment.objects.filter(channel=channel).first()
    if enrolment is None:
        raise InputError("Kênh chưa ghi danh. Ký ghi danh trước, rồi kiểm tra bằng chứng.")
    bare = replace(enrolment.record, proof="", proof_at="", proved_at="")
    try:
        account = account_for(channel, enrolment.url)
        seen = prove_account(account, bare, open_guard()) if account else asyncio.run(_look(bare))
    except FetchError as error:
        if error.trouble is not Trouble.ENROLMENT:
            raise InputError(on_screen(str(error))) from error
        seen = bare
    return note_proof(enrolment, user, seen)


def note_proof(enrolment: Enrolment, user: User, seen: Record) -> bool:
    """Write down what was seen of an enrolment's proof, or that it was not; whether it was seen.

    Raises :class:`InputError` where the enrolment was signed anew in the meantime.
    """
    channel = enrolment.channel
    with transaction.atomic():
        held = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
        if held.code != seen.code:
            raise InputError("Ghi danh vừa được ký lại. Tải lại trang rồi kiểm tra bằng chứng.")
        held.scope, held.proof, held.proof_at, held.proved_at = seen.scope, seen.proof, seen.proof_at, seen.proved_at
        held.save(update_fields=["scope", "proof", "proof_at", "proved_at"])
        detail = {"channel": channel.pk, "proof": seen.proof, "proof_at": seen.proof_at}
        record(channel.organisation, user.person, Verb.PROVE, channel.name, detail)
    return bool(seen.proof)


async def _look(record: Record) -> Record:
    async with open_guard() as opened:
        opened.check_address(record.url)
        return await prove(record, opened)


def withdraw(channel: Channel, user: User) -> None:
    """Stop a channel: nothing more is collected from it. Its items stay, and stay counted."""
    with transaction.atomic():
        held = Channel.objects.select_for_update().get(pk=channel.pk)
        if not held.active:
            raise InputError(f"Kênh “{held.name}” đã dừng từ trước.")
        held.active = False
        held.save(update_fields=["active"])
        Enrolment.objects.filter(channel=held).update(proof="", proof_at="", proved_at="")
        record(held.organisation, user.person, Verb.WITHDRAW, held.name, {"channel": held.pk})
