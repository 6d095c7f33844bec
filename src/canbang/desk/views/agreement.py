"""*Độ thống nhất*: how far people agree on doubled items. *Cần phân xử*: a third person settles what they differ on."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from canbang.audit.agreement import ALPHA_LEAST, Agreement, Coefficient
from canbang.codebook import load_codebook
from canbang.desk.domain import agreement as agreements
from canbang.desk.domain import judgement, measurement
from canbang.desk.domain.judgement import Answer
from canbang.desk.forms.judgement import JudgementForm, KeyForm
from canbang.desk.models import Drawn, Turn
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.desk.views.audit import questions, said_words, wants_part
from canbang.desk.views.errors import unusable
from canbang.errors import InputError
from canbang.report.words import confidence_words, label_words, level
from canbang.text.numbers import decimal, percent, percent_range


@screen(May.AGREEMENT)
@require_safe
def agreement(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One month's agreement; the newest where none is asked for."""
    months = agreements.months(desk.organisation)
    context: dict[str, Any] = {"months": months, "least_common": agreements.LEAST_COMMON}
    if months:
        asked = request.GET.get("thang", f"{months[0]:%Y-%m}")
        chosen = {f"{month:%Y-%m}": month for month in months}.get(asked)
        if chosen is None:
            raise Http404
        context |= _month(desk, chosen)
    return render(request, "desk/agreement.html", context)


def _month(desk: Desk, month: date) -> dict[str, Any]:
    draw = measurement.draw_of(desk.organisation, month)
    assert draw is not None
    found = agreements.agreed(draw)
    sample = next((one.found for one in found.asked if one.found), None)
    return {
        "month": month, "found": found, "rows": [(one, _figures(one.found)) for one in found.asked],
        "pairs": [(pair, [(one, _figures(one.found)) for one in pair.asked]) for pair in found.pairs],
        "confidence": confidence_words(sample.confidence) if sample else "", "level": level(sample.confidence) if sample else "",
        "chart": _chart(found.asked), "alpha_least": decimal(ALPHA_LEAST, 3),
    }  # fmt: skip


def _chart(rows: tuple[agreements.Asked, ...]) -> dict[str, Any]:
    """Alpha and its interval by question, placed on a picture 360 wide; the table beneath has the same figures."""
    known = [(one.name, one.found.alpha) for one in rows if one.found is not None and one.found.alpha is not None]
    left, width, row, least = 12, 336, 40, min([0.0, *(alpha.low for _, alpha in known)])

    def x(value: float) -> str:
        return f"{left + width * (value - least) / (1 - least):.1f}"

    marks = [
        {"name": name, "text": 24 + row * i, "y": 38 + row * i, "low": x(alpha.low), "high": x(alpha.high), "point": x(alpha.point)}
        for i, (name, alpha) in enumerate(known)
    ]  # fmt: skip
    ticks = [(x(value), decimal(value, 1)) for value in (0.0, 0.5, 1.0)]
    foot = 20 + row * len(known)
    return {
        "marks": marks,
        "ticks": ticks,
        "limit": x(ALPHA_LEAST),
        "foot": foot,
        "words": foot + 14,
        "height": foot + 32,
    }


def _figures(found: Agreement | None) -> dict[str, str]:
    """Point and interval of each coefficient as they are printed; "—" where it says nothing."""
    if found is None:
        return {}
    return {
        "units": str(found.units), "raw": percent(found.raw.point), "raw_interval": percent_range(found.raw.low, found.raw.high),
        "alpha": _point(found.alpha), "alpha_interval": _interval(found.alpha),
        "kappa": _point(found.kappa), "kappa_interval": _interval(found.kappa),
    }  # fmt: skip


def _point(value: Coefficient | None) -> str:
    return "—" if value is None else decimal(value.point, 2)


def _interval(value: Coefficient | None) -> str:
    return "" if value is None else f"{decimal(value.low, 2)}–{decimal(value.high, 2)}"


@screen(May.ADJUDICATE)
@require_safe
def disputed(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The queue: what waits for a third person, and what this person may not decide."""
    book = load_codebook()
    cards = judgement.disputed(desk.organisation)
    rows = [
        (card, [book.label(name).name_vi for name in judgement.differences(card)], judgement.judged_by(card, desk.person))
        for card in cards
    ]  # fmt: skip
    return render(request, "desk/disputed.html", {"rows": rows, **_last(desk)})


def _last(desk: Desk) -> dict[str, Any]:
    last = judgement.last_of(desk.organisation, desk.person, final=True)
    return {"last": last, "last_words": said_words(last) if last else ""}


def _card(desk: Desk, card: Drawn | None, answer: Answer | None = None) -> dict[str, Any]:
    """A disputed card: both answers side by side, without names, and the rulings that may settle it."""
    context = {
        **questions(),
        **_last(desk),
        "card": card,
        "address": reverse("adjudication", args=[desk.organisation.code]),
    }
    if card is None:
        return context
    book = load_codebook()
    said = judgement.said_of(card)
    differ = judgement.differences(card)
    one, other = (label_words(book, said[turn].label) for turn in (Turn.FIRST, Turn.SECOND))
    answers = [(spec, a, b, spec.id in differ) for spec, a, b in zip(book.labels, one, other, strict=True)]
    near = [ruling for ruling in book.raw["rulings"] if set(ruling["labels"]) & set(differ)]
    if said[Turn.FIRST].not_an_item != said[Turn.SECOND].not_an_item:
        near = [ruling for ruling in book.raw["rulings"] if ruling["n"] == book.raw["not_an_item"]["ruling"]]
    return context | {
        "answer": answer, "key": uuid4(), "answers": answers, "near": near,
        "left": len(judgement.for_third(desk.organisation, desk.person)),
        "address": reverse("adjudicate", args=[desk.organisation.code, card.pk]),
    }  # fmt: skip


@screen(May.ADJUDICATE)
@require_http_methods(["GET", "HEAD", "POST"])
def adjudicate(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """One disputed card; POST saves the third person's word, or takes their last one back."""
    card = get_object_or_404(
        Drawn.objects.select_related("draw", "item__channel"), pk=pk, draw__organisation=desk.organisation
    )
    if request.method == "POST":
        return _take_back(request, desk) if "undo" in request.POST else _decide(request, desk, card)
    if judgement.judged_by(card, desk.person):
        return unusable(request, InputError("Bạn đã chấm tin này; người phân xử phải là người thứ ba."))
    if card.pk not in {one.pk for one in judgement.disputed(desk.organisation)}:
        return unusable(request, InputError("Tin này không còn cần phân xử."))
    return render(request, "desk/adjudicate.html", _card(desk, card))


def _decide(request: HttpRequest, desk: Desk, card: Drawn) -> HttpResponse:
    try:
        answer, key = JudgementForm(request.POST).sent()
        if not answer.whole and not wants_part(request) and judgement.differences(card):
            context = _card(desk, card, answer) | {"problem": judgement.INCOMPLETE, "key": key}
            return render(request, "desk/adjudicate.html", context, status=422)
        made = judgement.adjudicate(desk.organisation, desk.user, card.pk, answer, key)
    except InputError as error:
        return _next(request, desk, str(error), refused=True)
    return _next(request, desk, f"Đã phân xử: {said_words(made)}.")


def _take_back(request: HttpRequest, desk: Desk) -> HttpResponse:
    try:
        undone = judgement.undo(desk.organisation, desk.user, KeyForm(request.POST).sent())
    except InputError as error:
        return _next(request, desk, str(error), refused=True)
    return _next(request, desk, "Đã hoàn tác. Phân xử lại tin này.", undone.drawn_id)


def _next(
    request: HttpRequest, desk: Desk, said: str, wanted: int | None = None, *, refused: bool = False
) -> HttpResponse:
    """The ``wanted`` card, else the next one that this person may decide; back to the queue where there is none."""
    cards = judgement.for_third(desk.organisation, desk.person)
    card = next((one for one in cards if one.pk == wanted), cards[0] if cards else None)
    if wants_part(request):
        context = _card(desk, card) | {"said": said, "refused": refused}
        return render(request, "desk/adjudicate_card.html", context, status=422 if refused else 200)
    (messages.error if refused else messages.success)(request, said)
    if card is None:
        return redirect("adjudication", desk.organisation.code)
    return redirect("adjudicate", desk.organisation.code, card.pk)
