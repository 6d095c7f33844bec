"""*Chấm mẫu*: one card at a time, scores hidden; saved as soon as it is answered, and taken back with one key."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from canbang.audit.sheet import TEXT_START
from canbang.codebook import load_codebook
from canbang.desk.domain import judgement
from canbang.desk.domain.judgement import Answer
from canbang.desk.forms.judgement import JudgementForm, KeyForm
from canbang.desk.models import Drawn, Judgement
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.errors import InputError
from canbang.report.words import label_words


def wants_part(request: HttpRequest) -> bool:
    """Whether the script on the page asked, which swaps the card and keeps the rest."""
    return "X-Part" in request.headers


def questions() -> dict[str, Any]:
    """What the card's form asks, in the codebook's words."""
    book = load_codebook()
    return {
        "book": book, "labels": {spec.id: spec for spec in book.labels}, "not_an_item": book.raw["not_an_item"],
        "start": f":{TEXT_START}", "text_start": TEXT_START,
    }  # fmt: skip


def said_words(made: Judgement) -> str:
    """A judgement in the codebook's words, for the line that says what was saved."""
    words = [word for word in label_words(load_codebook(), made.label) if word != "—"]
    if made.unsure or made.not_an_item:
        return words[0]
    names = [("dark_side", "mặt trái"), ("sensational", "giật gân"), ("public_interest", "công ích")]
    marks = [words_ for name, words_ in names if getattr(made, name)]
    return ", ".join([words[0], *marks]) if marks else words[0]


def _context(desk: Desk, card: Drawn | None, answer: Answer | None = None) -> dict[str, Any]:
    done = judgement.done(desk.organisation, desk.person)
    left = judgement.waiting(desk.organisation, desk.person)
    last = judgement.last_of(desk.organisation, desk.person)
    if card is not None and answer is None:
        answer = judgement.former(card, desk.person)
    return {
        **questions(), "card": card, "answer": answer, "key": uuid4(), "done": done, "left": left, "total": done + left,
        "last": last, "last_words": said_words(last) if last else "",
    }  # fmt: skip


def _next(request: HttpRequest, desk: Desk, said: str, *, refused: bool = False) -> HttpResponse:
    """The next card: as a part for the script, else by way of the page's own address."""
    if not wants_part(request):
        (messages.error if refused else messages.success)(request, said)
        return redirect("audit", desk.organisation.code)
    card = judgement.next_card(desk.organisation, desk.person)
    context = _context(desk, card) | {"said": said, "refused": refused}
    return render(request, "desk/audit_card.html", context, status=422 if refused else 200)


@screen(May.AUDIT)
@require_safe
def card(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The next card for this person, held for them."""
    card = judgement.next_card(desk.organisation, desk.person)
    return render(request, "desk/audit.html", _context(desk, card))


@screen(May.AUDIT)
@require_POST
def save(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Save a judgement and go on. Without both answers the card comes back as it was filled in."""
    card = get_object_or_404(Drawn, pk=pk, draw__organisation=desk.organisation)
    form = JudgementForm(request.POST)
    try:
        answer, key = form.sent()
        if not answer.whole and not wants_part(request):
            context = _context(desk, card, answer) | {"problem": judgement.INCOMPLETE, "key": key}
            return render(request, "desk/audit.html", context, status=422)
        made = judgement.judge(desk.organisation, desk.user, pk, answer, key)
    except InputError as error:
        return _next(request, desk, str(error), refused=True)
    return _next(request, desk, f"Đã lưu: {said_words(made)}.")


@screen(May.AUDIT)
@require_POST
def undo(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take the last judgement back: its card is the next one, with what was answered on it."""
    try:
        judgement.undo(desk.organisation, desk.user, KeyForm(request.POST).sent())
    except InputError as error:
        return _next(request, desk, str(error), refused=True)
    return _next(request, desk, "Đã hoàn tác. Sửa lại rồi lưu.")
