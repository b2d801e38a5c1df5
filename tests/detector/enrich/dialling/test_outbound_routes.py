"""By which route a call went: certain, one of several, or none that explains it."""

from typing import Any

import pytest

from detector.enrich.dialling.outbound_routes import DialRule, OutboundRoute, RouteTable

EMERGENCY = frozenset({"911", "9911"})


def route(name: str, *patterns: str | DialRule, order: int | None = None, **more: Any) -> OutboundRoute:
    """A route that everybody may use over carrier-a, unless told otherwise; `pattern-strip+prepend` as text."""
    given: dict[str, Any] = {"trunks": frozenset({"carrier-a"}), "everybody": True}
    rules = tuple(one if isinstance(one, DialRule) else DialRule(pattern=one) for one in patterns)
    return OutboundRoute(name=name, order=order, patterns=rules, **given | more)


def only(*extensions: str) -> dict[str, Any]:
    return {"everybody": False, "extensions": frozenset(extensions)}


def over(*trunks: str) -> dict[str, Any]:
    return {"trunks": frozenset(trunks)}


def strip(pattern: str, digits: int, prepend: str = "") -> DialRule:
    return DialRule(pattern=pattern, strip=digits, prepend=prepend)


NATIONAL = route("National", strip("9NXXNXXXXXX", 1), strip("91NXXNXXXXXX", 1), order=1)
ABROAD = route("Abroad", strip("9011.", 1), order=2, **only("1001", "1007"))
ALL = route("All", "X.", order=3)
OFFICE = [NATIONAL, ABROAD, ALL]
GROUP = {"everybody": False, "others": True}

CASES = [
    ("the only one that takes the number", [NATIONAL, ABROAD], "9011441234567", "1007", ("Abroad",)),
    ("one of several patterns", OFFICE, "912125550123", "1007", ("National",)),
    ("the first in order", OFFICE, "9011441234567", "1007", ("Abroad",)),
    ("whoever may not use the first goes by the next", OFFICE, "9011441234567", "1002", ("All",)),
    ("order is what the PBX says, not the place in the list", OFFICE[::-1], "9011441234567", "1007", ("Abroad",)),
    ("no route takes the number", [NATIONAL, ABROAD], "5551234", "1007", ()),
    ("nobody may use the only one", [NATIONAL, ABROAD], "9011441234567", "1002", ()),
    ("no routes at all", [], "912125550123", "1007", ()),
    ("without an order both are possible", [route("A", "9."), route("B", "X.")], "95551234", "1007", ("A", "B")),
    ("one order unknown is none known", [route("A", "9.", order=1), route("B", "X.")], "95551234", "1", ("A", "B")),
    ("without an order, but only one takes it", [route("A", "8."), route("B", "9.")], "95551234", "1007", ("B",)),
    ("who is in the group of the first is not known", [route("A", "9.", order=1, **GROUP), ALL], "95551234", "1007",
     ("A", "All")),
    ("in a group and named", [route("A", "9.", order=1, others=True, **only("1007")), ALL], "95551234", "1007", ("A",)),
    ("a group behind the one that surely takes it", [NATIONAL, route("B", "9.", order=2, **GROUP)], "912125550123", "1",
     ("National",)),
    ("only a group could", [route("A", "9.", order=1, **GROUP), ABROAD], "95551234", "1007", ("A",)),
    ("nobody knows who calls", [ABROAD, ALL], "9011441234567", None, ("Abroad", "All")),
    ("open to everybody, whoever calls", [NATIONAL, ALL], "912125550123", None, ("National",)),
    ("not over this trunk", [route("A", "X.", order=1, **over("carrier-b")), ALL], "95551234", "1007", ("All",)),
    ("any of its trunks", [route("A", "X.", order=1, **over("x", "carrier-a")), ALL], "95551234", "1007", ("A",)),
    ("its trunks are not known", [route("A", "X.", order=1, trunks=None), ALL], "95551234", "1007", ("A",)),
    ("a pattern nobody can read may take it", [route("A", "[9-1]", order=1), ALL], "95551234", "1007", ("A", "All")),
    ("one unreadable pattern of two", [route("A", "((", "9.", order=1), ALL], "95551234", "1007", ("A",)),
    ("no pattern takes nothing", [route("A", order=1)], "95551234", "1007", ()),
    ("an emergency goes past the routes", [ALL], "911", "1007", ()),
    ("an emergency behind the access digit", [ALL], "9911", "1007", ()),
    ("as sent, where nobody can have dialled it", [NATIONAL, ABROAD], "2125550123", "1007", ("National",)),
    ("as sent abroad", [NATIONAL, ABROAD], "011441234567", "1007", ("Abroad",)),
    ("as sent by one who may not", [NATIONAL, ABROAD], "011441234567", "1002", ()),
    ("as dialled comes first", [route("A", strip("9.", 1), order=1), route("B", "00.", order=2)], "00441", "1", ("B",)),
    ("with what is put before", [route("A", strip("0ZX.", 1, "+49"), order=1)], "+4930123456", "1007", ("A",)),
    ("put before, but another number", [route("A", strip("0ZX.", 1, "+49"), order=1)], "+4830123456", "1007", ()),
    ("more digits taken off than are named", [route("A", strip("9.", 3), order=1)], "5551234", "1007", ("A",)),
    ("all digits taken off", [route("A", strip("911X", 4, "112"), order=1)], "112", "1007", ("A",)),
    ("as sent by two", [route("A", strip("8.", 1), order=1, **GROUP), route("B", strip("9.", 1), order=2)], "5551234",
     "1007", ("A", "B")),
    ("unreadable, or as sent", [route("A", "((", order=1), route("B", strip("9.", 1), order=2)], "5551234", "1007",
     ("A", "B")),
    ("whoever may not use what was dialled had it sent", [route("A", "5.", order=1, **only("1")),
     route("B", strip("9.", 1), order=2)], "5551234", "1007", ("B",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("routes", "number", "extension", "names"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_the_route_of_a_call(
    routes: list[OutboundRoute], number: str, extension: str | None, names: tuple[str, ...]
) -> None:
    assert RouteTable(routes, EMERGENCY).find(number, extension, "carrier-a") == names


def test_another_trunk_tells_two_routes_apart() -> None:
    table = RouteTable([route("A", "X.", order=1), route("B", "X.", order=2, **over("carrier-b"))])
    assert [table.find("95551234", "1007", trunk) for trunk in ("carrier-a", "carrier-b", "other")] == [
        ("A",), ("B",), (),
    ]  # fmt: skip
