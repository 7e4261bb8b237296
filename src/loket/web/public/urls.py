"""Addresses for everybody."""

from __future__ import annotations

from django.urls import path

from loket.web.public import authenticity, letters, views

app_name = "public"
urlpatterns = [
    path("", views.home, name="beranda"),
    path("statistik/", views.statistics, name="statistik"),
    path("statistik/blangko/sematan/", views.stock_board, name="sematan"),
    path("statistik/<str:seri>/", views.series, name="seri"),
    path("data/hari-ini.json", views.today_json, name="hari_ini"),
    path("suket/<str:kode>/", letters.check, name="suket"),
    path("bantuan/", views.help_page, name="bantuan"),
    path("asli/", authenticity.ask, name="keaslian"),
    path("asli/lapor/", authenticity.report, name="laporkan"),
    path("asli/dilaporkan/", authenticity.reported, name="dilaporkan"),
    path("privasi/", views.privacy, name="privasi"),
    path("cookie/", views.cookies, name="cookie"),
    path("aksesibilitas/", views.accessibility, name="aksesibilitas"),
]
