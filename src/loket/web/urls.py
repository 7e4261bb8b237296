"""Pages, arranged by who stands in front of them."""

from __future__ import annotations

from django.urls import include, path

from loket.web import gate, ui

urlpatterns = [
    path("masuk/", gate.sign_in, name="masuk"),
    path("keluar/", gate.sign_out, name="keluar"),
    path("bahasa/", gate.language, name="bahasa"),
    path("sehat/", gate.alive, name="sehat"),
    path("siap/", gate.ready, name="siap"),
    path("_ui/", ui.book, name="ui"),
    path("_ui/<str:page>/", ui.book, name="ui_halaman"),
    path("", include("loket.web.data.urls")),
    path("", include("loket.web.public.urls")),
    path("", include("loket.web.citizen.urls")),
    path("petugas/keluhan/", include("loket.web.complaints.urls")),
    path("petugas/", include("loket.web.desk.urls")),
    path("petugas/loket/", include("loket.web.counter.urls")),
    path("cetak/", include("loket.web.workshop.urls")),
    path("pos/", include("loket.web.post.urls")),
    path("rekam/", include("loket.web.field.urls")),
    path("pimpinan/", include("loket.web.oversight.urls")),
    path("kelola/", include("loket.web.admin.urls")),
]
