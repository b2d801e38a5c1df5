"""The map: every country has a place, money its colour, and what has no place is told."""

import phonenumbers
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from streams.study.world import CLASSES, LAND, draw, middle, world

TINY = ("MV", "WS", "SC", "AC", "NR", "TV", "SG", "BB", "MT")


def test_every_country_with_numbers_has_a_place() -> None:
    assert not phonenumbers.SUPPORTED_REGIONS - (world().outlines.keys() | world().points.keys())


@pytest.mark.parametrize("code", TINY)
def test_a_tiny_country_has_a_point(code: str) -> None:
    assert code in world().points


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("SO", 45, 5),
        ("DE", 10, 51),
        ("MV", 73.5, 4.2),
        ("WS", -172, -14),
        ("CU", -79, 22),
        ("GF", -53, 4),
        ("LS", 28, -29),
    ],
)
def test_countries_are_where_they_are(code: str, longitude: float, latitude: float) -> None:
    assert middle(code) == pytest.approx((longitude, latitude), abs=3)


def test_every_place_is_on_the_map() -> None:
    known = world()
    rings = [ring for rings in known.outlines.values() for ring in rings]
    assert all(len(ring) >= 6 and len(ring) % 2 == 0 for ring in rings)
    for longitudes, latitudes in [(ring[::2], ring[1::2]) for ring in rings]:
        assert -180 <= min(longitudes) <= max(longitudes) <= 180
        assert -58 <= min(latitudes) <= max(latitudes) <= 84
    assert all(abs(longitude) <= 180 and -58 <= latitude <= 84 for longitude, latitude in known.points.values())


def drawn(money: dict[str, float]) -> tuple[Figure, dict[str, float]]:
    figure = Figure()
    return figure, draw(figure.subplots(), money, "EUR")


@pytest.mark.parametrize(
    ("money", "colour"),
    [
        (0.0, LAND),
        (5.0, CLASSES[0]),
        (10.0, CLASSES[1]),
        (99.0, CLASSES[1]),
        (100.0, CLASSES[2]),
        (5_000.0, CLASSES[3]),
    ],
)
def test_each_class_is_ten_times_the_one_before(money: float, colour: str) -> None:
    figure, _ = drawn({"SO": money, "US": 9_000.0})
    fills = [to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    assert fills.count(colour) >= len(world().outlines["SO"])
    somalia = sum(len(rings) for code, rings in list(world().outlines.items())[: list(world().outlines).index("SO")])
    assert fills[somalia] == colour


def test_tiny_countries_are_bubbles_and_the_dearest_are_named() -> None:
    figure, elsewhere = drawn({"MV": 50.0, "WS": 0.0})
    axes = figure.axes[0]
    assert sum(len(dots.get_offsets()) for dots in axes.collections) == 1
    assert [text.get_text() for text in axes.texts] == ["Maldives"]
    assert elsewhere == {}


def test_the_legend_says_what_colours_mean() -> None:
    figure, _ = drawn({"SO": 900.0})
    legend = figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [
        "less than 1 EUR", "1 to 10 EUR", "10 to 100 EUR", "100 EUR and more",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["", "Inmarsat", "ZZ", "001"])
def test_what_has_no_place_is_elsewhere(place: str) -> None:
    assert drawn({place: 7.0, "SO": 1.0})[1] == {place: 7.0}


def test_no_money_is_a_map_all_the_same() -> None:
    assert drawn({})[1] == {}
