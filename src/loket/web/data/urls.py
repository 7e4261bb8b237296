"""Addresses of files and statements; each stays where it is."""

from __future__ import annotations

from django.urls import path

from loket.web.data import files, views
from loket.web.public import views as public

app_name = "data"
urlpatterns = [
    path("data.json", files.dcat, name="dcat"),
    path("data/", views.overview, name="data"),
    path("data/datapackage.json", files.datapackage, name="paket"),
    path("data/umpan.xml", files.feed, name="umpan"),
    path("data/harian.db", files.daily_database, name="basis"),
    # The contract's own file, before the series: it is none of them.
    path("data/hari-ini.json", public.today_json),
    path("data/pengumuman.txt", files.announcement, name="pengumuman"),
    path("data/pengumuman/", views.announcement, name="salin"),
    path("data/<slug:seri>.csv", files.as_csv, name="csv"),
    path("data/<slug:seri>.json", files.as_json, name="json"),
    path("data/<slug:seri>/", views.series, name="seri"),
    path("siaran/", views.press_statement, name="siaran"),
    path("statistik/skm/", views.satisfaction, name="skm"),
    path("layanan/standar/", views.standards, name="standar"),
]
