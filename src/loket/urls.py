"""Every address of Loket: pages in Indonesian, the API in English."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("loket.api.urls")),
    path("", include("loket.web.urls")),
]

handler400 = "loket.web.errors.bad_request"
handler403 = "loket.web.errors.forbidden"
handler404 = "loket.web.errors.not_found"
handler500 = "loket.web.errors.broken"
