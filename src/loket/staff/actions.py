"""Opens accounts and issues tokens."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

from django.db import transaction

from loket.audit import actions as audit
from loket.core.actor import Actor, Role, require
from loket.core.errors import N_, Refusal
from loket.staff.models import Account, Token


@transaction.atomic
def open_account(
    *, username: str, full_name: str, password: str, roles: list[Role], by: Actor, at: datetime
) -> Account:
    """A new account in the actor's office; refuses a name that is taken or cannot be one."""
    require(by, Role.ADMIN)
    if not re.fullmatch(r"[a-z][a-z0-9._-]{1,39}", username):
        raise Refusal("username", N_("Nama pengguna diawali huruf kecil dan berisi huruf kecil, angka, titik, atau garis."))
    if Account.objects.filter(username=username).exists():
        raise Refusal("username_taken", N_("Nama pengguna {username} sudah dipakai. Pilih nama lain."), username=username)
    account = Account(
        username=username, full_name=full_name, office_id=by.office, roles=[role.value for role in roles]
    )
    account.set_password(password)
    account.save(force_insert=True)
    audit.record([audit.Fact("staff.open_account", body={"username": username, "roles": account.roles})], by=by, at=at)
    return account


@transaction.atomic
def renew_password(*, username: str, password: str, by: Actor, at: datetime) -> None:
    """A new password; whoever is signed in with the old one is signed out."""
    require(by, Role.ADMIN)
    account = Account.objects.select_for_update().filter(username=username, office_id=by.office).first()
    if account is None:
        raise Refusal("username_unknown", N_("Nama pengguna {username} tidak ada di kantor ini."), status=404, username=username)
    account.set_password(password)
    account.save(update_fields=["password"])
    audit.record([audit.Fact("staff.renew_password", body={"username": username})], by=by, at=at)


@transaction.atomic
def issue_token(*, role: Role, name: str, by: Actor, at: datetime) -> str:
    """A new bearer token for one role in the actor's office; shown once, kept as a hash."""
    require(by, Role.ADMIN)
    token = f"loket_{secrets.token_urlsafe(32)}"
    row = Token.objects.create(name=name, hash=fingerprint(token), office_id=by.office, role=role.value, created_at=at)
    audit.record([audit.Fact("staff.issue_token", body={"token": row.pk, "role": role.value})], by=by, at=at)
    return token


def fingerprint(token: str) -> bytes:
    """What is kept of a token: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
