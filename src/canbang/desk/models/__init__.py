"""Data and constraints, a file for each subject. Only ``domain`` writes."""

from canbang.desk.models.alarm import Alarm, AlarmKind
from canbang.desk.models.channel import Channel, Enrolment, Platform
from canbang.desk.models.coverage import CoverageAttempt
from canbang.desk.models.draw import Draw, Drawn, Judgement, Turn
from canbang.desk.models.entry import Entry, Verb
from canbang.desk.models.intake import Intake, IntakeKind, RejectedRow, Upload
from canbang.desk.models.item import Correction, Item, Prediction, Revision
from canbang.desk.models.member import Membership, User
from canbang.desk.models.organisation import Level, Organisation, OrganisationName, Placement, valid_on
from canbang.desk.models.sheet import Sheet

__all__ = [
    "Alarm", "AlarmKind", "Channel", "Correction", "CoverageAttempt", "Draw", "Drawn", "Enrolment",
    "Entry", "Intake", "IntakeKind", "Item",
    "Judgement", "Level", "Membership", "Organisation", "OrganisationName", "Placement", "Platform", "Prediction",
    "RejectedRow", "Revision", "Sheet", "Turn", "Upload", "User", "Verb", "valid_on",
]  # fmt: skip
