"""Addresses of the counter."""

from __future__ import annotations

from django.urls import path

from loket.web.counter import views

app_name = "counter"
urlpatterns = [
    path("", views.home, name="loket"),
    path("terima/<str:layanan>/", views.intake, name="terima"),
    path("bukti/<str:kode>/", views.receipt, name="bukti"),
    path("serah/", views.find_card, name="cari_kartu"),
    path("serah/<str:kode>/", views.hand_over, name="serah"),
    path("serah/<str:kode>/kode-baru/", views.resend_code, name="kode_baru"),
]
