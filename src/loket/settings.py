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
# How the webhook is signed: Meta's way; a solution provider may sign otherwise or send a secret header along.
WA_SIGNATURE = os.environ.get("LOKET_WA_SIGNATURE", "hmac-sha256 X-Hub-Signature-256 sha256=")
WA_PHONE_ID = os.environ.get("LOKET_WA_PHONE_ID") or DEMO.get("wa_phone_id", "")
# Meta's Cloud API, a solution provider that speaks it (each of its five ways is a setting too), nobody but the office's own
# phone (`manual`), or the console. (messages, templates, number, header of the key, photo)
_WA_WAYS = {
    "meta": (
        "/v26.0/{phone_id}/messages", "/v26.0/{account_id}/message_templates", "/v26.0/{phone_id}", "Authorization: Bearer",
        "/v26.0/{media_id}",
    ),
    "360dialog": ("/messages", "/v1/configs/templates", "", "D360-API-KEY:", "/{media_id}"),
}  # fmt: skip
WA_KIND = os.environ.get("LOKET_WA_KIND") or ("console" if WA_BASE_URL == "console:" else "meta")
_way = _WA_WAYS.get(WA_KIND, _WA_WAYS["meta"])
WA_PATH = os.environ.get("LOKET_WA_PATH", _way[0])
WA_TEMPLATES_PATH = os.environ.get("LOKET_WA_TEMPLATES_PATH", _way[1])
WA_NUMBER_PATH = os.environ.get("LOKET_WA_NUMBER_PATH", _way[2])
WA_AUTH = os.environ.get("LOKET_WA_AUTH", _way[3])
# The WhatsApp Business Account: without it templates are made by hand in the provider's own pages.
WA_ACCOUNT_ID = os.environ.get("LOKET_WA_ACCOUNT_ID") or DEMO.get("wa_account_id", "")

# A second way to tell that a card waits, when WhatsApp cannot: off until an address is given.
SMS_URL = os.environ.get("LOKET_SMS_URL", "")
SMS_AUTH = os.environ.get("LOKET_SMS_AUTH", "")
SMS_FIELDS = os.environ.get("LOKET_SMS_FIELDS", '{"to": "{to}", "text": "{text}"}')
EMAIL_HOST = os.environ.get("LOKET_MAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("LOKET_MAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("LOKET_MAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("LOKET_MAIL_PASSWORD", "")
EMAIL_USE_TLS = EMAIL_PORT == 587
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("LOKET_MAIL_FROM", EMAIL_HOST_USER or "loket@localhost")
# Where photos lie: the path that tells their address, the hosts that may see the token besides the provider's own, and a
# provider's own way to those hosts (360dialog).
WA_MEDIA_PATH = os.environ.get("LOKET_WA_MEDIA_PATH", _way[4])
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
