"""Addresses of the workshop."""

from __future__ import annotations

from django.urls import path

from loket.web.workshop import views

app_name = "workshop"
urlpatterns = [
    path("", views.print_room, name="cetak"),
    path("b/<uuid:batch>/", views.batch, name="batch"),
    path("stok/", views.blanks, name="stok"),
    path("kirim/", views.dispatch, name="kirim"),
    path("kirim/<uuid:manifes>/", views.manifest, name="manifes"),
    path("kirim/<uuid:manifes>/cetak/", views.manifest_print, name="manifes_cetak"),
    path("kirim/<uuid:manifes>/berkas.csv", views.manifest_file, name="manifes_berkas"),
]
