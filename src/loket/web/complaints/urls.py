"""Addresses of the office's complaints."""

from __future__ import annotations

from django.urls import path

from loket.web.complaints import views

app_name = "complaints"
urlpatterns = [
    path("", views.overview, name="keluhan"),
    path("<str:kode>/", views.complaint, name="satu"),
    path("<str:kode>/jawab/", views.answer, name="jawab"),
    path("<str:kode>/tutup/", views.close, name="tutup"),
    path("<str:kode>/foto/", views.photo, name="foto"),
]
