"""Secrets in the configuration: never written there, only where they are."""

import re
from typing import Annotated

from pydantic import BeforeValidator, SecretStr, ValidationInfo

from detector.settings.values import refusal

REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:[^\x00-\x1f]{1,1024}")


def secret(value: object, info: ValidationInfo) -> SecretStr | None:
    """A secret behind `env:NAME` or `file:PATH`, fetched by `secret` of the validation context.

    That function gets the field's name and the reference; None is what this process does not need.
    """
    if value is None or isinstance(value, SecretStr):
        return value
    if not (isinstance(value, str) and REFERENCE.fullmatch(value)):
        raise refusal("a secret must not be written here", "env:NAME or file:PATH")
    fetch = (info.context or {}).get("secret")
    found = fetch(info.field_name, value) if fetch else None
    return None if found is None else SecretStr(found)


def journal_url(value: object, info: ValidationInfo) -> SecretStr | None:
    """The SQLAlchemy URL of a PostgreSQL database; one with a password only behind `env:` or `file:`."""
    if isinstance(value, str) and not REFERENCE.fullmatch(value):
        if "@" in value and ":" in value.partition("://")[2].rpartition("@")[0]:
            raise refusal("a URL with a password must not be written here", "env:NAME or file:PATH")
        value = SecretStr(value)
    url = secret(value, info)
    if url is None:
        return None
    scheme, _, rest = url.get_secret_value().partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise refusal("not a URL of PostgreSQL", "postgresql://user@host/database, or null for SQLite")
    return SecretStr(f"postgresql+psycopg://{rest}")


Secret = Annotated[SecretStr | None, BeforeValidator(secret)]
JournalUrl = Annotated[SecretStr | None, BeforeValidator(journal_url)]
