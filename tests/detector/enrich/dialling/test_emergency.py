"""Emergency calls in all ways they are dialled: who counts calls and who cuts them must never read one differently."""

import pytest

from detector.enrich.dialling.emergency import NOWHERE, Emergency, emergency_numbers
from detector.enrich.dialling.numbers import Klass, NumberPlan

WAYS = [
    ("US", "", (), "911 9911 0911 +1911 *67911 112 9112 9*67911 *679911 1167911"),
    ("US", "", (), "tel:911 sip:911@pbx.example urn:service:sos"),
    ("US", "9", (), "911 9911 +1911 *67911 112 9112 1911 0111911 8911"),
    ("US", "9", ("5555",), "5555 95555"),
    ("US", "", ("5555",), "5555 95555 05555"),
    ("GB", "", (), "999 9999 112 9112 18000 +44999 0044999 141999"),
    ("GB", "9", (), "999 9999 918000 +44112"),
    ("DE", "", (), "112 0112 110 0110 +49112 +49110 0049112 *31#112 00112"),
    ("DE", "0", (), "112 0112 110 0110 +49112 49110"),
    ("AU", "0", (), "000 0000 106 +61000"),
    ("NZ", "1", (), "111 1111 +64111"),
    ("FR", "0", (), "15 17 18 112 015 0112 +3315 114"),
    ("ZA", "9", (), "10111 910111 1011177 91011177 +2710111"),
    ("RU", "9", (), "01 02 103 9103 0104 +7103"),
    ("ER", "9", (), "124422 9124422"),
]  # fmt: skip
TABLE = [
    pytest.param(country, access, configured, dialled, id=f"{country} {access or 'none'} {dialled}")
    for country, access, configured, every in WAYS
    for dialled in every.split()
]
EXIT = {"US": "011"}


def oracle(country: str, access: str = "", configured: tuple[str, ...] = ()) -> Emergency:
    return Emergency(country, access_digit=access, exit_code=EXIT.get(country, "00"), configured=configured)


@pytest.mark.parametrize(("country", "access", "configured", "dialled"), TABLE)
def test_whatever_is_read_as_an_emergency_call_is_never_cut(
    country: str, access: str, configured: tuple[str, ...], dialled: str
) -> None:
    plan = NumberPlan(
        region=country, international_prefix=EXIT.get(country, "00"), access_digit=access, emergency_numbers=configured
    )
    emergency = oracle(country, access, configured)
    assert emergency.may_be(dialled)
    assert plan.emergency.may_be(dialled)
    read = plan.read(dialled, outside=True).klass is Klass.EMERGENCY
    assert not read or emergency.may_be(dialled)


SURE = [
    ("US", "", "911 9911 +1911 *67911 112 9112"), ("GB", "", "999 9999 112"), ("DE", "", "112 0112 110 0110 +49112"),
    ("US", "9", "911 9911 +1911 *67911 9112"), ("ZA", "9", "1011177 91011177"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("country", "access", "dialled"),
    [pytest.param(c, a, d, id=f"{c} {a or 'none'} {d}") for c, a, every in SURE for d in every.split()],
)
def test_the_usual_ways_are_counted_as_emergency_calls(country: str, access: str, dialled: str) -> None:
    plan = NumberPlan(region=country, international_prefix=EXIT.get(country, "00"), access_digit=access)
    assert plan.read(dialled, outside=True).klass is Klass.EMERGENCY


@pytest.mark.parametrize(
    ("country", "access", "dialled"),
    [
        ("US", "", "901125261234567"), ("US", "9", "911252612345678"), ("US", "", "91125261234567"),
        ("US", "9", "912125550123"), ("US", "9", "+19115550123"), ("US", "9", "9112612345678"),
        ("GB", "9", "999252612345678"), ("DE", "0", "0011252612345"), ("DE", "", "004911023456789"),
        ("FR", "0", "0800123456"), ("DE", "0", "011880"), ("US", "9", "411"), ("IT", "0", "1254"),
    ],
)  # fmt: skip
def test_what_only_begins_like_one_is_none(country: str, access: str, dialled: str) -> None:
    assert not oracle(country, access).may_be(dialled)


@pytest.mark.parametrize("dialled", ["", " ", "#", "Unknown", "<sip:@pbx.example>"])
def test_a_number_that_nobody_can_read_may_be_one(dialled: str) -> None:
    assert oracle("US", "9").may_be(dialled)


@pytest.mark.parametrize("dialled", ["911", "112", "9911", "0112", "+49112", "44112", "+1911"])
def test_without_a_country_the_numbers_good_everywhere_are_known_behind_every_calling_code(dialled: str) -> None:
    assert NOWHERE.may_be(dialled)
    assert not NOWHERE.may_be("+252612345678")


@pytest.mark.parametrize(
    ("country", "access", "way", "sure", "carried"),
    [
        pytest.param("US", "9", "911", True, True, id="plainly"),
        pytest.param("US", "9", "9911", True, True, id="behind the access digit"),
        pytest.param("US", "", "9911", False, True, id="behind a guessed one it may work"),
        pytest.param("US", "", "0112", False, False, id="011 leads abroad"),
        pytest.param("DE", "", "0112", False, True, id="where 00 leads abroad 0112 does not"),
        pytest.param("US", "9", "0911", False, False, id="another digit than the one that is configured"),
        pytest.param("US", "9", "+1911", False, False, id="a route for all the world is for others"),
    ],
)
def test_which_ways_a_route_has_to_carry(country: str, access: str, way: str, sure: bool, carried: bool) -> None:
    emergency = oracle(country, access)
    assert (way in emergency.surely, way in emergency.ways) == (sure, carried)


@pytest.mark.parametrize(
    ("country", "prefix", "number"),
    [
        ("DE", "+49110", "110"), ("DE", "110", "110"), ("DE", "+4911", "112"), ("GB", "+4499", "999"),
        ("US", "9911", "911"), ("US", "+191", "911"), ("ZA", "10111", "10111"), ("DE", "+49301", None),
        ("DE", "+252", None), ("US", "+110", None), ("GB", "+44999123", None),
    ],
)  # fmt: skip
def test_which_number_a_prefix_stops(country: str, prefix: str, number: str | None) -> None:
    assert oracle(country, "9").cut_by(prefix) == number


@pytest.mark.parametrize(
    ("country", "numbers"),
    [
        ("US", {"911", "112"}),
        ("AU", {"000", "106", "112", "911"}),
        ("GB", {"999", "18000", "112", "911"}),
        ("RU", {"01", "02", "03", "04", "0104", "101", "102", "103", "104", "112", "911"}),
        ("ZA", {"107", "10111", "10177", "1011177", "112", "911"}),
        ("ER", {"112", "113", "114", "116", "124422", "127799", "201606", "201917", "202099", "202914", "911"}),
    ],
)
def test_every_emergency_number_of_a_country_is_known(country: str, numbers: set[str]) -> None:
    assert set(emergency_numbers(country)) == numbers
