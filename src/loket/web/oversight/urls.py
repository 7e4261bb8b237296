"""Addresses of the head."""

from __future__ import annotations

from django.urls import path

from loket.web.oversight import views

app_name = "oversight"
urlpatterns = [path("", views.head, name="pimpinan")]
