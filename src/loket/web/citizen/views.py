"""The resident's own pages: file, follow, correct, choose. No account, no password, no JavaScript needed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.applications import actions as applications
from loket.applications import drafts
from loket.applications.models import Draft
from loket.catalogue import queries as catalogue
from loket.core import answers as remembered
from loket.core import clock, codes, crypto, images, limits, links, media, text
from loket.core.actor import resident
from loket.core.errors import N_, Refusal, Refusals
from loket.offices import queries as offices
from loket.web import errors, forms, visitor, words
from loket.web.citizen import door, recall, receipts, steps, uploads

# Neighbours help each other file; a script that floods somebody else's WhatsApp is stopped here.
FILED_PER_PHONE, FILED_PER_ADDRESS, FORMS_PER_ADDRESS, DAY = 10, 1000, 1000, 24 * 60

# In the session: the form being filled in, and the link that it was opened by.
DRAFT, LINK = "draf", "tautan"


def start(request: HttpRequest) -> HttpResponse:
    """Who it is for, what to prepare, what it costs; one button begins."""
    if request.method == "POST":
        if not limits.spend(f"form-from:{visitor.address(request)}", FORMS_PER_ADDRESS, DAY, at=clock.now()):
            return errors.too_many(request, DAY)
        _begin(request, drafts.start(contact=None, by=resident(settings.OFFICE), at=clock.now()))
        return redirect("citizen:langkah", langkah="layanan")
    language = get_language() or "id"
    services = [(row.name(language), row.summary(language)) for row in catalogue.services()]
    fee = offices.office(settings.OFFICE).settings.post_fee
    return render(request, "citizen/mulai.html", {"services": services, "fee": fee, "kembali": "/"})


@require_safe
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """A link from the chat: to one's own request, or to a form that is begun or goes on."""
    if token.count(".") == 2 and len(token.split(".")[1]) == codes.LENGTH:
        code = links.read("case", token, clock.now())
        door.let_in(request, code, holds=True)
        return redirect("citizen:status", kode=code)
    mine = _draft(request) if request.session.get(LINK) == token else None
    draft = mine or drafts.find(token, clock.now())
    if draft.application is not None:
        return redirect("citizen:status", kode=draft.application.code)
    if mine is None:
        _begin(request, token)
        request.session[LINK] = token
    return _go(drafts.answers(draft))


def step(request: HttpRequest, langkah: str) -> HttpResponse:
    """One question; a wrong answer stays on the page with what to do."""
    draft = _draft(request)
    if draft is None:
        return redirect("citizen:mulai")
    page = steps.BY_NAME.get(langkah)
    if page is None:
        raise Refusal("page", N_("Halaman ini tidak ada. Mulai lagi dari awal."), status=404)
    given = drafts.answers(draft)
    if (open_page := steps.first_open(given)) and steps.pages(given).index(open_page) < steps.pages(given).index(langkah):
        return _go(given)
    office = offices.office(draft.office_id)
    context = _frame(request, given, langkah) | {
        "typed": _shown(given), "kelurahan": forms.kelurahan(office), "services": _services(),
    }  # fmt: skip
    if request.method != "POST":
        return render(request, page.template, context)
    try:
        found = page.read(request, given, office)
    except (Refusal, Refusals) as problem:
        context |= {"problems": words.problems(problem), "typed": request.POST}
        return render(request, page.template, context, status=422)
    _keep(request, draft, given | found)
    return _next(request, given | found, langkah)


@uploads.resumable
def photo(request: HttpRequest, jenis: str) -> HttpResponse:
    """One photo a page, straight from the camera."""
    draft = _draft(request)
    if draft is None:
        return redirect("citizen:mulai")
    given = drafts.answers(draft)
    page = f"foto/{jenis}"
    if page not in steps.pages(given):
        return _go(given)
    label = catalogue.document_name(jenis, get_language() or "id")
    # What the script keeps an unsent photo under: another form in the same browser never meets it.
    keep_as = f"{draft.pk.hex}-{jenis}"
    context = _frame(request, given, page) | {"kind": jenis, "label": label, "keep_as": keep_as} | _held(given, jenis)
    if request.method != "POST":
        return render(request, "citizen/foto.html", context)
    try:
        found = steps.read_photo(request, given, jenis)
    except Refusal as problem:
        return render(request, "citizen/foto.html", context | {"problems": words.problems(problem)}, status=problem.status)
    _keep(request, draft, given | found)
    # Only now: until the form names the new one, the earlier photo is the one that counts.
    if "photos" in found and (earlier := given.get("photos", {}).get(jenis)):
        media.delete([UUID(earlier)])
    if steps.is_in_doubt(given | found, jenis):
        return render(request, "citizen/foto.html", context | _held(given | found, jenis), status=422)
    if found.get("doubts", {}).get(jenis):
        messages.info(request, _("Foto Anda kami terima. Petugas akan melihatnya."))
    return _next(request, given | found, page)


def _held(given: steps.Answers, kind: str) -> dict[str, Any]:
    """The photo that the form holds, and what to do better when it cannot be read."""
    in_doubt = steps.is_in_doubt(given, kind)
    paper = catalogue.paper_name(kind, get_language() or "id")
    tip = _(images.TIPS[given["doubts"][kind]["fault"]]).format(paper=paper) if in_doubt else ""
    return {"has_photo": bool(given.get("photos", {}).get(kind)), "tip": tip}


@require_safe
def look(request: HttpRequest, jenis: str) -> HttpResponse:
    """The photo that this form holds, for the one who fills it in."""
    draft = _draft(request)
    kept = drafts.answers(draft).get("photos", {}).get(jenis) if draft else None
    if kept is None:
        raise Refusal("photo_unknown", N_("Foto ini tidak ada di isian Anda."), status=404)
    return HttpResponse(media.read(UUID(kept), crypto.system_key()), content_type="image/jpeg")


def check(request: HttpRequest) -> HttpResponse:
    """Everything at a glance before it is sent; sending twice leads to the same receipt."""
    draft = _draft(request)
    if draft is None:
        return redirect("citizen:mulai")
    if draft.application_id:
        return redirect("citizen:selesai")
    given = drafts.answers(draft)
    if steps.first_open(given):
        return _go(given)
    context = _frame(request, given, "periksa") | {"rows": _summary(given, offices.office(draft.office_id))}
    if request.method != "POST":
        return render(request, "citizen/periksa.html", context)
    try:
        if not forms.text(request, "setuju", 4):
            raise Refusal("consent", N_("Centang pernyataan di bawah kalau isian sudah benar."), field="setuju")
        code = _send(request, draft, given)
    except (Refusal, Refusals) as problem:
        context |= {"problems": words.problems(problem)}
        return render(request, "citizen/periksa.html", context, status=problem.status)
    door.let_in(request, code, holds=True)
    return redirect("citizen:selesai")


def _send(request: HttpRequest, draft: Draft, given: steps.Answers) -> str:
    """File what the form holds, once; its photos move into the case and the form is emptied."""
    by, now = resident(draft.office_id), clock.now()

    def work() -> tuple[int, str]:
        # Counted together with what is filed: what is refused, or repeated, costs nobody a place.
        if not (
            limits.spend(f"file:{given['phone']}", FILED_PER_PHONE, DAY, at=now)
            and limits.spend(f"file-from:{visitor.address(request)}", FILED_PER_ADDRESS, DAY, at=now)
        ):
            raise Refusal(
                "filed_often",
                N_("Sudah banyak permohonan dari nomor atau jaringan ini hari ini. Coba lagi besok, atau datang ke kantor."),
                status=429,
            )
        receipt = applications.file(steps.filing(given), chat=draft.contact_id, by=by, at=now)
        drafts.sent(draft, receipt.id)
        return 201, receipt.code

    answer = remembered.once("draft", str(draft.pk), b"send", work)
    if not answer.replayed:
        media.delete([UUID(row) for row in given.get("photos", {}).values()])
    return answer.body


@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """The receipt: code, place, promise, and what happens next."""
    draft = _draft(request)
    if draft is None or draft.application is None:
        return redirect("citizen:mulai")
    return render(request, "citizen/selesai.html", receipts.content(draft.application))


@require_POST
def later(request: HttpRequest) -> HttpResponse:
    """Leave the form for now: the link that opens it again, on paper or to the number that the form states."""
    draft = _draft(request)
    if draft is None:
        return redirect("citizen:mulai")
    phone = drafts.answers(draft).get("phone", "")
    context = {
        "link": f"{settings.BASE_URL}/l/{request.session[DRAFT]}/", "until": draft.expires_at, "phone": text.mask_phone(phone) if phone else "",
    }  # fmt: skip
    if phone and "kirim" in request.POST:
        context["sent"] = recall.ask(phone)
    return render(request, "citizen/nanti.html", context)


def _keep(request: HttpRequest, draft: Draft, values: steps.Answers) -> None:
    """Keep the answers; the first that come by a link make it this browser's own."""
    drafts.keep(draft, values)
    if request.session.get(LINK) == request.session[DRAFT]:
        request.session[DRAFT] = drafts.rotate(draft)


def _begin(request: HttpRequest, token: str) -> None:
    request.session[DRAFT] = token
    request.session.pop(LINK, None)
    request.session.set_expiry(timedelta(days=7))


def _draft(request: HttpRequest) -> Draft | None:
    token = request.session.get(DRAFT)
    if not token:
        return None
    try:
        return drafts.find(token, clock.now())
    except Refusal:
        return None


def _go(given: steps.Answers) -> HttpResponse:
    page = steps.first_open(given)
    return redirect("citizen:periksa") if page is None else redirect(_url(page))


def _next(request: HttpRequest, given: steps.Answers, page: str) -> HttpResponse:
    """The page after this one, or back to the summary when somebody came from there to change one answer."""
    if request.GET.get("ubah") and steps.first_open(given) is None:
        return redirect("citizen:periksa")
    order = steps.pages(given)
    following = order[order.index(page) + 1 :]
    return redirect(_url(following[0])) if following else _go(given)


def _url(page: str) -> str:
    name, _slash, kind = page.partition("/")
    return reverse("citizen:foto", args=[kind]) if kind else reverse("citizen:langkah", args=[name])


def _frame(request: HttpRequest, given: steps.Answers, page: str) -> dict[str, Any]:
    """What every page of the form shows: where one stands and the way back."""
    order = [*steps.pages(given), "periksa"]
    number = order.index(page) + 1
    back = _url(order[number - 2]) if number > 1 else reverse("citizen:mulai")
    return {
        "number": number,
        # How many there are is known once the service is: before that only the number is told.
        "total": len(order) - 1 if given.get("service") else 0,
        "kembali": reverse("citizen:periksa") if request.GET.get("ubah") else back,
        "unsent": True,
    }


def _services() -> list[tuple[str, str, str]]:
    language = get_language() or "id"
    return [(row.code, row.name(language), row.summary(language)) for row in catalogue.services()]


def _shown(given: steps.Answers) -> dict[str, Any]:
    """What stands in the fields of a page: the answers, and before them what a message in the chat told."""
    told: dict[str, Any] = {**given.get(drafts.PREFILLED, {}), **given}
    return told | _date_parts(told)


def _date_parts(given: steps.Answers) -> dict[str, str]:
    if not given.get("birth_date"):
        return {}
    year, month, day = given["birth_date"].split("-")
    return {"birth_date_hari": str(int(day)), "birth_date_bulan": str(int(month)), "birth_date_tahun": year}


def _summary(given: steps.Answers, office: offices.OfficeView) -> list[dict[str, str]]:
    """The answers as rows with a way to change each."""
    language = get_language() or "id"
    service = catalogue.service(given["service"])
    rows = [
        (_("Keperluan"), service.name(language), "layanan"),
        ("NIK", given["nik"], "nomor"),
        (_("Nomor KK"), given["kk_number"], "nomor"),
        (_("Nama"), given["name"], "nama"),
        (_("Tanggal lahir"), text.tanggal(date.fromisoformat(given["birth_date"]), language), "lahir"),
        *((name, _("sudah ada"), f"foto/{kind}") for kind, name in forms.paper_names(service.documents, language)),
        (_("Nomor WhatsApp"), given["phone"], "whatsapp"),
        (_("Alamat"), f"{given['address']}, {office.kelurahan[given['kelurahan']]}", "alamat"),
    ]
    return [{"key": key, "value": value, "href": f"{_url(page)}?ubah=1", "what": key} for key, value, page in rows]
