"""Addresses of administration."""

from __future__ import annotations

from django.urls import path

from loket.web.admin import channel, sending, views

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
    path("jam/", views.demo_clock, name="jam"),
]
