"""A person's own data: shown, taken away, erased. Decisions stay, under an opaque id that names nobody any more."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from canbang.desk.domain import member
from canbang.desk.domain.entry import record
from canbang.desk.models import Alarm, Correction, Enrolment, Entry, Intake, Judgement, Membership, Sheet, User, Verb
from canbang.desk.roles import NAMES, Role

ERASED = "(đã xóa)"
"""What stands where a name stood."""


def own_data(user: User) -> dict[str, Any]:
    """Everything that is kept of a person, as plain values."""
    person = user.person
    return {
        "person": str(person),
        "email": user.email,
        "name": user.name,
        "position": user.position,
        "joined": user.date_joined.isoformat(),
        "last_login": user.last_login.isoformat() if user.last_login else None,
        "roles": [
            {"organisation": one.organisation.code, "role": NAMES[Role(one.role)]}
            for one in Membership.objects.filter(user=user).select_related("organisation").order_by("pk")
        ],
        "sessions": _rows(UserSession.objects.filter(user=user), "created_at", "last_seen_at", "ip", "user_agent"),
        "second_factors": _rows(Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
        "organisation_login": _rows(SocialAccount.objects.filter(user=user), "provider", "uid", "extra_data"),
        "judgements": _rows(
            Judgement.objects.filter(person=person), "at", "turn", "drawn__item_id", "tone", "dark_side", "sensational",
            "theme", "public_interest", "unsure", "not_an_item", "undone_at",
        ),
        "corrections": _rows(Correction.objects.filter(person=person), "at", "item_id", "label", "reason"),
        "intakes": _rows(Intake.objects.filter(person=person), "at", "source", "read", "taken"),
        "enrolments": _rows(Enrolment.objects.filter(signed_by=person), "signed_at", "url", "by"),
        "sheets": _rows(Sheet.objects.filter(signed_by=person), "month", "signed_at", "signer", "digest"),
        "muted": _rows(Alarm.objects.filter(muted_by=person), "muted_at", "text", "muted_because"),
        "log": _rows(Entry.objects.filter(person=person), "organisation__code", "number", "at", "verb", "object"),
    }  # fmt: skip


def _rows(rows: QuerySet[Any], *names: str) -> list[dict[str, Any]]:
    """Chosen columns of rows, with moments as text."""
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in rows.order_by("pk").values(*names)
    ]


def erase(user: User, by: User | None = None) -> None:
    """Erase a person: name, address and every way in are gone, decisions stay under the opaque id.

    ``by`` is the administrator who was asked to; ``None`` where the person did it. Raises :class:`InputError` where an
    organisation would be left without an administrator.
    """
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=user.pk)
        roles = Membership.objects.filter(user=held).select_related("organisation").order_by("organisation_id")
        actor = by or held
        here = {one.organisation_id: one.organisation for one in roles}
        for organisation in here.values():
            member.check_leaving(organisation, held)
            record(organisation, actor.person, Verb.ERASE, str(held.person), {"member": str(held.person)})
        Membership.objects.filter(user=held).delete()
        member.close(held)
        Sheet.objects.filter(signed_by=held.person).update(signer=ERASED)
        named = Q(by__icontains=held.name, channel__organisation__in=here)
        Enrolment.objects.filter(Q(signed_by=held.person) | named).update(by=ERASED)
        held.email, held.name, held.position = f"{held.person}@erased.invalid", "", ""
        held.is_active, held.erased_at, held.last_login = False, timezone.now(), None
        held.save()
