"""The head's page: five sentences, what needs attention, then charts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loket.core import text
from loket.core.actor import Actor, Role
from loket.insight import queries as insight
from loket.offices import queries as offices
from loket.web import figures
from loket.web.gate import staff_only

HIGH_SPOILED = 0.02


@require_safe
@staff_only(Role.HEAD, Role.AUDITOR)
def head(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Suket and zero, blanks and cover, the two channels, and what needs attention, on one page and one A4."""
    today = insight.today(actor.office)
    needs = _needs(today, insight.attention(actor.office), offices.office(actor.office).settings.low_stock_days)
    sentences = [
        figures.suket_sentence(today),
        figures.zero_sentence(today),
        figures.blanks_sentence(today),
        f"{figures.channel_sentence(today)} {figures.choice_sentence(today)}",
        _attention_sentence([need for need, _href in needs]),
    ]
    context = {
        "t": today,
        "sentences": sentences,
        "needs": needs,
        "suket_chart": figures.suket_chart(today),
        "channel_chart": figures.channel_chart(today),
    }
    return render(request, "oversight/pimpinan.html", context)


def _attention_sentence(needs: list[str]) -> str:
    if not needs:
        return _("Tidak ada yang perlu perhatian khusus.")
    return _("{count} hal perlu perhatian. Yang paling mendesak: {first}").format(count=text.angka(len(needs)), first=needs[0])


def _needs(today: insight.Today, found: insight.Attention, low_cover: int) -> list[tuple[str, str]]:
    """What waits too long or runs out, the most pressing first; each with its list where there is one."""
    needs: list[tuple[str, str]] = []
    if today.cover_days is not None and today.cover_days < low_cover:
        needs.append((_("Blangko hanya cukup {count} hari kerja.").format(count=today.cover_days), reverse("workshop:stok")))
    for count, sentence, href in (
        (found.overdue, _("{count} permohonan melewati janji."), ""),
        (found.chats_waiting, _("{count} percakapan menunggu petugas."), ""),
        (found.returned, _("{count} kartu kembali dari Pos dan menunggu pilihan warga."), ""),
        (found.long_on_shelf, _("{count} kartu lebih dari 14 hari di rak."), ""),
        (found.waiting_for_choice, _("{count} kartu tercetak menunggu pilihan warga."), ""),
        (found.unsent, _("{count} pesan tidak bisa dikirim."), ""),
        (found.not_understood, _("{count} pesan masuk tidak terbaca oleh sistem."), reverse("admin:saluran")),
        (found.alarms, _("{count} peringatan dari saluran WhatsApp."), reverse("admin:saluran")),
    ):
        if count:
            needs.append((sentence.format(count=text.angka(count)), href))
    if today.spoiled_share > HIGH_SPOILED:
        needs.append((_("Blangko rusak {share}.").format(share=text.persen(today.spoiled_share, 1)), reverse("workshop:stok")))
    return needs
