"""What every template may use: the office, the language, who is signed in and where she may go."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from loket.core.actor import Role
from loket.integrity import rules as complaints
from loket.offices import queries as offices

# (roles, address, label): the places of the staff's bar, in the order of the work.
PLACES = (
    ((Role.VERIFIER,), "desk:antrean", _("Antrean")),
    ((Role.COUNTER,), "counter:loket", _("Loket")),
    ((Role.VERIFIER, Role.COUNTER), "desk:obrolan", _("Obrolan")),
    ((Role.RECORDER,), "field:rekam", _("Perekaman")),
    ((Role.PRINTER,), "workshop:cetak", _("Cetak")),
    ((Role.CUSTODIAN, Role.PRINTER), "workshop:stok", _("Blangko")),
    ((Role.DISPATCHER,), "workshop:kirim", _("Amplop")),
    ((Role.COURIER,), "post:pos", _("Kantor Pos")),
    ((Role.HEAD, Role.AUDITOR), "oversight:pimpinan", _("Pimpinan")),
    ((Role.ADMIN,), "admin:kelola", _("Kelola")),
    ((Role.VERIFIER, Role.COUNTER, Role.AUDITOR), "desk:cari", _("Cari")),
    ((Role.VERIFIER, Role.COUNTER, Role.HEAD), "desk:penipuan", _("Penipuan")),
    (complaints.STAFF, "complaints:keluhan", _("Keluhan")),
    ((Role.HEAD, Role.ADMIN), "desk:balasan", _("Balasan siap pakai")),
    ((Role.VERIFIER, Role.COUNTER), "admin:tangan", _("Kirim dengan tangan")),
    ((Role.HEAD, Role.ADMIN), "admin:kampanye", _("Kampanye")),
    ((Role.VERIFIER, Role.COUNTER, Role.ADMIN, Role.HEAD, Role.AUDITOR), "desk:suket", "Suket"),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """Variables of every page; the office is read only when a template asks for it."""
    account = getattr(request, "user", None)
    signed_in = account if account is not None and account.is_authenticated else None
    code = signed_in.office_id if signed_in else settings.OFFICE
    return {
        "bahasa": translation.get_language() or "id",
        "is_demo": settings.IS_DEMO,
        "kantor": SimpleLazyObject(lambda: offices.office(code)),
        "nav": _places(request, signed_in) if signed_in else [],
        "petugas": signed_in,
    }


def _places(request: HttpRequest, account: Any) -> list[tuple[str, str, bool]]:
    actor = account.actor()
    # Only an office without a provider sends by hand.
    offered = [place for place in PLACES if place[1] != "admin:tangan" or settings.WA_KIND == "manual"]
    held = [(reverse(name), label) for roles, name, label in offered if actor.may(*roles)]
    here = max((url for url, _ in held if request.path.startswith(url)), key=len, default="")
    return [(url, str(label), url == here) for url, label in held]
