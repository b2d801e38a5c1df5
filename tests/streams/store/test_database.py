"""What the databases cannot do now, and what they refuse to hold."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from streams.store import database
from streams.store.columns import UNSTORABLE, Escaped
from streams.store.database import open_engine, reading, writing
from streams.store.journal.journal import Journal
from streams.store.migrate import migrate
from streams.store.store_errors import UnavailableError
from streams.store.tables_journal import AccountTable

DIALECT = sqlite.dialect()
HOSTILE = st.text(st.sampled_from("\x00\\xu0d8f\ud800\udfffé") | st.characters())


@given(HOSTILE, HOSTILE)
def test_any_text_can_be_stored_and_two_are_never_one(one: str, other: str) -> None:
    column = Escaped()
    stored = column.process_bind_param(one, DIALECT)
    assert stored is not None
    stored.encode()
    assert "\0" not in stored
    assert column.process_result_value(stored, DIALECT) == one
    assert (stored == column.process_bind_param(other, DIALECT)) == (one == other)
    assert UNSTORABLE.search(one) or stored == one


def test_a_database_that_is_not_there_is_unavailable() -> None:
    engine = open_engine("postgresql://nobody:hidden@127.0.0.1:1/none")
    with pytest.raises(UnavailableError) as caught, reading(engine):
        pass
    assert "hidden" not in str(caught.value)
    engine.dispose()


def test_a_locked_file_is_unavailable_and_later_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS, "PRAGMA busy_timeout=20"))
    engine = open_engine(f"sqlite:///{tmp_path / 'journal.db'}")
    migrate(engine, "journal")
    journal = Journal(engine)
    with writing(engine):
        assert journal.accounts.password_hash("anna") is None
        with pytest.raises(UnavailableError, match="locked"):
            journal.accounts.create_user("anna", "h", now=1)
    assert journal.accounts.create_user("anna", "h", now=1)
    engine.dispose()


def add_twice(engine: Engine) -> None:
    row = {"name": "anna", "password_hash": "$argon2id$secret", "created_at": 1}
    with writing(engine) as connection:
        connection.execute(insert(AccountTable), row)
        connection.execute(insert(AccountTable), row)


def test_errors_do_not_show_what_was_written(engine: Engine) -> None:
    with pytest.raises(IntegrityError) as caught:
        add_twice(engine)
    assert "argon2id" not in str(caught.value)


def test_what_fails_in_the_middle_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(IntegrityError):
        add_twice(engine)
    assert Journal(engine).accounts.password_hash("anna") is None
