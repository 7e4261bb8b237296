"""Addresses of Kantor Pos."""

from __future__ import annotations

from django.urls import path

from loket.web.post import views

app_name = "post"
urlpatterns = [
    path("", views.home, name="pos"),
    path("m/<uuid:manifes>/", views.take_over, name="manifes"),
    path("antar/<str:kode>/", views.at_the_door, name="antar"),
]
