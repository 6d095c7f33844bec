"""*Rút mẫu*: a month is opened, drawn, drawn on, and repeated by the command line from the downloaded files."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from canbang.audit.drawfile import read_draw
from canbang.cli.measure import read_audit
from canbang.desk.domain import draw as draws
from canbang.desk.domain import drawfiles, intake, judgement, measurement, prediction, sheet
from canbang.desk.domain.judgement import Answer
from canbang.desk.models import Draw, Drawn, Entry, IntakeKind, Judgement, Organisation, User, Verb
from canbang.desk.roles import Role
from canbang.errors import InputError
from canbang.estimate.looks import Mode
from desk.conftest import BAD, MONTH, client_of, make_acts, person

ROOT = "/thuong-tra/rut-mau/"
HERE = f"{ROOT}2026-09/"


def judge_all(organisation: Organisation, *people: User, flip: bool = False) -> None:
    """Everybody reads what they may; with ``flip`` the second readings differ on some cards, and a third person decides."""
    for number, user in enumerate(people):
        while card := judgement.next_card(organisation, user.person):
            bad = card.item.title.startswith(BAD) != (flip and number == 1 and card.place % 7 == 0)
            answer = Answer("negative" if bad else "positive", bad, False, bad, "society" if bad else "")
            judgement.judge(organisation, user, card.pk, answer, uuid.uuid4())
    third = person(organisation, "Bình", Role.ADJUDICATOR)
    for card in judgement.disputed(organisation):
        judgement.adjudicate(organisation, third, card.pk, Answer(unsure=True), uuid.uuid4())


def test_a_month_is_opened_once_and_its_commitment_is_shown_and_logged(stocked: Organisation, minhs: Client) -> None:
    assert "độ tin cậy 98,75" in minhs.get(f"{HERE}mo/").text
    page = minhs.post(f"{HERE}mo/", {"mode": "one_look"}, follow=True).text
    held = Draw.objects.get()
    assert (held.commitment in page, held.secret in page, held.mode) == (True, False, "one_look")
    assert Entry.objects.get(verb=Verb.OPEN).detail["commitment"] == held.commitment
    again = minhs.post(f"{HERE}mo/", {"mode": "until_settled"}, follow=True).text
    assert ("cách xem kết quả không đổi được" in again, Draw.objects.get().mode) == (True, "one_look")


def test_opening_asks_for_a_way_of_looking(stocked: Organisation, minhs: Client) -> None:
    response = minhs.post(f"{HERE}mo/")
    assert (response.status_code, "Chọn một cách xem kết quả." in response.text) == (422, True)
    assert Draw.objects.count() == 0


def test_a_month_that_has_not_begun_is_not_opened(stocked: Organisation, minhs: Client) -> None:
    ahead = (timezone.localdate().replace(day=1) + timedelta(days=40)).replace(day=1)
    assert minhs.post(f"{ROOT}{ahead:%Y-%m}/mo/", {"mode": "one_look"}).status_code == 404
    with pytest.raises(InputError, match="chưa tới"):
        draws.open_month(stocked, ahead, Mode.ONE_LOOK)


def test_before_drawing_the_page_says_how_many_labels_it_takes(stocked: Organisation, minhs: Client) -> None:
    held = draws.open_month(stocked, MONTH, Mode.ONE_LOOK)
    items, plan = draws.planned(held)
    page = minhs.get(f"{HERE}rut/").text
    assert (items, f"khoảng {plan.for_half_width} tin tổng cộng" in page) == (120, True)
    assert f'value="{plan.for_half_width}"' in page


@pytest.mark.parametrize("budget", ["", "0", "121", "nhiều", "5"])
def test_a_number_that_cannot_be_drawn_comes_back_with_the_reason(
    stocked: Organisation, minhs: Client, budget: str
) -> None:
    draws.open_month(stocked, MONTH, Mode.ONE_LOOK)
    response = minhs.post(f"{HERE}rut/", {"budget": budget})
    assert (response.status_code, "errorlist" in response.text, Drawn.objects.count()) == (422, True, 0)


def test_a_month_is_drawn_once(stocked: Organisation, minhs: Client, minh: User) -> None:
    held = draws.open_month(stocked, MONTH, Mode.ONE_LOOK)
    page = minhs.post(f"{HERE}rut/", {"budget": "40"}, follow=True).text
    assert ("40, trong đó 30 tin chấm kép" in page, "còn 70 lượt đọc" in page) == (True, True)
    minhs.post(f"{HERE}rut/", {"budget": "60"})
    held.refresh_from_db()
    assert Drawn.objects.count() == 40
    for refused in (lambda: draws.draw_first(held, 50, minh), lambda: draws.draw_more(held, 50, minh)):
        with pytest.raises(InputError):
            refused()


def test_a_month_looked_at_once_is_drawn_only_when_it_is_over(commune: Organisation, minh: User, minhs: Client) -> None:
    running = timezone.localdate().replace(day=1)
    intake.take(commune, IntakeKind.FILE, "nay.jsonl", make_acts(40, month=running), user=minh)
    prediction.label(commune)
    held = draws.open_month(commune, running, Mode.ONE_LOOK)
    with pytest.raises(InputError, match="một lần khi khép kỳ"):
        draws.draw_first(held, 30, minh)
    page = minhs.get(f"{ROOT}{running:%Y-%m}/rut/").text
    assert ("một lần khi khép kỳ: rút mẫu được sau ngày" in page, 'name="budget"' in page) == (True, False)


def test_more_is_drawn_only_until_settled_and_only_once_all_is_read(
    stocked: Organisation, minh: User, minhs: Client
) -> None:
    held = draws.draw_first(draws.open_month(stocked, MONTH, Mode.UNTIL_SETTLED), 40, minh)
    assert "Chấm và phân xử xong các tin đã rút rồi mới rút thêm được." in minhs.get(f"{HERE}rut/").text
    with pytest.raises(InputError, match="xong"):
        draws.draw_more(held, 60, minh)
    judge_all(stocked, minh, person(stocked, "Thu"))
    assert "Đã rút 40; ghi tổng số sau khi rút thêm." in minhs.get(f"{HERE}rut/").text
    page = minhs.post(f"{HERE}rut/", {"budget": "60"}, follow=True).text
    assert ("lần 2 trong 4" in page, Drawn.objects.count()) == (True, 60)
    assert list(Drawn.objects.order_by("place").values_list("place", flat=True)) == list(range(1, 61))


def test_the_list_says_where_every_month_stands_and_names_nobody(
    stocked: Organisation, minh: User, minhs: Client
) -> None:
    thu = person(stocked, "Thu Hà")
    assert [(one.month, one.state) for one in draws.months(stocked)][-1] == (MONTH, "unopened")
    held = draws.open_month(stocked, MONTH, Mode.ONE_LOOK)
    states = [draws.months(stocked)[-1].state]
    draws.draw_first(held, 40, minh)
    states.append(draws.months(stocked)[-1].state)
    pages = [minhs.get(ROOT).text, minhs.get(f"{HERE}rut/").text]
    judge_all(stocked, minh, thu)
    states.append(draws.months(stocked)[-1].state)
    ready = sheet.refresh(stocked, MONTH)
    sheet.sign(ready, minh, sheet.digest_of(ready))
    states.append(draws.months(stocked)[-1].state)
    pages += [minhs.get(ROOT).text, minhs.get(f"{HERE}rut/").text]
    assert states == ["opened", "judging", "judged", "signed"]
    assert ["Thu Hà" in page for page in pages] == [False] * 4
    assert not draws.months(stocked)[-1].may_draw


def save(client: Client, folder: Path, name: str, address: str) -> Path:
    response = client.get(address)
    assert (response.status_code, "attachment" in response["Content-Disposition"]) == (200, True)
    (folder / name).write_bytes(response.content)
    return folder / name


@pytest.mark.parametrize("mode", [Mode.ONE_LOOK, Mode.UNTIL_SETTLED])
def test_the_command_line_finds_the_same_audit_in_the_downloaded_files(
    stocked: Organisation, minh: User, minhs: Client, tmp_path: Path, mode: Mode
) -> None:
    held = draws.draw_first(draws.open_month(stocked, MONTH, mode), 40, minh)
    thu = person(stocked, "Thu")
    judge_all(stocked, minh, thu, flip=True)
    if mode is Mode.UNTIL_SETTLED:
        held = draws.draw_more(held, 60, minh)
        judge_all(stocked, minh, thu, flip=True)
    ready = sheet.refresh(stocked, MONTH)
    sheet.sign(ready, minh, sheet.digest_of(ready))
    held.refresh_from_db()
    drawn = save(minhs, tmp_path, "draw.json", f"{HERE}draw.json")
    save(minhs, tmp_path, "draw.log", f"{HERE}draw.log")
    first, second, final = (save(minhs, tmp_path, f"{n}.xlsx", f"{HERE}phieu.xlsx?luot={n}") for n in (1, 2, 3))
    found, ours = read_audit(drawn, [first], second, final, None), measurement.audit_of(held)
    assert ours is not None
    assert (found.draw.secret, found.draw) == (held.secret, ours.draw)
    for theirs, mine in ((found.first, ours.first), (found.second, ours.second), (found.adjudicated, ours.adjudicated)):
        assert {one.item_id: one.label for one in theirs} == {one.item_id: one.label for one in mine}
    assert Entry.objects.filter(verb=Verb.EXPORT).count() == 5


def test_before_the_signature_the_secret_is_in_no_file_and_on_no_page(
    stocked: Organisation, minh: User, minhs: Client, tmp_path: Path
) -> None:
    held = draws.draw_first(draws.open_month(stocked, MONTH, Mode.ONE_LOOK), 40, minh)
    drawn = save(minhs, tmp_path, "draw.json", f"{HERE}draw.json")
    log = save(minhs, tmp_path, "draw.log", f"{HERE}draw.log")
    pages = [drawn.read_text(), log.read_text(), minhs.get(ROOT).text, minhs.get(f"{HERE}rut/").text]
    assert [held.secret in page for page in pages] == [False] * 4
    assert (read_draw(drawn).secret, read_draw(drawn, held.secret).commitment) == ("", held.commitment)


def test_a_filled_sheet_waits_until_everything_is_read(stocked: Organisation, minh: User, minhs: Client) -> None:
    held = draws.draw_first(draws.open_month(stocked, MONTH, Mode.ONE_LOOK), 40, minh)
    judgement.judge(stocked, minh, held.cards.all()[0].pk, Answer("negative", True), uuid.uuid4())
    assert minhs.get(f"{HERE}phieu.xlsx").status_code == 200
    assert minhs.get(f"{HERE}phieu.xlsx?luot=1").status_code == 422
    assert minhs.get(f"{HERE}phieu.xlsx?luot=9").status_code == 404
    Drawn.objects.update(doubled=False)
    Draw.objects.update(value=None)
    assert minhs.get(f"{HERE}phieu.xlsx").status_code == 404
    assert Judgement.objects.count() == 1


def test_a_draw_of_another_organisation_does_not_exist(stocked: Organisation, minh: User, hoa: User) -> None:
    draws.draw_first(draws.open_month(stocked, MONTH, Mode.ONE_LOOK), 40, minh)
    hers = client_of(hoa)
    for name in ("draw.json", "draw.log", "phieu.xlsx", "rut/", "mo/"):
        assert hers.get(f"/dong-hai/rut-mau/2026-09/{name}").status_code == 404
        assert hers.get(f"{HERE}{name}").status_code == 404


def test_the_log_of_a_draw_tells_of_no_other_month(stocked: Organisation, minh: User) -> None:
    held = draws.draw_first(draws.open_month(stocked, MONTH, Mode.ONE_LOOK), 40, minh)
    intake.take(stocked, IntakeKind.FILE, "thang8.jsonl", make_acts(60, month=date(2026, 8, 1), first=500), user=minh)
    prediction.label(stocked)
    draws.draw_first(draws.open_month(stocked, date(2026, 8, 1), Mode.ONE_LOOK), 30, minh)
    lines = drawfiles.log_file(held, minh).splitlines()
    assert [re.search(r'"event": "(\w+)"', line)[1] for line in lines] == ["drawn"]  # type: ignore[index]
