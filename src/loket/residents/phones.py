"""Indonesian phone numbers in every usual spelling, brought into E.164."""

from __future__ import annotations

import phonenumbers

from loket.core.errors import N_, Refusal

_LOOK_ALIKES = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})


def parse_phone(text: str) -> str:
    """A mobile number as +62…; refuses what cannot be one and says what it should look like."""
    typed = "".join(text.split()).translate(_LOOK_ALIKES)
    digits = "".join(letter for letter in typed if letter.isdigit())
    if digits.startswith("0062"):
        digits = digits[2:]
    if typed.startswith("+") or digits.startswith("62"):
        typed = f"+{digits}"
    elif digits.startswith("8"):
        typed = f"+62{digits}"
    try:
        number = phonenumbers.parse(typed, "ID")
    except phonenumbers.NumberParseException as error:
        raise _refusal() from error
    if number.country_code == 62 and str(number.national_number)[:1] != "8":
        raise Refusal(
            "phone_landline", N_("Ini nomor telepon rumah. Tulis nomor HP yang memakai WhatsApp."), field="phone"
        )
    if not phonenumbers.is_possible_number(number) or not 9 <= len(str(number.national_number)) <= 13:
        raise _refusal()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _refusal() -> Refusal:
    return Refusal(
        "phone", N_("Nomor WhatsApp diawali 08 atau +62. Contoh: 0812 3456 7890."), field="phone"
    )
