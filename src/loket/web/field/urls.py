"""Addresses of the kecamatan's door."""

from __future__ import annotations

from django.urls import path

from loket.web.field import views

app_name = "field"
urlpatterns = [path("", views.record, name="rekam")]
