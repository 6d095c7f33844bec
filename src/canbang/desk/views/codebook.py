"""*Bộ tiêu chí*: labels, definitions, rulings and the definitions of "counted", as the codebook's data has them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from canbang.codebook import load_codebook
from canbang.desk.domain import draw as draws
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.CODEBOOK)
@require_safe
def codebook(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The codebook in use, and under which versions this organisation's months were drawn."""
    book = load_codebook()
    names = {label.id: label.name_vi for label in book.labels}
    rulings = [(ruling, [(name, names[name]) for name in ruling["labels"]]) for ruling in book.raw["rulings"]]
    context = {"book": book, "rulings": rulings, "versions": draws.codebooks(desk.organisation)}
    return render(request, "desk/codebook.html", context)
