"""Waves of invitations to holders of a Suket: chosen, sized, called by message and by lists, and what came of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loket.core import clock, text
from loket.core.actor import Actor, Role
from loket.core.errors import N_, Refusal, Refusals
from loket.insight import planning
from loket.offices import queries as offices
from loket.suket import rules, waves
from loket.suket.models import Channel, Wave
from loket.suket.rules import Segment
from loket.suket.sizing import Capacity, Limit
from loket.suket.waves import Choice, Response
from loket.web import charts, forms, papers, words
from loket.web.desk.register import READERS
from loket.web.gate import staff_only

WAYS = {
    Channel.WHATSAPP.value: gettext_lazy("Lewat WhatsApp"), Channel.PHONE.value: gettext_lazy("Ditelepon petugas"),
    Channel.KELURAHAN.value: gettext_lazy("Lewat kelurahan dan RT/RW"),
}  # fmt: skip
RESULTS = {
    "reached": gettext_lazy("Bertemu"), "not_found": gettext_lazy("Tidak bertemu"), "moved": gettext_lazy("Pindah"),
    "died": gettext_lazy("Meninggal"),
}  # fmt: skip
AGES = ((0, gettext_lazy("Semua")), (6, gettext_lazy("Lebih dari 6 bulan")), (12, gettext_lazy("Lebih dari 1 tahun")), (24, gettext_lazy("Lebih dari 2 tahun")))
NOWHERE = "-"


@staff_only(*READERS)
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The waves so far, and the next: what it would be is shown before it is made."""
    may_invite = actor.may(*waves.INVITERS)
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            made = _make(request, actor)
        except (Refusal, Refusals) as problem:
            context = {"problems": words.problems(problem)}
        else:
            messages.success(request, _("Ajakan dibuat. Pesan WhatsApp belum dikirim sampai kampanyenya dimulai."))
            return redirect("desk:ajakan_satu", ajakan=made.pk)
    typed = request.POST or request.GET
    if may_invite and "segmen" in typed:
        try:
            context |= _previewed(typed, actor)
        except (Refusal, Refusals) as problem:
            context = {"problems": words.problems(problem)} | context
    office = offices.office(actor.office)
    found = waves.responses(actor.office)
    context |= {
        "waves": [_line(one, found.get(one.pk, {}), office.kelurahan) for one in waves.all_of(actor.office)],
        "typed": typed, "may_invite": may_invite, "key": typed.get("kunci") or uuid4(), "kelurahan": forms.kelurahan(office),
        "segments": [(segment.value, _segment(segment)) for segment in waves.SEGMENTS],
        "ages": [(str(months), label) for months, label in AGES],
    }  # fmt: skip
    return render(request, "desk/ajakan.html", context, status=422 if "problems" in context else 200)


def _segment(segment: str) -> str:
    return _("Harus direkam dulu") if segment == Segment.BLOCKED else _(rules.MEANINGS[Segment(segment)].name)


def _line(one: Wave, by_part: dict[tuple[str, str], Response], names: dict[str, str]) -> dict[str, Any]:
    return {
        "row": one, "all": sum(by_part.values(), Response()), "segment": _segment(one.segment),
        "where": names.get(one.kelurahan, "") or _("semua kelurahan"),
    }  # fmt: skip


def _choice(typed: QueryDict) -> Choice:
    wanted, months, cap = (typed.get(name, "").strip()[:13] for name in ("segmen", "umur", "jumlah"))
    if wanted not in Segment.__members__.values():
        raise Refusal("segment_unknown", N_("Bagian ini tidak ada. Kembali ke daftar Suket."), field="segmen")
    if not (months or "0").isdecimal() or not (cap or "0").isdecimal():
        raise Refusal("wave_number", N_("Tulis jumlah dengan angka, tanpa titik."), field="jumlah")
    return Choice(Segment(wanted), typed.get("kelurahan", "")[:13], int(months or 0), int(cap) if cap else None)


def capacity(office: str, by_hand: str = "") -> tuple[Capacity, bool]:
    """What the office can serve, as its own last eight weeks show it, and whether they show anything. `by_hand` is cards a day,
    for an office that has no such weeks yet; it never raises what they show."""
    own = planning.recent(office).scenario
    operators, each = own.printers, own.per_printer
    if not operators and by_hand.isdecimal():
        operators, each = 1, int(by_hand[:5])
    quiet = own.ready - own.asked
    tier, kept = waves.tier(office)
    served = Capacity(
        operators=operators, each=each, others=float(own.demand), asked=own.asked, blanks=own.blanks, tier=tier, kept=kept,
        by_themselves=min(1.0, float(own.asking or 0) * 10 / quiet) if quiet and own.asking else None,
    )  # fmt: skip
    return served, bool(own.printers)


def _previewed(typed: QueryDict, actor: Actor) -> dict[str, Any]:
    choice = _choice(typed)
    served, is_shown = capacity(actor.office, typed.get("cetak", ""))
    shown = waves.preview(choice, served, actor.office, at=clock.now())
    context: dict[str, Any] = {
        "shown": shown, "sentences": [_say(limit) for limit in (*shown.limits, *shown.notes)],
        "ways": [(WAYS[way], shown.counts.get(way, 0)) for way in WAYS],
        "no_history": not is_shown,
    }  # fmt: skip
    if choice.segment == Segment.PRINTABLE:
        context["warning"] = _warning(actor.office)
    return context


def _warning(office: str) -> str:
    """Why cards are not printed before somebody asks, in the office's own numbers."""
    lying, long = waves.uncollected(office, at=clock.now())
    lang = get_language() or "id"
    if not long:
        return _("Cetak setelah warga mengajukan, jangan sebelumnya: kartu yang tidak diminta memakai blangko dan bisa tidak diambil.")
    return _(
        "Jangan mencetak sebelum warga mengajukan. Dari {lying} kartu yang sudah dicetak dan masih di kantor, {long} ({share} dari "
        "100) sudah lebih dari 14 hari belum diambil."
    ).format(lying=text.angka(lying, 0, lang), long=text.angka(long, 0, lang), share=round(100 * long / lying))


def _say(limit: Limit) -> str:
    lang = get_language() or "id"
    return _(limit.sentence).format(
        **{name: text.angka(value, 0, lang) if isinstance(value, int) else value for name, value in limit.params.items()}
    )


def _make(request: HttpRequest, actor: Actor) -> Wave:
    key = forms.identity(forms.text(request, "kunci", 40))
    if key is None:
        raise Refusal("wave_key", N_("Halaman ini sudah lama. Hitung lagi, lalu buat."), field="segmen")
    return waves.create(
        key, _choice(request.POST), forms.text(request, "nama", 60), forms.text(request, "dasar", 120),
        capacity(actor.office, forms.text(request, "cetak", 5))[0], by=actor, at=clock.now(),
    )  # fmt: skip


@require_safe
@staff_only(*READERS)
def one(request: HttpRequest, actor: Actor, ajakan: UUID) -> HttpResponse:
    """One wave: what bounded it, its lists, and what came of it by channel and kelurahan."""
    wave = waves.wave(ajakan, actor.office)
    names = offices.office(actor.office).kelurahan
    parts = waves.responses(actor.office, wave.pk).get(wave.pk, {})
    by_way = [(WAYS[way], _sum(parts, 0, way)) for way in WAYS if any(key[0] == way for key in parts)]
    places = sorted({key[1] for key in parts}, key=lambda code: names.get(code, "~"))
    by_place = [(names.get(code, _("Kelurahan tidak tercatat")), _sum(parts, 1, code)) for code in places]
    total = sum(parts.values(), Response())
    context = {
        "line": _line(wave, parts, names), "wave": wave, "total": total, "by_way": by_way, "by_place": by_place,
        "sentences": [_say(Limit(**limit)) for limit in wave.limits],
        "lists": [
            {"way": channel, "label": WAYS[channel], "place": code or NOWHERE, "name": names.get(code, _("Kelurahan tidak tercatat")), "count": count, "handed": handed}
            for channel, code, count, handed in waves.lists(wave)
        ],
        "may_call": actor.may(*waves.CALLERS), "may_hand": actor.may(*waves.CALLERS, Role.HEAD), "may_start": actor.may(*waves.INVITERS),
        "warning": _warning(actor.office) if wave.segment == Segment.PRINTABLE else "",
        "chart": charts.bars(
            _("Yang mengajukan, dari setiap 100 yang diajak"), [name for name, _found in by_place],
            [round(100 * found.share) for _name, found in by_place], first=_("Kelurahan"), unit=_("Dari 100"), lang=get_language() or "id",
        ) if len(by_place) > 1 and total.filed else None,
    }  # fmt: skip
    return render(request, "desk/ajakan_satu.html", context)


def _sum(parts: dict[tuple[str, str], Response], position: int, value: str) -> Response:
    return sum((found for key, found in parts.items() if key[position] == value), Response())


@require_POST
@staff_only(*waves.CALLERS, Role.HEAD)
def hand(request: HttpRequest, actor: Actor, ajakan: UUID) -> HttpResponse:
    """A list leaves the office, or comes back."""
    wave = waves.wave(ajakan, actor.office)
    channel, kelurahan = _list_of(forms.text(request, "cara", 10), forms.text(request, "kelurahan", 13))
    try:
        if "kembali" in request.POST:
            waves.take_back(wave, channel, kelurahan, by=actor, at=clock.now())
        else:
            waves.hand_out(wave, channel, kelurahan, forms.text(request, "penerima", 80), by=actor, at=clock.now())
    except Refusal as problem:
        messages.error(request, words.sentence(problem))
    return redirect("desk:ajakan_satu", ajakan=wave.pk)


def _list_of(channel: str, kelurahan: str) -> tuple[str, str]:
    if channel not in (Channel.PHONE, Channel.KELURAHAN):
        raise Refusal("list_unknown", N_("Daftar ini tidak ada di ajakan itu."), status=404)
    return channel, "" if kelurahan == NOWHERE else kelurahan


@require_POST
@staff_only(*waves.CALLERS)
def file(request: HttpRequest, actor: Actor, ajakan: UUID) -> HttpResponse:
    """A list as PDF or XLSX. It names the holders, so making it is a recorded reading."""
    wave = waves.wave(ajakan, actor.office)
    channel, kelurahan = _list_of(forms.text(request, "cara", 10), forms.text(request, "kelurahan", 13))
    rows = [row for row in waves.entries(wave, channel, kelurahan, by=actor, at=clock.now()) if not row.outcome]
    name = f"ajakan-{wave.number}-{kelurahan or channel}"
    if "xlsx" in request.POST:
        response = HttpResponse(
            _sheet(rows, channel), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    else:
        response = HttpResponse(pdf(wave, rows, channel, kelurahan, actor.office), content_type="application/pdf")
        response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _cells(row: waves.Entry, channel: str) -> list[str]:
    return [row.name, row.phone if channel == Channel.PHONE else row.address or "–"]


def _sheet(rows: list[waves.Entry], channel: str) -> bytes:
    second = "Telepon" if channel == Channel.PHONE else "Alamat"
    lines = [[str(number), *_cells(row, channel), *[""] * (len(RESULTS) + 1)] for number, row in enumerate(rows, start=1)]
    headings = ["No.", "Nama", second, "Bertemu", "Tidak bertemu", "Pindah", "Meninggal", "Catatan"]
    return papers.sheet("Ajakan", headings, lines, [5, 30, 50, 10, 10, 10, 10, 30])


def pdf(wave: Wave, rows: list[waves.Entry], channel: str, kelurahan: str, office_code: str) -> bytes:
    """A4 pages in Indonesian: names and addresses to tick."""
    office = offices.office(office_code)
    place = office.kelurahan.get(kelurahan, "kelurahan tidak tercatat")
    ways = "menelepon" if channel == Channel.PHONE else "mendatangi"
    can = (
        "Mereka perlu direkam dulu di kecamatan mana saja, gratis."
        if wave.segment == Segment.BLOCKED
        else "KTP-el pengganti Suket mereka sudah bisa dicetak, gratis."
    )
    content = {
        "title": f"Daftar ajakan {wave.number}: {place}",
        "description": f"Daftar pemegang Suket yang diajak menukar Suket, {place}.",
        "office": office.name,
        "intro": f"Mohon bantuan {ways} warga berikut. {can} Beri tanda pada hasilnya, lalu kembalikan daftar ini ke kantor.",
        "rule": "Jangan meminta uang, foto dokumen, atau NIK. Warga mengajukan sendiri lewat alamat di samping atau di kantor.",
        "secret": "Berisi data pribadi. Jangan difoto atau dibagikan. Kembalikan ke kantor.",
        "qr_alt": "Kode QR halaman permohonan",
        "check": settings.BASE_URL.removeprefix("https://").removeprefix("http://"),
        "headings": ["No.", "Nama", "Telepon" if channel == Channel.PHONE else "Alamat", "Bertemu", "Tidak bertemu", "Pindah", "Meninggal"],
        "results": list(RESULTS),
        "rows": [[str(number), *_cells(row, channel)] for number, row in enumerate(rows, start=1)],
        "received": "Diterima oleh, tanggal:",
        "returned": "Kembali di kantor, tanggal:",
    }
    return papers.pdf("ajakan", content, qr=f"{settings.BASE_URL}/ajukan/", at=text.local(clock.now(), office.zone))


@staff_only(*waves.CALLERS)
def entries(request: HttpRequest, actor: Actor, ajakan: UUID, cara: str, kelurahan: str) -> HttpResponse:
    """What was found, line by line, as the list has it. Whoever moved or died leads to the letter, where evidence is asked for."""
    wave = waves.wave(ajakan, actor.office)
    channel, code = _list_of(cara, kelurahan)
    if request.method == "POST":
        results = {
            letter: str(value)
            for name, value in request.POST.items()
            if value and name.startswith("hasil-") and (letter := forms.identity(name.removeprefix("hasil-")))
        }
        new = waves.note(wave, channel, results, by=actor, at=clock.now())
        messages.success(request, _("{new} hasil baru tercatat.").format(new=new))
        return redirect("desk:ajakan_isi", ajakan=wave.pk, cara=cara, kelurahan=kelurahan)
    rows = waves.entries(wave, channel, code, by=actor, at=clock.now())
    context = {
        "wave": wave, "label": WAYS[channel], "place": offices.office(actor.office).kelurahan.get(code, _("Kelurahan tidak tercatat")),
        "rows": [{"row": row, "detail": _cells(row, channel)[1], "ends": row.result in waves.ENDS and not row.outcome} for row in rows],
        "results": list(RESULTS.items()), "second": _("Telepon") if channel == Channel.PHONE else _("Alamat"),
    }  # fmt: skip
    return render(request, "desk/ajakan_isi.html", context)
