"""Gives every test process a LOKET_HOME of its own, before anything reads the settings."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# The server's user must be able to enter it, so it is no private folder; what lies inside is.
HOME = Path(tempfile.mkdtemp(prefix="loket-test-"))
HOME.chmod(0o755)
os.environ["LOKET_HOME"] = str(HOME)
os.environ["LOKET_DB_ROLE"] = "web"
os.environ["DJANGO_SETTINGS_MODULE"] = "loket.settings"
os.environ.pop("DATABASE_URL", None)
# A browser leaves its event loop in the thread of the tests; what they ask of the database stays synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
os.environ.setdefault("LOKET_WA_APP_SECRET", "rahasia-uji")
os.environ.setdefault("LOKET_WA_VERIFY_TOKEN", "token-uji")
os.environ.setdefault("LOKET_WA_PHONE_ID", "100000000000001")
