"""What containment must know of a country: its emergency numbers as whole strings."""

import pytest

from detector.enrich.dialling.emergency import emergency_numbers


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
