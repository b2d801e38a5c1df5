"""Column types that hold hostile text and big numbers alike on SQLite and PostgreSQL."""

import re
from typing import Annotated

from sqlalchemy import BigInteger, Boolean, Dialect, Integer, LargeBinary, MetaData, Text
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

UNSTORABLE = re.compile("[\x00\\\\\ud800-\udfff]")
ESCAPED = re.compile(r"\\(?:\\|x00|u[0-9a-f]{4})")


class Escaped(TypeDecorator[str]):
    r"""Text in which NUL and lone surrogates, refused by the databases, are kept as `\x00` and `\udXXX`.

    The backslash itself is doubled, so that two different texts are never the same in the database.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Python text to stored text."""
        return value if value is None else UNSTORABLE.sub(_escape, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Stored text to Python text."""
        return value if value is None or "\\" not in value else ESCAPED.sub(_unescape, value)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char == "\\":
        return "\\\\"
    return "\\x00" if char == "\0" else f"\\u{ord(char):04x}"


def _unescape(match: re.Match[str]) -> str:
    escaped = match[0]
    return "\\" if escaped == "\\\\" else chr(int(escaped[2:], 16))


TYPES = {str: Escaped(), int: BigInteger(), bool: Boolean(), bytes: LargeBinary()}
ROWID = BigInteger().with_variant(Integer, "sqlite")  # SQLite makes only an INTEGER key the row's own number
Counted = Annotated[int, mapped_column(ROWID, primary_key=True, autoincrement=True)]
Numbered = Annotated[int, mapped_column(ROWID, primary_key=True, autoincrement=False)]


def metadata() -> MetaData:
    """Names every constraint by rule, so that migrations and models agree on both databases."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
