"""Addresses of the resident."""

from __future__ import annotations

from django.urls import path

from loket.web.citizen import case, complaints, recall, survey, views

app_name = "citizen"
urlpatterns = [
    path("ajukan/", views.start, name="mulai"),
    path("ajukan/isi/<str:langkah>/", views.step, name="langkah"),
    path("ajukan/foto/<str:jenis>/", views.photo, name="foto"),
    path("ajukan/foto/<str:jenis>/lihat/", views.look, name="lihat_foto"),
    path("ajukan/periksa/", views.check, name="periksa"),
    path("ajukan/selesai/", views.done, name="selesai"),
    path("ajukan/nanti/", views.later, name="nanti"),
    path("l/<str:token>/", views.by_link, name="tautan"),
    path("cek/", case.find, name="cek"),
    path("c/<str:kode>/", case.status, name="status"),
    path("lupa/", recall.lost, name="lupa"),
    path("c/<str:kode>/buka/", case.unlock, name="buka"),
    path("c/<str:kode>/bukti.pdf", case.receipt, name="bukti"),
    path("c/<str:kode>/terima/", case.choose, name="terima"),
    path("c/<str:kode>/perbaiki/", case.correct, name="perbaiki"),
    path("c/<str:kode>/kode-ambil/", case.send_code, name="kode_ambil"),
    path("c/<str:kode>/batal/", case.cancel, name="batal"),
    path("keluhan/baru/", complaints.new, name="keluhan_baru"),
    path("keluhan/<str:nomor>/", complaints.show, name="keluhan"),
    path("keluhan/<str:nomor>/belum-selesai/", complaints.reopen, name="keluhan_buka_lagi"),
    path("survei/<str:token>/", survey.fill, name="survei"),
]
