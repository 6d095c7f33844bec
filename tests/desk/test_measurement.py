"""From rows to a signed sheet by the domain's verbs alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from canbang import pipeline
from canbang.desk.domain import draw, intake, judgement, measurement, prediction, sheet
from canbang.desk.domain.basis import basis_of
from canbang.desk.models import (
    Channel,
    CoverageAttempt,
    Drawn,
    Enrolment,
    Entry,
    IntakeKind,
    Item,
    Judgement,
    Organisation,
    Prediction,
    Turn,
    User,
)
from canbang.errors import InputError
from canbang.estimate.looks import Mode
from canbang.fetch.coverage import Attempt, Outcome
from canbang.item import VIETNAM
from canbang.ledger import faults
from canbang.report.frame import Frame
from conftest import WordLabeller
from desk.auditing import audited, by_title, drawn, fill, read, signed
from desk.conftest import MONTH, make_acts, person


class Newer(WordLabeller):
    """The same labels under another version."""

    version = "2"


def take(organisation: Organisation, acts: list[object], source: str = "them.jsonl") -> None:
    intake.take(organisation, IntakeKind.FILE, source, acts)  # type: ignore[arg-type]


def test_a_month_goes_from_items_to_a_signature(stocked: Organisation, minh: User) -> None:
    opened = draw.open_month(stocked, MONTH, Mode.ONE_LOOK, minh)
    assert sheet.refresh(stocked, MONTH).value["basis"] == "machine"
    held = draw.draw_first(opened, 40, minh)
    read(held)
    assert measurement.progress(held).done
    ready = sheet.refresh(stocked, MONTH)
    assert (ready.value["basis"], ready.value["audited"], sheet.why_not_signed(ready)) == ("audit", 40, "")
    done = sheet.sign(ready, minh, sheet.digest_of(ready))
    assert (done.signer, done.anchor_count) == ("Minh", Entry.objects.count() - 2)
    assert faults(entry.link for entry in Entry.objects.filter(organisation=stocked).order_by("number")) == []
    first = held.cards.select_related("item").first()
    assert first is not None
    with pytest.raises(InputError, match="đã ký"):
        judgement.judge(stocked, minh, first.pk, by_title(first, Turn.FIRST), uuid.uuid4())


def test_the_same_key_twice_is_one_judgement(commune: Organisation, minh: User) -> None:
    fill(commune)
    drawn(commune, minh)
    card, key = judgement.next_card(commune, minh.person), uuid.uuid4()
    assert card is not None
    first = judgement.judge(commune, minh, card.pk, by_title(card, Turn.FIRST), key)
    assert judgement.judge(commune, minh, card.pk, by_title(card, Turn.FIRST), key) == first
    assert Judgement.objects.count() == 1


def test_an_audit_that_is_not_whole_gives_no_figure(commune: Organisation, minh: User) -> None:
    fill(commune)
    held = drawn(commune, minh)
    for card in held.cards.select_related("item").order_by("place")[:29]:
        judgement.judge(commune, minh, card.pk, by_title(card, Turn.FIRST), uuid.uuid4())
    found = sheet.refresh(commune, MONTH)
    assert (found.value["basis"], found.value["audited"], found.value["verdict"]) == ("machine", 0, "not_yet_known")
    assert (found.value["cells"], found.lamps) == ({}, [])
    assert "còn 31 lượt đọc" in sheet.why_not_signed(found)


def test_an_undone_word_takes_the_figure_back(commune: Organisation, minh: User) -> None:
    fill(commune)
    held = drawn(commune, minh)
    thu = person(commune, "Thu")
    for user, cards in ((minh, held.cards.all()), (thu, held.cards.filter(doubled=True))):
        for card in cards.select_related("item").order_by("place"):
            judgement.judge(commune, user, card.pk, by_title(card, Turn.FIRST), uuid.uuid4())
    assert sheet.refresh(commune, MONTH).value["basis"] == "audit"
    last = judgement.last_of(commune, thu.person)
    assert last is not None
    judgement.undo(commune, thu, last.key)
    assert sheet.refresh(commune, MONTH).value["basis"] == "machine"


def test_items_that_came_after_the_draw_stand_in_a_note_and_nowhere_else(commune: Organisation, minh: User) -> None:
    before = audited(commune, minh).value
    take(commune, make_acts(7, first=500), "tre.jsonl")
    late = sheet.refresh(commune, MONTH).value
    assert late["notes"] == ["7 tin đăng trong kỳ nhưng nạp sau khi rút mẫu: không thuộc phiếu này"]
    assert late | {"notes": []} == before


def test_labels_of_two_versions_are_not_mixed(commune: Organisation) -> None:
    fill(commune, 20)
    take(commune, make_acts(5, first=100))
    with pytest.raises(InputError, match="còn tin chưa gắn nhãn máy"):
        sheet.refresh(commune, MONTH)
    for item in Item.objects.filter(prediction=None):
        old = Prediction.objects.exclude(item=item).first()
        assert old is not None
        Prediction.objects.create(
            item=item, organisation=commune, labeller="word", version="2", codebook=old.codebook, scores=old.scores,
            counted=old.counted, tone=old.tone, theme=old.theme,
        )  # fmt: skip
    with pytest.raises(InputError, match="có nhãn của 2 phiên bản máy"):
        sheet.refresh(commune, MONTH)
    prediction.label(commune, Newer())
    assert sheet.refresh(commune, MONTH).value["labeller"] == {"name": "word", "version": "2"}


def test_labels_under_another_codebook_are_refused(commune: Organisation) -> None:
    fill(commune, 20)
    Prediction.objects.update(codebook="x" * 64)
    with pytest.raises(InputError, match="chưa có nhãn máy theo bộ tiêu chí đang dùng"):
        sheet.refresh(commune, MONTH)


def test_a_month_without_items_says_so(commune: Organisation) -> None:
    with pytest.raises(InputError, match="Tháng 9/2026 chưa có tin nào"):
        sheet.refresh(commune, MONTH)


def test_rejected_rows_and_items_of_other_months_are_counted_as_on_the_command_line(commune: Organisation) -> None:
    acts = make_acts(30)
    other = make_acts(4, month=date(2026, 8, 1), first=900)
    take(commune, [*acts, acts[3], *other, replace(acts[0], platform_id="x", title="", lead="", url="")])
    prediction.label(commune, WordLabeller())
    value = sheet.refresh(commune, MONTH).value
    assert (value["read"], value["items"], value["rejected"], value["outside_window"]) == (36, 31, 1, 4)
    assert value["read"] == value["items"] + value["rejected"] + value["outside_window"]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    """Every frame that is measured from here on."""
    frames: list[Frame] = []
    measure = pipeline.measure

    def counting(frame: Frame, **more: object) -> object:
        frames.append(frame)
        return measure(frame, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "measure", counting)
    return frames


def test_a_sheet_is_computed_only_where_it_is_stale(commune: Organisation, minh: User, measured: list[Frame]) -> None:
    fill(commune)
    sheet.refresh(commune, MONTH)
    assert sheet.refresh(commune, MONTH).value["items"] == 60 and len(measured) == 1
    held = drawn(commune, minh)
    sheet.refresh(commune, MONTH)
    card = held.cards.select_related("item").first()
    assert card is not None
    judgement.judge(commune, minh, card.pk, by_title(card, Turn.FIRST), uuid.uuid4())
    sheet.refresh(commune, MONTH)
    assert len(measured) == 2  # a part of an audit changes nothing


def _rename(commune: Organisation) -> None:
    Channel.objects.filter(organisation=commune).update(name="Tên mới")


def _more_views(commune: Organisation) -> None:
    take(commune, [replace(make_acts(1)[0], metrics={"views": 12})])


def _edit(commune: Organisation) -> None:
    take(commune, [replace(make_acts(1)[0], title="Tiêu đề đã sửa")])


def _double(commune: Organisation) -> None:
    take(commune, [*make_acts(1), *make_acts(1, first=70)])


def _relabel(commune: Organisation) -> None:
    prediction.label(commune, Newer())


def _try_collecting(commune: Organisation) -> None:
    channel = Channel.objects.get(organisation=commune)
    start = datetime(2026, 9, 3, tzinfo=VIETNAM)
    attempt = Attempt("Cổng thông tin", "https://a.vn/", start, start, Outcome.FAILED)
    CoverageAttempt.objects.create(
        channel=channel, place=0, started_at=start, ended_at=start, outcome=Outcome.FAILED.value, said=attempt.as_dict()
    )


@pytest.mark.parametrize("change", [_rename, _more_views, _edit, _double, _relabel, _try_collecting])
def test_whatever_the_sheet_rests_on_makes_it_stale(
    commune: Organisation, change: Callable[[Organisation], None]
) -> None:
    fill(commune, 20)
    before = basis_of(commune, MONTH)
    assert basis_of(commune, MONTH) == before
    change(commune)
    assert basis_of(commune, MONTH) != before


def test_another_month_and_another_organisation_leave_a_sheet_fresh(
    commune: Organisation, foreign: Organisation
) -> None:
    fill(commune, 20)
    before = basis_of(commune, MONTH)
    fill(commune, 5, month=date(2026, 8, 1), first=300)
    fill(foreign, 5)
    assert basis_of(commune, MONTH) == before


def test_a_digest_of_the_basis_asks_the_database_a_fixed_number_of_times(
    commune: Organisation, minh: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    audited(commune, minh)
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        basis_of(commune, MONTH)


def test_a_signed_sheet_stays_whatever_comes_in(commune: Organisation, minh: User) -> None:
    done = signed(commune, minh)
    take(commune, [*make_acts(9, first=700), replace(make_acts(1)[0], title="Sửa sau khi ký")])
    later = sheet.refresh(commune, MONTH)
    assert (later.text, later.digest, sheet.digest_of(later)) == (done.text, done.digest, done.digest)


def test_signing_refuses_a_digest_that_is_not_of_the_text_now(commune: Organisation, minh: User) -> None:
    found = audited(commune, minh)
    with pytest.raises(InputError, match="Con số đã đổi"):
        sheet.sign(found, minh, "0" * 64)
    take(commune, make_acts(3, first=800))
    with pytest.raises(InputError, match="Dữ liệu vừa thay đổi"):
        sheet.sign(found, minh, sheet.digest_of(found))
    found.refresh_from_db()
    assert found.signed_at is None


def test_a_running_month_is_not_signed(commune: Organisation, minh: User) -> None:
    running = measurement.month_of(timezone.localdate())
    fill(commune, 20, month=running)
    with pytest.raises(InputError, match="Tháng chưa hết"):
        found = sheet.refresh(commune, running)
        sheet.sign(found, minh, sheet.digest_of(found))


def test_what_collecting_missed_and_the_enrolment_stand_in_the_sheet(commune: Organisation) -> None:
    fill(commune, 20)
    channel = Channel.objects.get(organisation=commune)
    Enrolment.objects.create(
        channel=channel, url="https://a.vn/", scope="a.vn/", owner="UBND xã", by="Minh", code="c", enrolled_at="2026-08-01",
        proof="dns", proof_at="a.vn", proved_at="2026-08-01",
    )  # fmt: skip
    start, end = datetime(2026, 9, 4, tzinfo=VIETNAM), datetime(2026, 10, 2, tzinfo=VIETNAM)
    attempt = Attempt(channel.name, "https://a.vn/", end, end, Outcome.WHOLE, covers=(start - timedelta(hours=1), end))
    CoverageAttempt.objects.create(
        channel=channel, place=0, started_at=end, ended_at=end, outcome=Outcome.WHOLE.value, said=attempt.as_dict()
    )
    value = sheet.refresh(commune, MONTH).value
    assert value["coverage"]["missing_days"] == ["2026-09-01", "2026-09-02", "2026-09-03"]
    assert value["enrolments"] == [channel.enrolment.record.line]


def test_lamps_stand_beside_the_sheet_and_not_in_it(commune: Organisation, minh: User) -> None:
    found = audited(commune, minh, count=200)
    assert (found.value["lamps"], {lamp["days"] for lamp in found.lamps}) == ([], {7})


def test_the_draws_own_judgement_is_read_in_a_fixed_number_of_queries(
    commune: Organisation, minh: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    fill(commune)
    held = drawn(commune, minh)
    read(held)
    with django_assert_max_num_queries(2):  # type: ignore[attr-defined]
        measurement.progress(held)
    assert Drawn.objects.filter(draw=held).count() == 30
