"""The receipt of a request, on the page and as a PDF: the same facts, and never a NIK."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loket.applications import queries as cases
from loket.applications.models import Application
from loket.catalogue import queries as catalogue
from loket.core import codes, text
from loket.offices import queries as offices
from loket.web import papers

# Working days in which an officer looks at new papers: told with the receipt, kept by the promise of the whole.
CHECK_DAYS = 3


def content(application: Application) -> dict[str, Any]:
    """What the page after sending shows."""
    service = catalogue.service(application.service)
    return {
        "a": application,
        "code": codes.shown(application.code),
        "name": service.name(get_language() or "id"),
        "place": cases.place(application),
        "phone": text.mask_phone(cases.case(application).claims["phone"]),
        "steps": _steps(application),
    }


def paper(application: Application) -> bytes:
    """The receipt as a tagged PDF of one A5 page, in the language of the visitor."""
    lang = get_language() or "id"
    office = offices.office(application.office_id)
    code, address = codes.shown(application.code), f"{settings.BASE_URL}{reverse('citizen:cek')}"
    sent, promise = text.tanggal_waktu(application.submitted_at, office.zone, lang), text.tanggal(application.promise_on, lang)
    words = {
        "lang": lang,
        "title": _("Bukti permohonan"),
        "description": _("Bukti permohonan {code}, selesai paling lambat {date}.").format(code=code, date=promise),
        "office": office.name,
        "code_label": _("Kode Anda"),
        "code": code,
        "service": catalogue.service(application.service).name(lang),
        "qr_alt": _("Kode QR untuk alamat {address}").format(address=address),
        "facts": [(_("Dikirim:"), sent), (_("Janji selesai:"), promise)],
        "next_title": _("Selanjutnya"),
        "steps": _steps(application),
        "free": _("Dokumen gratis: Rp0."),
        "warning": _("Jangan beri uang, OTP, atau PIN kepada siapa pun."),
        "check": _("Cek kapan saja dengan kode ini di"),
        "address": address,
        "contact": _("Tanya petugas: WhatsApp {number}, atau {address}.").format(number=office.wa_number, address=office.address),
        "made": _("Bukti ini tidak memuat NIK. Simpan baik-baik."),
    }  # fmt: skip
    return papers.pdf("receipt", words, qr=f"{address}?kode={code}", at=application.submitted_at)


def _steps(application: Application) -> list[str]:
    """The next three steps, numbered on the page."""
    office = offices.office(application.office_id)
    filed = text.local(application.submitted_at, office.zone).date()
    by = min(office.working_days_from(filed, CHECK_DAYS), application.promise_on)
    last = _("Anda memilih: dikirim lewat Kantor Pos atau diambil sendiri di kantor.")
    if not catalogue.service(application.service).is_card:
        last = _("Dokumen ditandatangani, lalu dikirim kepada Anda.")
    return [
        _("Petugas memeriksa data dan foto Anda, paling lambat {date}.").format(date=text.tanggal(by, get_language() or "id")),
        _("Kalau ada yang kurang, kami kirim WhatsApp. Kalau sudah benar, kami lanjutkan."),
        last,
    ]
