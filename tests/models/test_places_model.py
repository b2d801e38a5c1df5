"""How new a place is for an account: scored before it is learned, cold until the first time."""

import pytest

from detector.enrich.addresses import AddressTable
from detector.memory.fields import Memory
from models.places import FIELD, KEPT, Places

TABLE = AddressTable()
HERE, NEXT_DOOR, SAME_COUNTRY, ABROAD = "8.8.8.8", "8.8.8.200", "4.4.4.4", "1.1.1.1"
PHONE = "Yealink SIP-T46S 66.85.0.5"


def place(address: str):
    found = TABLE.look_up(address)
    assert found is not None
    return found


@pytest.fixture
def memory() -> Memory:
    made = Memory()
    Places().learn(made, "1007", place(HERE), PHONE)
    return made


@pytest.mark.parametrize(
    ("address", "agent", "novelty"),
    [
        (HERE, PHONE, 0),
        (NEXT_DOOR, PHONE, 0),
        (HERE, "Yealink SIP-T46S 99.1.2.3", 0),
        (HERE, None, 0),
        (HERE, "friendly-scanner", 1 / 3),
        (SAME_COUNTRY, PHONE, 1 / 3),
        (SAME_COUNTRY, "friendly-scanner", 2 / 3),
        (ABROAD, PHONE, 2 / 3),
        (ABROAD, "friendly-scanner", 1),
        (ABROAD, None, 1),
        ("192.0.2.1", "friendly-scanner", 1),
        ("10.0.0.1", PHONE, 2 / 3),
        ("2001:db8::1", "x", 1),
    ],
)
def test_novelty_is_the_share_of_traits_never_seen(memory, address, agent, novelty) -> None:
    assert Places().score(memory, "1007", place(address), agent) == pytest.approx(novelty)


def test_cold_until_the_account_was_accepted_once(memory) -> None:
    assert Places().score(memory, "1008", place(HERE), PHONE) is None


def test_scoring_learns_nothing_and_learning_ends_the_novelty(memory) -> None:
    model = Places()
    assert model.score(memory, "1007", place(ABROAD), "x") == model.score(memory, "1007", place(ABROAD), "x") == 1
    model.learn(memory, "1007", place(ABROAD), "x")
    assert model.score(memory, "1007", place(ABROAD), "x") == 0
    assert model.score(memory, "1007", place(HERE), PHONE) == 0


def test_what_was_seen_least_recently_makes_room(memory) -> None:
    model = Places()
    for number in range(100):
        model.learn(memory, "1007", place(f"9.9.{number}.1"), f"phone {chr(97 + number % 26)}{chr(97 + number // 26)}")
    assert len(memory.get(FIELD, "1007")) == KEPT
    assert model.score(memory, "1007", place(HERE), PHONE) == pytest.approx(2 / 3)  # the country is seen all the time
    assert model.score(memory, "1007", place("9.9.99.1"), "phone vd") == 0


def test_what_is_seen_all_the_time_stays(memory) -> None:
    model = Places()
    for number in range(100):
        model.learn(memory, "1007", place(f"9.9.{number}.1"), None)
        model.learn(memory, "1007", place(HERE), PHONE)
    assert model.score(memory, "1007", place(HERE), PHONE) == 0


def test_learning_the_same_again_leaves_nothing_to_write(memory) -> None:
    memory.dirty.clear()
    Places().learn(memory, "1007", place(HERE), PHONE)
    assert not memory.dirty


def test_a_hostile_user_agent_costs_no_more_than_another(memory) -> None:
    model = Places()
    model.learn(memory, "1007", place(HERE), "\ud800" + "x" * 100_000)
    assert len(memory.get(FIELD, "1007")) <= KEPT
    assert model.score(memory, "1007", place(HERE), "\ud800" + "x" * 200) == 0
