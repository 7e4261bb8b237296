"""Addresses of the desk."""

from __future__ import annotations

from django.urls import path

from loket.web.desk import chat, photos, views

app_name = "desk"
urlpatterns = [
    path("", views.queue, name="antrean"),
    path("berikutnya/", views.following, name="berikutnya"),
    path("cari/", views.search, name="cari"),
    path("k/<str:kode>/", views.case, name="kasus"),
    path("k/<str:kode>/putusan/", views.decide, name="putusan"),
    path("k/<str:kode>/langkah/", views.advance, name="langkah"),
    path("k/<str:kode>/nik/", views.reveal, name="nik"),
    path("k/<str:kode>/nomor/", views.change_phone, name="nomor"),
    path("foto/<uuid:berkas>/", views.photo, name="foto"),
    path("obrolan/foto/<uuid:pesan>/", photos.chat_photo, name="foto_obrolan"),
    path("obrolan/", chat.conversations, name="obrolan"),
    path("obrolan/<uuid:kontak>/", chat.thread, name="percakapan"),
    path("obrolan/<uuid:kontak>/balas/", chat.answer, name="balas"),
    path("obrolan/<uuid:kontak>/ambil/", chat.claim, name="ambil"),
    path("obrolan/<uuid:kontak>/lepas/", chat.release, name="lepas"),
]
