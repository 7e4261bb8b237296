"""Accounts of the office's people and tokens of other programs."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from loket.core.actor import Actor, Role
from loket.offices.models import Office

ROLES = [(role.value, role.value) for role in Role]


class AccountManager(BaseUserManager["Account"]):
    pass


class Account(AbstractBaseUser):
    """A person of one office. Roles say what she may do; the rules say what one person may not do twice."""

    username = models.CharField(max_length=40, unique=True)
    full_name = models.CharField(max_length=120)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    roles = ArrayField(models.CharField(max_length=12, choices=ROLES))
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    objects = AccountManager()

    class Meta:
        db_table = "staff_account"

    def actor(self) -> Actor:
        return Actor(self.username, self.office_id, frozenset(Role(role) for role in self.roles))

    def __str__(self) -> str:
        return self.full_name


class Token(models.Model):
    """A program's key to the API: one role, one office; only the hash is kept."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=80)
    hash = models.BinaryField(max_length=32, unique=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    role = models.CharField(max_length=12, choices=ROLES)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "staff_token"
