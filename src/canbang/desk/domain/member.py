"""People and their roles; a person's own data: shown, taken away, erased."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from canbang.desk.domain.entry import record
from canbang.desk.models import Entry, Judgement, Membership, Organisation, User, Verb
from canbang.desk.roles import NAMES, Role
from canbang.errors import InputError


def set_roles(
    organisation: Organisation, by: User | None, email: str, name: str, position: str, roles: Iterable[Role]
) -> User:
    """Give a person exactly these roles; who is unknown gets an account that waits for its first login.

    Raises :class:`InputError` where the organisation would be left without an administrator, or holds an erased person.
    """
    wanted = set(roles)
    email = email.strip().lower()
    with transaction.atomic():
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, name=name.strip(), position=position.strip())
        here = Membership.objects.filter(organisation=organisation)
        others = here.filter(role=Role.ADMIN).exclude(user=user).exists()
        if not others and Role.ADMIN not in wanted and here.filter(user=user, role=Role.ADMIN).exists():
            raise InputError("Cơ quan phải còn ít nhất một người quản trị. Giao quyền quản trị cho người khác trước.")
        here.filter(user=user).exclude(role__in=wanted).delete()
        for role in wanted:
            Membership.objects.get_or_create(organisation=organisation, user=user, role=role)
        record(
            organisation, by.person if by else None, Verb.MEMBER, str(user.person),
            {"member": str(user.person), "roles": sorted(wanted)},
        )  # fmt: skip
    return user


def login_token(user: User) -> str:
    """What stands in a one-time link; it is void once a password is set, and after three days."""
    return f"{urlsafe_base64_encode(force_bytes(user.pk))}.{default_token_generator.make_token(user)}"


def user_of_token(token: str) -> User | None:
    """Whose link it is, ``None`` where it is void."""
    uid, _, rest = token.partition(".")
    try:
        user = User.objects.get(pk=int(urlsafe_base64_decode(uid)), is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if default_token_generator.check_token(user, rest) else None


def own_data(user: User) -> dict[str, Any]:
    """Everything that is kept of a person, as plain values."""
    memberships = Membership.objects.filter(user=user).select_related("organisation").order_by("pk")
    entries = Entry.objects.filter(person=user.person).order_by("organisation", "number")
    judgements = Judgement.objects.filter(person=user.person).order_by("pk")
    return {
        "person": str(user.person),
        "email": user.email,
        "name": user.name,
        "position": user.position,
        "last_login": user.last_login.isoformat() if user.last_login else None,
        "roles": [{"organisation": m.organisation.code, "role": NAMES[Role(m.role)]} for m in memberships],
        "judgements": [
            {"at": j.at.isoformat(), "turn": j.get_turn_display(), "item": j.drawn.item_id, "tone": j.tone}
            for j in judgements.select_related("drawn")
        ],
        "log": [
            {"organisation": e.organisation_id, "number": e.number, "at": e.at, "verb": e.verb, "object": e.object}
            for e in entries
        ],
    }


def erase(user: User) -> None:
    """Erase a person: name, address and sign-in are gone, decisions stay under the opaque id.

    Raises :class:`InputError` where an organisation would be left without an administrator.
    """
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=user.pk)
        memberships = list(Membership.objects.filter(user=held).select_related("organisation"))
        for one in memberships:
            alone = not Membership.objects.filter(organisation=one.organisation, role=Role.ADMIN).exclude(user=held)
            if one.role == Role.ADMIN and alone:
                raise InputError(
                    f"{one.organisation.name()}: bạn là người quản trị duy nhất. Giao quyền cho người khác rồi xóa."
                )
        for organisation in {one.organisation.pk: one.organisation for one in memberships}.values():
            record(organisation, held.person, Verb.ERASE, str(held.person), {"member": str(held.person)})
        Membership.objects.filter(user=held).delete()
        held.email, held.name, held.position = f"{held.person}@erased.invalid", "", ""
        held.is_active, held.erased_at = False, timezone.now()
        held.set_unusable_password()
        held.save()
        for related in ("authenticator_set", "emailaddress_set", "socialaccount_set", "usersession_set"):
            manager = getattr(held, related, None)
            if manager is not None:
                manager.all().delete()
