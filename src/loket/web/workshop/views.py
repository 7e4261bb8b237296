"""The print room and the dispatch table: batches, blanks, envelopes, manifests."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loket.applications import queries as cases
from loket.applications.actions import Result
from loket.catalogue import queries as catalogue
from loket.core import clock, codes
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal
from loket.delivery import actions as delivery
from loket.delivery import queries as parcels
from loket.delivery.models import Manifest
from loket.printing import actions as printing
from loket.printing import queries as batches
from loket.stock import actions as stock
from loket.stock import queries as ledger
from loket.web import forms, words
from loket.web.gate import staff_only


@staff_only(Role.PRINTER)
def print_room(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What to print next and on how many blanks; opening a batch leads to its page."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            batch, _codes = printing.open_batch(int(forms.text(request, "isi", 3) or 0), by=actor, at=clock.now())
            return redirect("workshop:batch", batch=batch.pk)
        except ValueError:
            context = {"problems": [("isi", _("Tulis isi batch dengan angka."))]}
        except Refusal as problem:
            context = {"problems": words.problems(problem)}
    rows, _cursor = cases.queue(actor.office, state="ready", limit=10)
    counts = cases.counts(actor.office)
    context |= {
        "ready": counts.get("ready", 0),
        "waiting": counts.get("verified", 0),
        "next": [(position, codes.shown(row.code), _service(row.service), row) for position, row in enumerate(rows, 1)],
        "blanks": ledger.in_store(actor.office, stock.CARD),
        "open": batches.open_batches(actor.office),
        "recent": batches.recent_batches(actor.office),
        "sizes": (20, 40, 80),
    }
    return render(request, "workshop/cetak.html", context, status=409 if "problems" in context else 200)


@staff_only(Role.PRINTER)
def batch(request: HttpRequest, actor: Actor, batch: UUID) -> HttpResponse:
    """One batch: each card marked printed or spoiled; a spoiled one stays in its place with a new blank."""
    row = batches.batch(batch, actor.office)
    if row is None:
        raise Refusal("batch_unknown", N_("Batch ini tidak ada di kantor Anda."), status=404)
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            result = forms.text(request, "hasil", 20)
            outcomes = [printing.Outcome(code, result) for code in forms.code_list(request)]
            _tell(request, printing.settle(batch, outcomes, by=actor, at=clock.now()))
            return redirect("workshop:batch", batch=batch)
        except Refusal as problem:
            context = {"problems": words.problems(problem)}
    cards = batches.cards(row)
    context |= {
        "batch": row,
        "cards": [(card, codes.shown(card.code), _service(card.service)) for card in cards],
        "left": sum(1 for card in cards if not card.result),
        "done": sum(1 for card in cards if card.result == "printed"),
        "results": words.PRINT_RESULTS.items(),
    }
    return render(request, "workshop/batch.html", context, status=422 if "problems" in context else 200)


@staff_only(Role.CUSTODIAN, Role.HEAD, Role.PRINTER, Role.AUDITOR)
def blanks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The ledger: what lies where and the newest movements; the custodian notes receipts."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            stock.receive(
                quantity=int(forms.text(request, "jumlah", 12).replace(".", "") or 0),
                letter=forms.text(request, "surat", 40),
                by=actor,
                at=clock.now(),
            )
            messages.success(request, _("Penerimaan tercatat."))
            return redirect("workshop:stok")
        except ValueError:
            context = {"problems": [("jumlah", _("Tulis jumlah dengan angka."))]}
        except Refusal as problem:
            context = {"problems": words.problems(problem)}
    rows, following = ledger.page(actor.office, stock.CARD, after=request.GET.get("kursor", ""), limit=25)
    balances = ledger.balances(actor.office, stock.CARD)
    context |= {
        "balances": [
            # The centre's balance is what it has given, with a minus: people read what was received.
            (words.PLACES[place], balances[place]) if place != "centre" else (_("Diterima dari pusat"), -balances[place])
            for place in words.PLACES
            if place in balances
        ],
        "on_hand": ledger.on_hand(actor.office, stock.CARD),
        "rows": [(row, words.PLACES[row.from_place], words.PLACES[row.to_place]) for row in rows],
        "kursor": following,
        "may_receive": actor.may(Role.CUSTODIAN),
    }
    return render(request, "workshop/stok.html", context, status=422 if "problems" in context else 200)


@staff_only(Role.DISPATCHER)
def dispatch(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Cards to be put into envelopes, and the manifests."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            manifest, results = delivery.open_manifest(forms.code_list(request), by=actor, at=clock.now())
            if manifest is None:
                raise next(item.problem for item in results if item.problem)
            _tell(request, results)
            return redirect("workshop:manifes", manifes=manifest.pk)
        except Refusal as problem:
            context = {"problems": words.problems(problem)}
    context |= {
        "waiting": [(row, codes.shown(row.code), _service(row.service)) for row in parcels.to_envelope(actor.office)],
        "manifests": parcels.manifests(actor.office),
    }
    return render(request, "workshop/kirim.html", context, status=422 if "problems" in context else 200)


@staff_only(Role.DISPATCHER)
def manifest(request: HttpRequest, actor: Actor, manifes: UUID) -> HttpResponse:
    """One manifest: its envelopes, the count that closes it, and one that is taken out again."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if "keluarkan" in request.POST:
                delivery.take_out(codes.parse(forms.text(request, "keluarkan", 20)), by=actor, at=clock.now())
            else:
                count = forms.text(request, "jumlah", 5)
                if not (count.isascii() and count.isdecimal()):
                    raise Refusal("count_missing", N_("Tulis jumlah amplop dengan angka."), field="count")
                delivery.close_manifest(manifes, int(count), by=actor, at=clock.now())
                messages.success(request, _("Manifes ditutup. Cetak dua lembar, lalu tunggu petugas Pos."))
            return redirect("workshop:manifes", manifes=manifes)
        except Refusal as problem:
            context = {"problems": words.problems(problem)}
    context |= _manifest_page(manifes, actor)
    return render(request, "workshop/manifes.html", context, status=409 if "problems" in context else 200)


@require_safe
@staff_only(Role.DISPATCHER, Role.COURIER)
def manifest_print(request: HttpRequest, actor: Actor, manifes: UUID) -> HttpResponse:
    """The manifest on A4 with room for both signatures."""
    return render(request, "workshop/manifes_cetak.html", _manifest_page(manifes, actor))


@require_safe
@staff_only(Role.DISPATCHER, Role.COURIER)
def manifest_file(request: HttpRequest, actor: Actor, manifes: UUID) -> HttpResponse:
    """The manifest as a CSV file for the post."""
    page = _manifest_page(manifes, actor)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["no", "kode", "penerima", "alamat", "telepon", "ongkos_rp", "tarik", "nomor_kiriman"])
    for number, (envelope, code, takes_back) in enumerate(page["envelopes"], start=1):
        line = [number, code, envelope.name, envelope.address, envelope.phone, envelope.fee, takes_back]
        writer.writerow([_safe(value) for value in [*line, envelope.tracking_number]])
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="manifes-{page["manifest"].number}.csv"'
    return response


def _manifest_page(manifes: UUID, actor: Actor) -> dict[str, Any]:
    row: Manifest | None = parcels.manifest(manifes, actor.office)
    if row is None:
        raise Refusal("manifest_unknown", N_("Manifes ini tidak ada di kantor Anda."), status=404)
    envelopes = parcels.envelopes(row)
    takes_back = {"suket": _("Suket"), "old_card": _("KTP lama"), "none": "-"}
    return {
        "manifest": row,
        "envelopes": [
            (item, codes.shown(item.code), takes_back[catalogue.service(item.service).takes_back]) for item in envelopes
        ],
        "total_fee": sum(item.fee for item in envelopes),
        "kunci": uuid4().hex,
    }


def _safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula; telephone numbers keep their plus."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and text != "-" else value


def _service(code: str) -> str:
    return catalogue.service(code).name(get_language() or "id")


def _tell(request: HttpRequest, results: list[Result]) -> None:
    good = [item for item in results if not item.problem]
    if good:
        messages.success(request, _("{count} kartu tercatat.").format(count=len(good)))
    for item in results:
        if item.problem:
            messages.error(request, f"{codes.shown(item.code)}: {words.sentence(item.problem)}")
