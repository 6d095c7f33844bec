"""The desk's settings under test: a folder of its own, the fast hasher, static files where they stand."""

import os
import tempfile

os.environ.setdefault("CANBANG_HOME", tempfile.mkdtemp(prefix="canbang-test-"))
os.environ.setdefault("CANBANG_SECRET_KEY", "only-for-tests")
os.environ["CANBANG_HOSTS"] = "testserver,127.0.0.1,localhost"

from canbang.desk.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
