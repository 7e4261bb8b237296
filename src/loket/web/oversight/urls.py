"""Addresses of the head."""

from __future__ import annotations

from django.urls import path

from loket.web.oversight import plan, views

app_name = "oversight"
urlpatterns = [
    path("", views.head, name="pimpinan"),
    path("ambang/", views.thresholds, name="ambang"),
    path("angka/", views.numbers, name="angka"),
    path("suket/", plan.page, name="suket"),
    path("suket/minggu.csv", plan.weeks, name="suket_minggu"),
]
