"""People and their roles in an organisation: who may come in, by which link, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from canbang.desk.domain.entry import record
from canbang.desk.models import Membership, Organisation, User, Verb
from canbang.desk.roles import Role
from canbang.errors import InputError
from canbang.text.normalise import nfc


def set_roles(
    organisation: Organisation, by: User | None, email: str, name: str, position: str, roles: Iterable[Role]
) -> User:
    """Give a person exactly these roles; who is unknown gets an account that waits for its first login.

    A known person keeps the name and position they have. Raises :class:`InputError` where the organisation would be left
    without an administrator, or where the address is that of an erased person.
    """
    wanted = set(roles)
    email = email.strip().lower()
    with transaction.atomic():
        _in_line(organisation)
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, name=nfc(name), position=nfc(position))
        elif user.erased_at is not None:
            raise InputError(f"{email}: người này đã xóa dữ liệu cá nhân, không thêm lại được.")
        elif user.last_login is None and not belongs_only(user, organisation):
            user.set_unusable_password()  # a first-login link that another organisation still holds must not open this one
            user.save(update_fields=["password"])
        if not user.is_active:
            user.is_active = True
            user.save(update_fields=["is_active"])
        if Role.ADMIN not in wanted:
            _keep_an_administrator(organisation, user)
        Membership.objects.filter(organisation=organisation, user=user).exclude(role__in=wanted).delete()
        for role in wanted:
            Membership.objects.get_or_create(organisation=organisation, user=user, role=role)
        _record(organisation, by, user, {"roles": sorted(wanted)})
    return user


def invite(
    organisation: Organisation, by: User, email: str, name: str, position: str, roles: Iterable[Role]
) -> tuple[User, str]:
    """Add a person; also what stands in their first-login link, "" where they have logged in before or belong elsewhere too.

    Raises :class:`InputError` as :func:`set_roles` does, and where they are a member already.
    """
    with transaction.atomic():
        known = User.objects.filter(email=email.strip().lower()).first()
        if known is not None and known.memberships.filter(organisation=organisation).exists():
            raise InputError(f"{known.email}: đã là thành viên. Mở tên người này trong danh sách để đổi vai trò.")
        user = set_roles(organisation, by, email, name, position, roles)
    return user, login_token(user) if user.last_login is None and belongs_only(user, organisation) else ""


def describe(organisation: Organisation, by: User, user: User, email: str, name: str, position: str) -> None:
    """Correct a member's address, name and position. Raises :class:`InputError` where that is not this organisation's to do."""
    email = email.strip().lower()
    with transaction.atomic():
        held = _own_member(organisation, user)
        if email != held.email and User.objects.filter(email=email).exists():
            raise InputError(f"{email}: địa chỉ này đã thuộc tài khoản khác.")
        moved = email != held.email
        held.email, held.name, held.position = email, nfc(name), nfc(position)
        held.save(update_fields=["email", "name", "position"])
        if moved:
            EmailAddress.objects.filter(
                user=held
            ).delete()  # allauth's copy of the address; it would still open the account
        _record(organisation, by, held, {"described": True, "address_changed": moved})


def renew(organisation: Organisation, by: User, user: User) -> str:
    """Close every way into an account, second factors too, and give what stands in a new one-time link.

    Raises :class:`InputError` where that is not this organisation's to do.
    """
    with transaction.atomic():
        held = _own_member(organisation, user)
        close(held)
        _record(organisation, by, held, {"login_renewed": True})
    return login_token(held)


def remove(organisation: Organisation, by: User, user: User) -> None:
    """Take every role here from a person; who belongs nowhere else can no longer log in. Raises :class:`InputError`."""
    with transaction.atomic():
        _in_line(organisation)
        held = User.objects.select_for_update().get(pk=user.pk)
        _keep_an_administrator(organisation, held)
        _record(organisation, by, held, {"roles": []})
        Membership.objects.filter(organisation=organisation, user=held).delete()
        if not held.memberships.exists():
            held.is_active = False
            held.save(update_fields=["is_active"])
            end_sessions(held)


def belongs_only(user: User, organisation: Organisation) -> bool:
    """Whether no other organisation has given this person a role."""
    return not user.memberships.exclude(organisation=organisation).exists()


def close(user: User) -> None:
    """Void a person's password, links, second factors, other logins and sessions."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    for kept in (Authenticator, SocialAccount, EmailAddress):
        kept.objects.filter(user=user).delete()
    end_sessions(user)


def end_sessions(user: User) -> None:
    """End a person's sessions, those that wait for a second factor included."""
    UserSession.objects.filter(user=user).delete()
    for session in Session.objects.iterator():
        held = session.get_decoded()
        if held.get("_auth_user_id") == str(user.pk) or user.email in str(held):
            session.delete()


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


def check_leaving(organisation: Organisation, user: User) -> None:
    """Raise :class:`InputError` where ``user`` is the last administrator who can log in; call it inside the transaction."""
    _in_line(organisation)
    _keep_an_administrator(organisation, user)


def _in_line(organisation: Organisation) -> None:
    """Hold the organisation's row: two administrators who take each other's role at once do so one after the other."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)


def _keep_an_administrator(organisation: Organisation, leaving: User) -> None:
    admins = Membership.objects.filter(organisation=organisation, role=Role.ADMIN)
    if not admins.filter(user=leaving).exists():
        return
    # who still waits for the first login may never come
    able = Q(user__is_active=True, user__last_login__isnull=False)
    if not admins.filter(able).exclude(user=leaving).exists():
        raise InputError(
            f"{organisation.name()}: phải còn ít nhất một người quản trị khác đã từng đăng nhập. "
            "Giao quyền quản trị cho người khác và đợi họ đăng nhập trước."
        )


def _own_member(organisation: Organisation, user: User) -> User:
    """A member whom no other organisation knows, held. Others belong to everybody they work for: nobody may take them over."""
    held = User.objects.select_for_update().get(pk=user.pk)
    if not belongs_only(held, organisation) or not held.memberships.filter(organisation=organisation).exists():
        raise InputError(
            f"{held.name}: người này còn thuộc cơ quan khác, nên chỉ người vận hành máy chủ đổi được "
            "địa chỉ, họ tên và đường dẫn đăng nhập (lệnh canbang desk link)."
        )
    return held


def _record(organisation: Organisation, by: User | None, user: User, detail: dict[str, Any]) -> None:
    person = str(user.person)
    record(organisation, by.person if by else None, Verb.MEMBER, person, {"member": person, **detail})
