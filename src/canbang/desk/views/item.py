"""*Kho tin bài*: searched and filtered, page by page; one item with everything known of it; a label corrected."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from canbang.codebook import load_codebook
from canbang.desk.domain import item as verbs
from canbang.desk.domain import items as store
from canbang.desk.forms.item import KINDS, CorrectionForm, FilterForm
from canbang.desk.models import Correction, Item, Organisation, Revision
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.desk.views.spreadsheet import csv_response
from canbang.errors import InputError
from canbang.fetch.columns import METRICS, NAMEABLE
from canbang.item import VIETNAM, Kind, Label
from canbang.report.words import DATE_SOURCES, headline, label_words
from canbang.text.numbers import integer

EXPORT_MAX = 100_000


def _blind(desk: Desk) -> bool:
    """Who audits does not see the machine's word on what is being audited."""
    return May.AUDIT in desk.may


@screen(May.READ)
def items(request: HttpRequest, desk: Desk) -> HttpResponse:
    """A page of the store, newest first. ``sau`` and ``truoc`` are where the page beside it ended."""
    form = FilterForm(desk.organisation, request.GET)
    filters = form.filters()
    found = store.select(desk.organisation, filters, blind=_blind(desk)).select_related("channel")
    page = store.page(found, after=request.GET.get("sau", ""), before=request.GET.get("truoc", ""))
    count, more = store.total(found)
    shown = verbs.shown(desk.organisation, page.items, blind=_blind(desk))
    query = request.GET.copy()
    for name in ("sau", "truoc"):
        query.pop(name, None)
    context = {
        "form": form, "page": page, "count": count, "more": more, "query": query.urlencode(),
        "rows": [(item, headline(item.act), shown[item.pk], KINDS[Kind(item.kind)]) for item in page.items],
        "names": _names(), "blind": _blind(desk) and bool(filters.tone or filters.theme),
    }  # fmt: skip
    return render(request, "desk/items.html", context, status=200 if form.is_valid() else 422)


def _names() -> dict[str, str]:
    """What tones and themes are called."""
    book = load_codebook()
    return {value.id: value.name_vi for label in ("tone", "theme") for value in book.label(label).values}


@screen(May.READ)
def export(request: HttpRequest, desk: Desk) -> StreamingHttpResponse:
    """What the filters show, as a CSV file."""
    filters = FilterForm(desk.organisation, request.GET).filters()
    found = store.select(desk.organisation, filters, blind=_blind(desk)).select_related("channel")
    store.note_export(desk.organisation, desk.user, request.GET.urlencode())
    name = f"kho-tin-{timezone.localdate():%Y-%m-%d}.csv"
    return csv_response(name, _rows(desk.organisation, found, blind=_blind(desk)))


def _rows(organisation: Organisation, found: store.Items, *, blind: bool) -> Iterator[list[str]]:
    names, written = _names(), 0
    yield ["Kênh", "Mã", "Tiêu đề", "Sapo", "Đường dẫn", "Đăng lúc", "Ngày chắc chưa", "Loại", "Chia sẻ lại từ", "Gỡ lúc",
           "Sắc thái", "Xác suất của máy", "Chủ đề", "Ai gắn nhãn"]  # fmt: skip
    for chunk in store.chunks(found, EXPORT_MAX):
        shown = verbs.shown(organisation, chunk, blind=blind)
        for item in chunk:
            yield [*_cells(item), *_label_cells(shown[item.pk], names)]
        written += len(chunk)
    if written == EXPORT_MAX:
        yield [f"Tệp dừng ở {integer(EXPORT_MAX)} dòng. Lọc theo kênh hoặc tháng để lấy phần còn lại."]


def _cells(item: Item) -> list[str]:
    removed = f"{item.removed_at.astimezone(VIETNAM):%d/%m/%Y %H:%M}" if item.removed_at else ""
    return [
        item.channel.name, item.platform_id, item.title, item.lead, item.url,
        f"{item.published_at.astimezone(VIETNAM):%d/%m/%Y %H:%M}", "chắc" if item.act.date_confidence == "sure" else "chưa chắc",
        KINDS[Kind(item.kind)], item.share_of, removed,
    ]  # fmt: skip


def _label_cells(said: verbs.Shown, names: dict[str, str]) -> list[str]:
    if said.hidden:
        return ["đang chấm mẫu: điểm máy ẩn", "", "", ""]
    tone = "không chắc" if said.unsure else "không phải tin, bài" if said.not_an_item else names.get(said.tone, "")
    probability = "" if said.confidence is None else f"{said.confidence:.3f}".replace(".", ",")
    return [tone, probability, names.get(said.theme, ""), said.by]


@screen(May.READ)
def item(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Everything known of one item; with ``ly-do`` why the machine said so, and the story it belongs to."""
    one = get_object_or_404(Item.objects.select_related("channel", "intake"), pk=pk, organisation=desk.organisation)
    return _item(request, desk, one, CorrectionForm())


def _item(request: HttpRequest, desk: Desk, one: Item, form: CorrectionForm, status: int = 200) -> HttpResponse:
    said = verbs.shown(desk.organisation, [one], blind=_blind(desk))[one.pk]
    context: dict[str, object] = {"item": one, "said": said, "names": _names(), "headline": headline(one.act)}
    if "ly-do" in request.GET:
        context |= {"reasons": None if said.hidden else verbs.reasons(one), "story": verbs.story_of(one), "asked": True}
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "desk/item_reasons.html", context)
    book = load_codebook()
    metrics = [(NAMEABLE[name], one.metrics[name]) for name in METRICS if name in one.metrics]
    corrections = [] if said.hidden else Correction.objects.filter(item=one).order_by("-pk")
    context |= {
        "kind": KINDS[Kind(one.kind)], "source": DATE_SOURCES[one.act.date_source], "sure": one.act.date_confidence == "sure",
        "link": one.url if urlsplit_scheme(one.url) in ("http", "https") else "", "metrics": metrics,
        "revisions": Revision.objects.filter(item=one).order_by("-pk"),
        "judgements": [(row, label_words(book, row.label)) for row in verbs.judgements(desk.organisation, [one.pk])],
        "corrections": [(row, label_words(book, Label(**row.label))) for row in corrections],
        "heads": [label.name_vi for label in book.labels], "form": form,
    }  # fmt: skip
    return render(request, "desk/item.html", context, status=status)


def urlsplit_scheme(url: str) -> str:
    """The scheme of an address, "" where it is none."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


@screen(May.RELABEL)
@require_POST
def correct(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Correct the machine's label."""
    one = get_object_or_404(Item.objects.select_related("channel", "intake"), pk=pk, organisation=desk.organisation)
    form = CorrectionForm(request.POST)
    if form.is_valid():
        try:
            verbs.correct(
                desk.organisation, one, desk.user, form.answer(), form.cleaned_data["reason"], blind=_blind(desk)
            )
        except InputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Đã sửa nhãn. Tỉ lệ không đổi: tỉ lệ tính theo mẫu chấm.")
            return redirect("item", desk.organisation.code, pk)
    return _item(request, desk, one, form, 422)
