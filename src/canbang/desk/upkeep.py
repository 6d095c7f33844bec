"""What is to be done every day: texts that were kept long enough go, and what is left of logins that ended."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from canbang.desk.domain import retention
from canbang.desk.models import Organisation
from canbang.text.numbers import integer


def clear() -> list[str]:
    """Delete what is due; what was deleted, a line for each organisation."""
    today = timezone.localdate()
    lines = []
    for organisation in Organisation.objects.filter(enrolled=True).order_by("code").prefetch_related("names"):
        if count := retention.blank(organisation, today):
            lines.append(f"{organisation.name()}: đã xóa nội dung của {integer(count)} tin quá hạn lưu.")
    call_command("clearsessions", verbosity=0)
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return lines or ["Không có nội dung nào quá hạn lưu."]
