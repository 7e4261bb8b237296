"""Logs without personal data: whatever looks like a NIK, a KK or a phone number is masked before it is written."""

from __future__ import annotations

import logging
import re

_LONG_NUMBER = re.compile(r"\+?\d[\d .\-]{8,22}\d")


class Masked(logging.Filter):
    """Masks long numbers in the finished line, whoever wrote it and with whatever arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _LONG_NUMBER.sub("•••", record.getMessage())
        record.args = None
        if record.exc_info:
            # A traceback may quote values; its last line is masked like any other text.
            record.exc_text = _LONG_NUMBER.sub("•••", logging.Formatter().formatException(record.exc_info))
        return True
