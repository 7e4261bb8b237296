"""Indonesian phone numbers in every usual spelling, brought into E.164."""

from __future__ import annotations

import re

import phonenumbers

from loket.core.errors import N_, Refusal

_LOOK_ALIKES = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})
_NOISE = re.compile(r"[\s.\-()/'’‘`\u00ad\u200b-\u200f\u202a-\u202e\u2010-\u2015\u2060\ufeff]+")
_LABEL = re.compile(r"^(?:wa|hp|no|telp|tel|whatsapp)[.:]*(?:wa|hp|telp)?[.:]*(?=[+0-9])", re.IGNORECASE)
# 0812 3456 7890 and its kin after +62, 62, 0062, 0 or nothing; lists lose the zero when Excel takes it for a number.
_MOBILE = re.compile(r"(?:\+?62|0062)?0?(8[1-9]\d{7,10})")
_LANDLINE = re.compile(r"(?:\+?62|0062)?0?([2-7]\d{6,10}|9\d{6,9})")


def parse_phone(text: str) -> str:
    """A mobile number as +62…; refuses what cannot be one and says what it should look like.

    Foreign numbers are taken when they are written with + and their country.
    """
    typed = _LABEL.sub("", _NOISE.sub("", text)).translate(_LOOK_ALIKES)
    if match := _MOBILE.fullmatch(typed):
        return f"+62{match[1]}"
    digits = typed.removeprefix("+")
    if not digits:
        raise Refusal("phone_missing", N_("Tulis nomor WhatsApp Anda. Contoh: 0812 3456 7890."), field="phone")
    if not (digits.isascii() and digits.isdigit()):
        raise Refusal(
            "phone_letters", N_("Nomor WhatsApp hanya berisi angka. Tulis satu nomor saja, contoh 0812 3456 7890."),
            field="phone",
        )  # fmt: skip
    if typed.startswith("00") and not typed.startswith("0062"):
        typed = f"+{digits[2:]}"
    if typed.startswith("+") and not typed.startswith("+62"):
        return _foreign(typed)
    if _LANDLINE.fullmatch(typed):
        raise Refusal(
            "phone_landline",
            N_("Ini nomor telepon rumah. Tulis nomor HP yang memakai WhatsApp, diawali 08 atau +62."),
            field="phone",
        )
    raise _refusal()


def _foreign(typed: str) -> str:
    try:
        number = phonenumbers.parse(typed, None)
    except phonenumbers.NumberParseException as error:
        raise _refusal() from error
    if not phonenumbers.is_possible_number(number):
        raise _refusal()
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _refusal() -> Refusal:
    return Refusal(
        "phone", N_("Nomor WhatsApp diawali 08 atau +62 dan berisi 10 sampai 13 angka. Contoh: 0812 3456 7890."),
        field="phone",
    )  # fmt: skip
