"""What people allow, and what names stood for: as it was said, for as long as it was said."""

import pytest

from streams.store.journal.journal import Journal

HOUR = 3_600_000_000


def values(journal: Journal, now: int, pbx: str | None = None) -> list[str]:
    return [entry.value for entry in journal.guard.allowed(now, pbx)]


def test_an_entry_holds_until_its_end(journal: Journal) -> None:
    number = journal.guard.allow("203.0.113.9", pbx=None, reason=" our office ", by="anna", now=5, until=HOUR)
    [entry] = journal.guard.allowed(5)
    assert (entry.id, entry.pbx, entry.reason, entry.by, entry.at, entry.until) == (
        number, None, "our office", "anna", 5, HOUR,
    )  # fmt: skip
    assert values(journal, HOUR - 1) == ["203.0.113.9"]
    assert values(journal, HOUR) == []


def test_an_entry_is_for_one_pbx_or_for_all(journal: Journal) -> None:
    for value, pbx in (("1007", "hq"), ("1008", "branch"), ("203.0.113.9", None)):
        journal.guard.allow(value, pbx=pbx, reason="r", by="anna", now=1, until=HOUR)
    assert values(journal, 2, "hq") == ["1007", "203.0.113.9"]
    assert values(journal, 2) == ["1007", "1008", "203.0.113.9"]


def test_who_takes_it_off_is_the_first_and_only_one(journal: Journal) -> None:
    number = journal.guard.allow("1007", pbx=None, reason="r", by="anna", now=1, until=HOUR)
    assert journal.guard.disallow(number, by="ben", now=2)
    assert not journal.guard.disallow(number, by="ben", now=3)
    assert not journal.guard.disallow(number + 1, by="ben", now=3)
    assert values(journal, 3) == []


def test_a_new_entry_has_a_larger_number(journal: Journal) -> None:
    assert journal.guard.newest() == 0
    first = journal.guard.allow("1007", pbx=None, reason="r", by="anna", now=1, until=2)
    second = journal.guard.allow("1008", pbx=None, reason="r", by="anna", now=1, until=2)
    assert first < second == journal.guard.newest()


@pytest.mark.parametrize("text", ["<b>\x00\ud800\\x00", "'; DROP TABLE allow_entry;--", "Zoë\n\u202e"])
def test_hostile_words_come_back_as_they_were(journal: Journal, text: str) -> None:
    journal.guard.allow(text, pbx=text, reason=text.strip(), by=text, now=1, until=HOUR)
    [entry] = journal.guard.allowed(2)
    assert (entry.value, entry.pbx, entry.reason, entry.by) == (text, text, text.strip(), text)


def test_names_keep_what_they_stood_for_until_it_is_forgotten(journal: Journal) -> None:
    journal.guard.remember("sip.example", ["192.0.2.1", "192.0.2.2"], 100, 0)
    journal.guard.remember("sip.example", ["192.0.2.2", "192.0.2.3"], 200, 150)
    journal.guard.remember("other.example", ["192.0.2.9"], 200, 150)
    journal.guard.remember("other.example", [], 900, 800)
    assert journal.guard.remembered(["sip.example", "other.example", "never.example"]) == {
        "sip.example": ["192.0.2.2", "192.0.2.3"], "other.example": ["192.0.2.9"],
    }  # fmt: skip


def test_where_people_are_logged_in_from(journal: Journal) -> None:
    journal.accounts.create_user("admin", "hash", now=1)
    for token, address, expires in (("a", "192.0.2.1", HOUR), ("b", "192.0.2.2", 10), ("c", "", HOUR)):
        journal.accounts.create_session(token, "admin", "csrf", now=1, expires=expires, address=address)
    assert journal.accounts.addresses(now=20) == ["192.0.2.1"]
