"""The card in headless Chromium at 360 px: by keys, by thumb, without script, and with the network cut."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from canbang.desk.domain import draw, judgement
from canbang.desk.models import Drawn, Judgement, Organisation, Turn, User
from canbang.desk.roles import Role
from canbang.estimate.looks import Mode
from desk.conftest import BAD, MONTH, client_of, person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 360, "height": 640}
Open = Callable[..., Page]


@pytest.fixture
def drawn(stocked: Organisation, minh: User) -> Organisation:
    draw.draw_first(draw.open_month(stocked, MONTH, Mode.ONE_LOOK, minh), 40, minh)
    return stocked


@pytest.fixture
def thu(drawn: Organisation) -> User:
    return person(drawn, "Thu", Role.CODER)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # playwright's loop runs in this thread: Django would take the tests' own queries for asynchronous ones
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        found.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Open]:
    """Opens an address in a phone's browser as somebody; ``script=False`` switches script off."""
    contexts: list[BrowserContext] = []

    def go(user: User, address: str, *, script: bool = True, **more: Any) -> Page:
        context = browser.new_context(viewport=PHONE, java_script_enabled=script, **more)
        contexts.append(context)
        context.set_default_timeout(15_000)
        log_in(context, user, live_server.url)
        page = context.new_page()
        page.goto(f"{live_server.url}{address}")
        return page

    yield go
    for context in contexts:
        context.close()


def log_in(context: BrowserContext, user: User, url: str) -> None:
    value = client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])


class Hands:
    """Presses keys and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.presses += 1

    def judge(self) -> str:
        """Answer the card by its title and wait for the next one; the title that was judged."""
        card = self.page.locator("form[data-judge]").get_attribute("action")
        title = self.page.locator("#audit-title").inner_text()
        bad = title.startswith(BAD)
        self.press("3" if bad else "1")
        self.press("d" if bad else "k")
        expect(self.page.locator(f'form[data-judge][action="{card}"]')).to_have_count(0)
        return title


def wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_twenty_items_take_at_most_45_presses_and_21_round_trips(
    drawn: Organisation, thu: User, open_page: Open
) -> None:
    trips: list[str] = []
    page = open_page(thu, "/thuong-tra/")

    def count(request: Request) -> None:
        if request.resource_type in ("document", "fetch", "xhr"):
            trips.append(f"{request.method} {request.url}")

    page.on("request", count)
    page.goto(page.url + "cham-mau/")
    hands = Hands(page)
    hands.press("g")
    hands.press("c")
    titles = [hands.judge() for _ in range(20)]
    said = list(Judgement.objects.order_by("pk").select_related("drawn__item"))
    assert [row.drawn.item.title for row in said] == titles
    assert [row.tone for row in said] == ["negative" if title.startswith(BAD) else "positive" for title in titles]
    assert (said[0].sensational, said[0].public_interest, said[1].sensational) == (True, True, False)
    assert (hands.presses, len(trips)) == (42, 21)
    assert page.locator(".audit-progress").inner_text().strip() == "20/40 tin, còn 20"
    expect(page.locator("#audit-said")).to_have_text(
        "Đã lưu: " + ("Tiêu cực, mặt trái." if said[-1].dark_side else "Tích cực.")
    )
    assert page.evaluate("document.activeElement.id") == "audit-title"
    assert wide(page) <= 360


def test_a_vietnamese_keyboard_judges_as_well(drawn: Organisation, thu: User, open_page: Open) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    first = page.locator("form[data-judge]").get_attribute("action")
    for key, code in (("ê", "Digit3"), ("đ", "")):
        page.evaluate(
            "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))",
            [key, code],
        )
    expect(page.locator(f'form[data-judge][action="{first}"]')).to_have_count(0)
    said = Judgement.objects.get()
    assert (said.tone, said.dark_side) == ("negative", True)


def test_the_other_keys_open_themes_leave_open_and_take_back(drawn: Organisation, thu: User, open_page: Open) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    title = page.locator("#audit-title").inner_text()
    page.keyboard.press("t")
    page.locator("#audit-theme").select_option("health")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "audit-title"
    page.keyboard.press("2")
    page.keyboard.press("k")
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Trung tính.")
    page.keyboard.press("z")
    expect(page.locator("#audit-title")).to_have_text(title)
    assert page.locator("form[data-judge] :checked").evaluate_all("all => all.map(one => one.value)") == [
        "neutral", "false", "health",
    ]  # fmt: skip
    page.keyboard.press("3")
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Tiêu cực.")
    page.keyboard.press("0")
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Không chắc.")
    page.keyboard.press("n")
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Không phải tin, bài.")
    said = Judgement.objects.filter(undone_at=None).order_by("pk")
    assert [(row.tone, row.theme, row.unsure, row.not_an_item) for row in said] == [
        ("negative", "health", False, False), ("", "", True, False), ("", "", False, True),
    ]  # fmt: skip


def test_keys_can_be_switched_off_and_arrows_answer_nothing(drawn: Organisation, thu: User, open_page: Open) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    page.locator("[name=tone]").first.focus()
    page.keyboard.press("ArrowRight")
    page.locator("[name=dark_side]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.locator("[name=dark_side]:checked").get_attribute("value") == "true"
    assert Judgement.objects.count() == 0
    page.keyboard.press("Enter")
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Trung tính, mặt trái.")
    page.locator("#audit-keys").uncheck()
    page.reload()
    assert not page.locator("#audit-keys").is_checked()
    page.keyboard.press("0")
    page.wait_for_timeout(300)
    assert Judgement.objects.count() == 1


def test_a_thumb_judges_with_two_taps_on_big_buttons(drawn: Organisation, thu: User, open_page: Open) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/", has_touch=True, is_mobile=True)
    boxes = page.locator(".choice > span, .audit-more > button").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert (len(boxes), min(height for _, height in boxes) >= 56, min(width for width, _ in boxes) >= 56) == (
        10,
        True,
        True,
    )
    assert wide(page) <= 360
    for name in ("Tiêu cực", "Mặt trái của xã hội"):
        button = page.locator(".audit-panel .choice", has_text=name)
        assert button.evaluate("one => one.getBoundingClientRect().bottom <= window.innerHeight")
        button.tap()
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Tiêu cực, mặt trái.")
    assert Judgement.objects.count() == 1


def test_without_script_the_card_saves_with_its_button(drawn: Organisation, thu: User, open_page: Open) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/", script=False)
    assert not page.locator("#audit-keys").is_visible()
    for number in range(20):
        bad = page.locator("#audit-title").inner_text().startswith(BAD)
        page.locator(f"[name=tone][value={'negative' if bad else 'positive'}]").check()
        page.locator(f"[name=dark_side][value={'true' if bad else 'false'}]").check()
        page.get_by_role("button", name="Lưu và sang tin tiếp").click()
        expect(page.locator(".audit-progress")).to_contain_text(f"{number + 1}/40 tin")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(".messages")).to_contain_text("Đã hoàn tác.")
    page.get_by_role("button", name="Lưu và sang tin tiếp").click()
    page.get_by_role("button", name="Không chắc").click()
    expect(page.locator(".messages")).to_contain_text("Đã lưu: Không chắc.")
    assert Judgement.objects.filter(undone_at=None).count() == 21


def test_a_cut_line_loses_no_judgement(drawn: Organisation, thu: User, open_page: Open) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    hands = Hands(page)
    for _ in range(3):
        hands.judge()
    title = page.locator("#audit-title").inner_text()
    page.context.set_offline(True)
    page.keyboard.press("2")
    page.keyboard.press("d")
    expect(page.locator("#audit-waits")).to_contain_text("Chưa gửi: 1, đang thử lại.")
    page.keyboard.press("1")
    page.keyboard.press("k")
    expect(page.locator("#audit-said")).to_contain_text("Chưa gửi: 1.")
    assert Judgement.objects.count() == 3
    page.context.set_offline(False)
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Trung tính, mặt trái.")
    expect(page.locator("#audit-waits")).to_be_hidden()
    hands.judge()
    said = Judgement.objects.order_by("pk").select_related("drawn__item")
    assert (len(said), said[3].drawn.item.title, said[3].tone, said[3].dark_side) == (5, title, "neutral", True)
    assert (
        page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('canbang:' + audit.dataset.queue))")
        == []
    )


def test_an_answer_that_got_lost_on_its_way_back_is_not_judged_twice(
    drawn: Organisation, thu: User, open_page: Open
) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    lost: list[int] = []

    def lose(route: Any) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/luu/", lose)
    Hands(page).judge()
    assert (lost, Judgement.objects.count(), judgement.done(drawn, thu.person)) == ([200], 1, 1)


def test_what_a_stranger_answers_confirms_nothing(drawn: Organisation, thu: User, open_page: Open) -> None:
    """A hotel's login page answers 200 to everything."""
    page = open_page(thu, "/thuong-tra/cham-mau/")
    page.route(
        "**/luu/", lambda route: route.fulfill(body="<h1>Chào quý khách</h1>", content_type="text/html"), times=1
    )
    Hands(page).judge()
    assert Judgement.objects.count() == 1


def test_a_session_that_ran_out_costs_a_login_and_no_judgement(drawn: Organisation, thu: User, open_page: Open) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    url = page.url.split("/thuong-tra")[0]
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.keyboard.press("3")
    page.keyboard.press("d")
    page.wait_for_url(f"**{reverse('account_login')}?next=/thuong-tra/cham-mau/")
    assert Judgement.objects.count() == 0
    log_in(page.context, thu, url)
    page.goto(f"{url}/thuong-tra/cham-mau/")
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Tiêu cực, mặt trái.")
    assert Judgement.objects.get().person == thu.person


def test_somebody_elses_unsent_judgement_is_not_sent_in_my_name(
    drawn: Organisation, thu: User, minh: User, open_page: Open
) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    url = page.url.split("/thuong-tra")[0]
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.keyboard.press("0")
    page.wait_for_url(f"**{reverse('account_login')}**")
    log_in(page.context, minh, url)
    page.goto(f"{url}/thuong-tra/cham-mau/")
    page.keyboard.press("n")
    expect(page.locator("#audit-said")).to_have_text("Đã lưu: Không phải tin, bài.")
    assert [row.person for row in Judgement.objects.all()] == [minh.person]


def test_a_card_taken_meanwhile_is_told_and_dropped(
    drawn: Organisation, thu: User, minh: User, open_page: Open
) -> None:
    page = open_page(thu, "/thuong-tra/cham-mau/")
    card = Drawn.objects.get(held_by=thu.person)
    Drawn.objects.filter(pk=card.pk).update(doubled=False)
    judgement.judge(drawn, minh, card.pk, judgement.Answer("positive", False), uuid.uuid4())
    Hands(page).judge()
    expect(page.locator("#audit-said")).to_contain_text("Tin này đã có người chấm trong lúc bạn mở.")
    Hands(page).judge()
    assert list(Judgement.objects.values_list("person", flat=True)) == [minh.person, thu.person]


@pytest.mark.parametrize("script", [True, False])
def test_a_third_person_settles_disputes_by_the_same_keys(
    drawn: Organisation, thu: User, minh: User, open_page: Open, script: bool
) -> None:
    for card in Drawn.objects.order_by("place"):
        judgement.judge(drawn, minh, card.pk, judgement.Answer("positive", False), uuid.uuid4())
    for card in Drawn.objects.filter(doubled=True).order_by("place")[:3]:
        judgement.judge(drawn, thu, card.pk, judgement.Answer("negative", False), uuid.uuid4())
    binh = person(drawn, "Bình", Role.ADJUDICATOR)
    page = open_page(binh, "/thuong-tra/phan-xu/", script=script)
    page.locator("tbody a").first.click()
    for left in (2, 1):
        expect(page.locator(".audit-card > .quiet")).to_contain_text(f"Còn {left + 1} tin")
        if script:
            page.keyboard.press("3")
            page.keyboard.press("k")
        else:
            page.locator("[name=tone][value=negative]").check()
            page.locator("[name=dark_side][value=false]").check()
            page.get_by_role("button", name="Lưu và sang tin tiếp").click()
        expect(page.locator(".audit-card > .quiet")).to_contain_text(f"Còn {left} tin")
    if script:
        page.keyboard.press("z")
    else:
        page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(".audit-card > .quiet")).to_contain_text("Còn 2 tin")
    assert str(Judgement.objects.filter(turn=Turn.FINAL).latest("pk").drawn_id) in page.url
    assert Judgement.objects.filter(turn=Turn.FINAL, undone_at=None).count() == 1
