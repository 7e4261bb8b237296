"""The OpenAPI door."""

from __future__ import annotations

from django.urls import path

from loket.api import calls
from loket.api.door import api

assert calls  # importing it registers the calls

urlpatterns = [path("", api.urls)]
