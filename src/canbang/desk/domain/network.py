"""The one guard through which the desk asks for anything that somebody entered."""

from __future__ import annotations

import os

from canbang.desk.models import Enrolment, Organisation
from canbang.fetch.enrolment import Enrolment as Record
from canbang.fetch.guard import Guard

LOOPBACK_SWITCH = "CANBANG_TEST_LOOPBACK"


def guard() -> Guard:
    """The guard; the test switch opens loopback and drops the polite gap there."""
    return Guard(allow_loopback=True, gap=0.0) if os.environ.get(LOOPBACK_SWITCH) == "1" else Guard()


def enrolments(organisation: Organisation) -> list[Record]:
    """The proven enrolments of the organisation's active channels."""
    rows = Enrolment.objects.filter(channel__organisation=organisation, channel__active=True).exclude(proof="")
    return [row.record for row in rows.order_by("pk")]
