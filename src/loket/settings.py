"""Django's settings, read once from LOKET_HOME and the environment."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from loket import home

PACKAGE = Path(__file__).resolve().parent
SECRET_KEY = home.keys()["secret_key"]
DEMO = home.demo()
IS_DEMO = bool(DEMO)
DEBUG = False
ALLOWED_HOSTS = [*os.environ.get("LOKET_HOSTS", "").split(), "127.0.0.1", "localhost", "testserver", "[::1]"]
# One process per office: the office whose public pages this site shows.
OFFICE = os.environ.get("LOKET_OFFICE", "36.72")
BASE_URL = os.environ.get("LOKET_BASE_URL") or DEMO.get("url", "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "loket.core",
    "loket.audit",
    "loket.offices",
    "loket.staff",
    "loket.residents",
    "loket.catalogue",
    "loket.stock",
    "loket.conversations",
    "loket.applications",
    "loket.suket",
    "loket.visits",
    "loket.printing",
    "loket.delivery",
    "loket.insight",
    "loket.integrity",
    "loket.bot",
    "loket.web",
    "loket.api",
    "loket.simulate",
]

MIDDLEWARE = [
    "loket.web.middleware.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "loket.web.middleware.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "loket.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "loket.web.middleware.DatabaseAway",
    "loket.web.middleware.RefusalPages",
]

# Calls carry a token and no cookie: they need no session, form token or static file (see `wsgi`).
API_MIDDLEWARE = [
    "loket.web.middleware.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "loket.web.middleware.SecurityHeaders",
    "loket.web.middleware.Language",
    "loket.web.middleware.DatabaseAway",
]

ROOT_URLCONF = "loket.urls"
WSGI_APPLICATION = "loket.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "loket.web.context.page",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "loket.web.templatetags.loket"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                )
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "ENGINE": "loket.core.database",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        # After a restart of the server no thread keeps a dead connection: each is asked once per request.
        "CONN_HEALTH_CHECKS": True,
        # READ COMMITTED with explicit row locks; times leave the database in UTC.
        # Values travel beside the statements, and a statement seen often is planned once per connection.
        "OPTIONS": {"application_name": "loket", "server_side_binding": True, "prepare_threshold": 3},
    }


DATABASES = {"default": _database(home.database_url(os.environ.get("LOKET_DB_ROLE", "web")))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "staff.Account"
LOGIN_URL = "/masuk/"
LOGIN_REDIRECT_URL = "/petugas/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "loket"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
SECURE_COOKIES = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_TRUSTED_ORIGINS = [BASE_URL] if SECURE_COOKIES else []
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

USE_TZ = True
TIME_ZONE = "Asia/Jakarta"
USE_I18N = True
LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "bahasa"
LOCALE_PATHS = [PACKAGE / "locale"]
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = home.path() / "static"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 31536000

# A form brings up to four photos of 10 MB; more is a mistake or an attack (see `web.middleware.BodyLimit`).
DATA_UPLOAD_MAX_MEMORY_SIZE = 45 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

WA_APP_SECRET = os.environ.get("LOKET_WA_APP_SECRET") or DEMO.get("wa_app_secret", "")
WA_VERIFY_TOKEN = os.environ.get("LOKET_WA_VERIFY_TOKEN") or DEMO.get("wa_verify_token", "")
WA_TOKEN = os.environ.get("LOKET_WA_TOKEN") or DEMO.get("wa_token", "")
WA_BASE_URL = os.environ.get("LOKET_WA_BASE_URL") or DEMO.get("wa_base_url", "")
WA_PHONE_ID = os.environ.get("LOKET_WA_PHONE_ID") or DEMO.get("wa_phone_id", "")
# Meta's own path and header; a solution provider may want others, for instance `D360-API-KEY:`.
WA_PATH = os.environ.get("LOKET_WA_PATH", "/v23.0/{phone_id}/messages")
WA_AUTH = os.environ.get("LOKET_WA_AUTH", "Authorization: Bearer")
# Where photos lie: the path that tells their address, the hosts that may see the token besides the provider's own, and a
# provider's own way to those hosts (360dialog).
WA_MEDIA_PATH = os.environ.get("LOKET_WA_MEDIA_PATH", "/v23.0/{media_id}")
WA_MEDIA_HOSTS = tuple(os.environ.get("LOKET_WA_MEDIA_HOSTS", "lookaside.fbsbx.com").lower().split())
WA_MEDIA_VIA = os.environ.get("LOKET_WA_MEDIA_VIA", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"masked": {"()": "loket.core.logs.Masked"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["masked"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
