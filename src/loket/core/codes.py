"""Request codes: ten random Crockford base-32 symbols and a check symbol, forgiving to type, impossible to guess."""

from __future__ import annotations

import re
import secrets

from loket.core.errors import N_, Refusal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 11
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
_NOISE = re.compile(r"[\s\-_.\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufeff]+")
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Arithmetic in GF(32) with x^5 + x^2 + 1: multiplying by 2 before each addition gives every position its own weight,
# so that every wrong symbol and every swap of two symbols changes the check.
_POLYNOMIAL = 0b100101


def generate() -> str:
    """A new code of 11 symbols, 50 random bits and the check."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_symbol(body)


def check_symbol(body: str) -> str:
    """The symbol that makes the weighted sum of all eleven zero in GF(32)."""
    total = 0
    for symbol in body:
        total = _double(total ^ _VALUE[symbol])
    return ALPHABET[total]


def shown(code: str) -> str:
    """The code as people read it: XXXX-XXXX-XXX."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def parse(text: str) -> str:
    """The code somebody typed, in any case, with or without hyphens and blanks, O for 0, I and L for 1."""
    code = _NOISE.sub("", text).upper().translate(_LOOK_ALIKES)
    odd = next((symbol for symbol in code if symbol not in _VALUE), "")
    if odd:
        raise Refusal(
            "code_symbol", N_("Kode tidak memakai tanda {symbol}. Periksa lagi huruf itu."), field="code", symbol=odd
        )
    if len(code) != LENGTH:
        raise Refusal(
            "code_length", N_("Kode terdiri dari {wanted} huruf dan angka. Anda menulis {count}."), field="code",
            wanted=LENGTH, count=len(code),
        )  # fmt: skip
    if check_symbol(code[:-1]) != code[-1]:
        raise Refusal(
            "code_check", N_("Ada huruf atau angka yang keliru pada kode. Salin lagi dari pesan kami."), field="code"
        )
    return code


def _double(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value & 0b100000 else value
