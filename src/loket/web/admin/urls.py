"""Addresses of administration."""

from __future__ import annotations

from django.urls import path

from loket.web.admin import channel, views

app_name = "admin"
urlpatterns = [
    path("", views.lists, name="kelola"),
    path("saluran/", channel.channel, name="saluran"),
    path("jam/", views.demo_clock, name="jam"),
]
