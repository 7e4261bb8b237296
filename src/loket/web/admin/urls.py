"""Addresses of administration."""

from __future__ import annotations

from django.urls import path

from loket.web.admin import channel, imports, sending, views

app_name = "admin"
urlpatterns = [
    path("", views.lists, name="kelola"),
    path("templat/", sending.templates_page, name="templat"),
    path("templat/<uuid:templat>/", sending.template_page, name="templat_satu"),
    path("kampanye/", sending.campaigns_page, name="kampanye"),
    path("kampanye/<uuid:kampanye>/", sending.campaign_move, name="kampanye_ubah"),
    path("kirim/lanjut/", sending.go_on, name="kirim_lanjut"),
    path("tangan/", sending.by_hand_page, name="tangan"),
    path("saluran/", channel.channel, name="saluran"),
    path("impor/", imports.lists, name="impor"),
    path("impor/<uuid:daftar>/", imports.step, name="impor_langkah"),
    path("impor/<uuid:daftar>/kolom/", imports.columns, name="impor_kolom"),
    path("impor/<uuid:daftar>/simpan/", imports.confirm, name="impor_simpan"),
    path("impor/<uuid:daftar>/ditolak.xlsx", imports.refused, name="impor_ditolak"),
    path("impor/<int:impor>/batal/", imports.undo, name="impor_batal"),
    path("jam/", views.demo_clock, name="jam"),
]
