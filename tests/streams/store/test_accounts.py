"""Console users, sessions and failed logins."""

import pytest

from streams.store.journal import journal_accounts
from streams.store.journal.journal import Journal

SECOND = 1_000_000


def test_a_name_is_taken_once(journal: Journal) -> None:
    assert journal.accounts.create_user("anna", "$argon2id$1", now=1)
    assert not journal.accounts.create_user("anna", "$argon2id$2", now=2)
    assert journal.accounts.password_hash("anna") == "$argon2id$1"
    assert journal.accounts.password_hash("bert") is None


def test_a_new_password_ends_all_sessions(journal: Journal) -> None:
    journal.accounts.create_user("anna", "old", now=1)
    journal.accounts.create_session("hash", "anna", "csrf", now=1, expires=100)
    assert journal.accounts.set_password("anna", "new")
    assert journal.accounts.password_hash("anna") == "new"
    assert journal.accounts.session("hash", now=2) is None
    assert not journal.accounts.set_password("bert", "new")


def test_a_session_lasts_until_it_expires_or_ends(journal: Journal) -> None:
    journal.accounts.create_user("anna", "h", now=1)
    journal.accounts.create_session("hash", "anna", "csrf", now=1, expires=100)
    found = journal.accounts.session("hash", now=99)
    assert found is not None
    assert (found.account, found.csrf, found.expires) == ("anna", "csrf", 100)
    assert journal.accounts.session("hash", now=100) is None
    assert journal.accounts.session("other", now=2) is None
    journal.accounts.end_session("hash")
    assert journal.accounts.session("hash", now=2) is None


def test_expired_sessions_go_when_a_new_one_comes(journal: Journal) -> None:
    journal.accounts.create_user("anna", "h", now=1)
    journal.accounts.create_session("old", "anna", "csrf", now=1, expires=100)
    journal.accounts.create_session("new", "anna", "csrf", now=100, expires=200)
    assert journal.accounts.session("old", now=50) is None
    assert journal.accounts.session("new", now=150) is not None


def test_failed_logins_count_within_the_window(journal: Journal) -> None:
    assert [journal.accounts.login_failed("anna", now=n * SECOND, window=60) for n in (1, 2, 61)] == [1, 2, 3]
    assert journal.accounts.login_failures("anna", now=120 * SECOND, window=60) == 3
    assert journal.accounts.login_failures("anna", now=121 * SECOND, window=60) == 0
    assert journal.accounts.login_failed("anna", now=121 * SECOND, window=60) == 1
    assert journal.accounts.login_failures("bert", now=1, window=60) == 0
    journal.accounts.login_succeeded("anna")
    assert journal.accounts.login_failures("anna", now=121 * SECOND, window=60) == 0


def test_a_flood_of_keys_does_not_wash_out_a_count(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_accounts, "FAILURES_KEPT", 3)
    for n in range(4):
        journal.accounts.login_failed("anna", now=n, window=60)
    for n in range(20):
        assert journal.accounts.login_failed(f"nobody {n}", now=10 + n, window=60) == 1
    known = [journal.accounts.login_failures(f"nobody {n}", now=40, window=60) for n in range(20)]
    assert known == [0] * 18 + [1, 1]
    assert journal.accounts.login_failures("anna", now=40, window=60) == 4
