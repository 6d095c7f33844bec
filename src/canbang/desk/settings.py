"""Settings of the desk, read once from the environment; what is not set has a safe default for one machine.

``CANBANG_HOME`` is the folder that holds the database, the key and uploads (``canbang-desk`` by default). ``docs/operate.md`` lists
every variable.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from canbang.desk.logs import configuration


def _list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes")


def _secret_key() -> str:
    if key := os.environ.get("CANBANG_SECRET_KEY", ""):
        return key
    try:
        return (HOME / "secret.key").read_text("utf-8").strip()
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"Chưa có khóa bí mật ở {HOME / 'secret.key'}: chạy canbang desk một lần, hoặc đặt CANBANG_SECRET_KEY."
        ) from None


HOME = Path(os.environ.get("CANBANG_HOME", "canbang-desk")).resolve()
UPLOADS = HOME / "uploads"
UPLOAD_MAX = 20 << 20
SECRET_KEY = _secret_key()
DEBUG = False
TLS = _flag("CANBANG_TLS")
"""Whether people reach the desk by https; then cookies are for https only and plain requests are sent there."""
ALLOWED_HOSTS = _list("CANBANG_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if TLS else []

OIDC_URL = os.environ.get("CANBANG_OIDC_URL", "")
"""The organisation's own login (OpenID Connect), where it has one."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "canbang.desk.apps.DeskConfig",  # before allauth: its templates take the place of allauth's
    "django.forms",  # its templates, for FORM_RENDERER
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_filters",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "canbang.desk.logs.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "canbang.desk.sessions.SessionLife",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "canbang.desk.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "canbang.desk.views.access.navigation",
            ],
            "builtins": ["canbang.desk.templatetags.desk"],
        },
    }
]

# Debian 12's SQLite has the WAL-reset bug (3.7.0 to 3.51.2): there the rollback journal is used. Never mmap.
_JOURNAL = "WAL" if sqlite3.sqlite_version_info >= (3, 51, 3) else "DELETE"
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL", f"sqlite:///{HOME / 'canbang.sqlite3'}"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": f"PRAGMA journal_mode={_JOURNAL}; PRAGMA synchronous=FULL; PRAGMA mmap_size=0",
    }
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "desk_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # culling at the default 300 would let a flood of addresses lift a lockout
    }
}
"""In the database, so that lockouts hold for every process."""

AUTH_USER_MODEL = "desk.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "front"
ACCOUNT_ADAPTER = "canbang.desk.views.account.Adapter"
SOCIALACCOUNT_ADAPTER = "canbang.desk.views.account.SocialAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are entered by the organisation's administrator, nobody signs up
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # the desk writes to nobody who is not a member
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True  # until SESSION_COOKIE_AGE or SESSION_IDLE_AGE, whichever comes first
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _flag("CANBANG_BEHIND_PROXY") else 0
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an administrator vouches for the address
MFA_TOTP_ISSUER = "canbang"
MFA_TOTP_TOLERANCE = 1  # half a minute either way: typing takes time, clocks of phones differ
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not TLS
USERSESSIONS_TRACK_ACTIVITY = False  # a write for every request; sessions.SessionLife notes it once a minute
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "co-quan",
                    "name": os.environ.get("CANBANG_OIDC_NAME", "Tài khoản cơ quan"),
                    "client_id": os.environ.get("CANBANG_OIDC_CLIENT", ""),
                    "secret": os.environ.get("CANBANG_OIDC_SECRET", ""),
                    "settings": {"server_url": OIDC_URL},
                }
            ],
        }
    }
    if OIDC_URL
    else {}
)

SESSION_COOKIE_AGE = 12 * 3600
"""How long a login lasts, in seconds, whatever happens in it."""
SESSION_IDLE_AGE = 2 * 3600
"""How long a login lasts in which nothing is asked for, in seconds."""
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_NAME = "__Host-canbang" if TLS else "canbang"
CSRF_COOKIE_NAME = "__Host-canbang-csrf" if TLS else "canbang-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "canbang.desk.views.errors.csrf_failed"
SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SECURE_HSTS_PRELOAD = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("CANBANG_BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # the QR code of a one-time password
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # the button of the organisation's own login posts here and is sent on there
        "form-action": [SELF, *(["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_URL))] if OIDC_URL else [])],
    }
}

LANGUAGE_CODE = "vi"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [Path(__file__).with_name("locale")]  # what allauth says, before Django's own words for the same
TIME_ZONE = "Asia/Ho_Chi_Minh"
FORMAT_MODULE_PATH = ["canbang.desk.formats"]
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
MEDIA_ROOT = UPLOADS
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_MAX
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "canbang.desk.views.limit.LengthLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

EMAIL_BACKEND = (
    "django.core.mail.backends." + ("smtp" if os.environ.get("CANBANG_SMTP_HOST") else "dummy") + ".EmailBackend"
)
EMAIL_HOST = os.environ.get("CANBANG_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("CANBANG_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("CANBANG_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("CANBANG_SMTP_PASSWORD", "")
EMAIL_USE_TLS = EMAIL_PORT == 587
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("CANBANG_SMTP_FROM", "canbang@localhost")

LOGGING_CONFIG = None
configuration()
