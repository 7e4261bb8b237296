"""Addresses of the desk."""

from __future__ import annotations

from django.urls import path

from loket.web.desk import chat, frauds, letters, photos, register, replies, views, waves

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
    path("suket/", register.register, name="suket"),
    path("suket/terbit/", letters.issue, name="suket_terbit"),
    path("suket/izin/", letters.switch, name="suket_izin"),
    path("suket/surat/<uuid:surat>/cetak/", letters.paper, name="suket_cetak"),
    path("suket/ajakan/", waves.overview, name="ajakan"),
    path("suket/ajakan/<uuid:ajakan>/", waves.one, name="ajakan_satu"),
    path("suket/ajakan/<uuid:ajakan>/daftar/", waves.hand, name="ajakan_daftar"),
    path("suket/ajakan/<uuid:ajakan>/berkas/", waves.file, name="ajakan_berkas"),
    path("suket/ajakan/<uuid:ajakan>/isi/<str:cara>/<str:kelurahan>/", waves.entries, name="ajakan_isi"),
    path("suket/<str:segmen>/", register.holders, name="suket_daftar"),
    path("suket/surat/<uuid:surat>/", register.letter, name="suket_surat"),
    path("obrolan/", chat.conversations, name="obrolan"),
    path("obrolan/kabar/", chat.news, name="kabar"),
    path("obrolan/cari/", chat.search, name="cari_obrolan"),
    path("obrolan/balasan/", replies.answers, name="balasan"),
    path("obrolan/<uuid:kontak>/", chat.thread, name="percakapan"),
    path("obrolan/<uuid:kontak>/kabar/", chat.news, name="kabar_percakapan"),
    path("obrolan/<uuid:kontak>/tutup/", chat.leave, name="tutup"),
    path("obrolan/<uuid:kontak>/balas/", chat.answer, name="balas"),
    path("obrolan/<uuid:kontak>/draf/", chat.draft, name="draf"),
    path("obrolan/<uuid:kontak>/ambil/", chat.claim, name="ambil"),
    path("obrolan/<uuid:kontak>/lepas/", chat.release, name="lepas"),
    path("penipuan/", frauds.overview, name="penipuan"),
    path("penipuan/<uuid:laporan>/", frauds.seen, name="penipuan_periksa"),
    path("obrolan/<uuid:kontak>/serah/", chat.hand_over, name="serah"),
    path("obrolan/<uuid:kontak>/catatan/", chat.note, name="catatan"),
    path("obrolan/<uuid:kontak>/label/", chat.label, name="label"),
    path("obrolan/<uuid:kontak>/tunda/", chat.snooze, name="tunda"),
    path("obrolan/<uuid:kontak>/gabung/", chat.merge, name="gabung"),
    path("obrolan/<uuid:kontak>/pisah/<uuid:gabungan>/", chat.unmerge, name="pisah"),
    path("obrolan/<uuid:kontak>/ditahan/<uuid:pesan>/", chat.held, name="ditahan"),
    path("obrolan/<uuid:kontak>/ulang/<uuid:pesan>/", chat.retry, name="ulang"),
]
