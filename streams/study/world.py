"""A map of the world that shows which countries money went to.

Outlines are those of Natural Earth 1:110m (public domain), thinned and by ISO 3166-1 alpha-2 as numbers carry it; the
largest come first, so that what lies within another one is drawn over it. A country too small to be seen, or without an
outline, has a point.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from msgspec import Struct, json

from detector.enrich.dialling.countries import name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEA, LAND, BORDER, FRAME = "#f4f8fb", "#e3e3df", "#ffffff", "#555555"
CLASSES = ("#fdd49e", "#fc8d59", "#d7301f", "#7f0000")
"""Each for ten times the money of the one before."""
NAMED = 5


class World(Struct, frozen=True):
    """Rings of longitudes and latitudes in turn, and points, by country."""

    outlines: dict[str, list[list[float]]]
    points: dict[str, tuple[float, float]]


@cache
def world() -> World:
    """The map, read once."""
    return json.decode((files("streams.study") / "world.json").read_bytes(), type=World)


def draw(ax: "Axes", money: Mapping[str, float], currency: str) -> dict[str, float]:
    """Colour countries by money; returns what has no place on the map, such as satellite networks."""
    known, top = world(), max(ceil(log10(max([*money.values(), 1]))), 1)
    placed = {code: amount for code, amount in money.items() if code in known.outlines or code in known.points}
    for code, rings in known.outlines.items():
        amount = placed.get(code, 0)
        for ring in rings:
            ax.fill(ring[::2], ring[1::2], facecolor=CLASSES[step(amount, top)] if amount > 0 else LAND,
                    edgecolor=BORDER, linewidth=0.4)  # fmt: skip
    for code in placed.keys() & known.points.keys():
        if placed[code] > 0:
            ax.scatter(*known.points[code], s=70, c=CLASSES[step(placed[code], top)], edgecolors=FRAME, linewidths=0.8,
                       zorder=3)  # fmt: skip
    label(ax, placed)
    for colour, text in zip(CLASSES, steps(top, currency), strict=True):
        ax.scatter([], [], c=colour, marker="s", s=70, label=text)
    ax.legend(loc="lower left", frameon=False, fontsize="small")
    ax.set(xlim=(-180, 180), ylim=(-58, 84), xticks=[], yticks=[], facecolor=SEA, aspect=1.15)
    ax.spines[:].set_visible(False)
    return {code: amount for code, amount in money.items() if code not in placed}


def label(ax: "Axes", placed: Mapping[str, float]) -> None:
    """Write the names of the dearest countries beside them."""
    for code in sorted(placed, key=lambda code: -placed[code])[:NAMED]:
        if placed[code] > 0:
            ax.annotate(name(code), middle(code), xytext=(6, 6), textcoords="offset points", fontsize="small", zorder=4)


def middle(code: str) -> tuple[float, float]:
    """Where a country is, roughly: its point, or the middle of its longest ring."""
    known = world()
    if code in known.points:
        return known.points[code]
    ring = max(known.outlines[code], key=len)
    return (min(ring[::2]) + max(ring[::2])) / 2, (min(ring[1::2]) + max(ring[1::2])) / 2


def step(amount: float, top: int) -> int:
    """The class of an amount, where the dearest country has at most ten to the `top`."""
    return min(max(floor(log10(amount)) - top + len(CLASSES), 0), len(CLASSES) - 1)


def steps(top: int, currency: str) -> Iterator[str]:
    """What the classes mean, in words."""
    bounds = [10.0 ** (top - len(CLASSES) + place) for place in range(1, len(CLASSES))]
    yield f"less than {bounds[0]:,g} {currency}"
    for low, high in pairwise(bounds):
        yield f"{low:,g} to {high:,g} {currency}"
    yield f"{bounds[-1]:,g} {currency} and more"
