"""A flood cannot fill an incident: addresses fold into networks, and who matters stays."""

from collections import Counter

import pytest

from detector.contract.findings import Subject
from detector.contract.vocabulary import PricedBy, SubjectKind
from detector.correlate.case import FOLDED, MAX_SUBJECTS, Case, Cases
from tests.detector.engine.builders import (
    SOMALIA,
    call,
    decisions,
    engine,
    incidents,
    interrupted,
    registration,
    run,
    text,
    watched,
    whole,
)


def beside(number):
    """One of the addresses of a /48."""
    return f"2001:db8:7:{number + 1:x}::1"


def scattered(number):
    """One of many addresses, each of another network."""
    return f"8.{number // 250}.{number % 250}.9"


def everywhere(number):
    """One of many addresses of several countries."""
    return f"{(8, 45, 77, 185, 202)[number // 20 % 5]}.{number // 250}.{number % 250}.9"


def theft(count, which, address, gap=5):
    """So many addresses try 1606 once each; one of them is let in and calls Somalia."""
    return [
        *(registration(gap * n, "rejected", "1606", address(n)) for n in range(count)),
        registration(gap * count + 60, "accepted", "1606", address(which)),
        *whole(gap * count + 120, 360, SOMALIA, "1606"),
    ]


FLOODS = [
    ("nine, the last is let in", 9, 8, beside),
    ("a network of 110, the ninth is let in", 110, 8, beside),
    ("a network of 110, the first is let in", 110, 0, beside),
    ("a network of 110, the last is let in", 110, 109, beside),
    ("a network of 600", 600, 300, beside),
    ("110 networks, the ninth is let in", 110, 8, scattered),
    ("300 networks, the last is let in", 300, 299, scattered),
    ("300 networks, the 200th is let in", 300, 199, scattered),
]


@pytest.mark.parametrize(("count", "which", "address"), [pytest.param(*case[1:], id=case[0]) for case in FLOODS])
def test_the_one_who_came_in_and_whom_it_entered_are_seen(count, which, address) -> None:
    events = [*watched(), *theft(count, which, address)]
    found = run(events)
    (incident,) = [one for one in incidents(found) if one.severity == "critical"]
    subjects = {(one.kind, one.id) for one in incident.subjects}
    came_in = address(which).replace("::1", "::/64")
    assert {("extension", "1606"), ("source_ip", came_in), ("account", "1606")} <= subjects
    assert len(incidents(found)) == 1
    assert {one.action for one in decisions(found, target="1606") if one.mode == "auto"} >= {"hang_up"}
    assert sum(kind == "source_ip" for kind, _ in subjects) <= MAX_SUBJECTS
    assert text(interrupted(events, batch=50)) == text(found)


def test_blocks_of_many_addresses_leave_room_for_what_is_done_to_whom_they_entered() -> None:
    tries = [registration(n, "rejected", str(1600 + n % 20), everywhere(n)) for n in range(400)]
    found = run([*watched(), *tries, registration(460, "accepted", "1606", everywhere(300)),
                 *whole(520, 360, SOMALIA, "1606")])  # fmt: skip
    (incident,) = [one for one in incidents(found) if ("extension", "1606") in {(s.kind, s.id) for s in one.subjects}]
    assert len([one for one in decisions(found, "block_ip") if one.incident == incident.id]) >= 100
    assert {one.action for one in decisions(found, target="1606")} >= {"hang_up", "restrict_extension"}


def test_many_addresses_of_one_network_are_shown_as_that() -> None:
    (incident,) = incidents(run([*watched(), *theft(60, 30, beside)[:60]]))
    sources = [one.id for one in incident.subjects if one.kind == "source_ip"]
    assert "2001:db8:7::/48" in sources
    assert len(sources) <= FOLDED + 1


def test_extensions_are_never_left_out() -> None:
    events = [call(10 * n, SOMALIA[:-1] + str(n % 10), str(2000 + n)) for n in range(150)]
    found = run([*watched(), *events])
    named = Counter(one.id for incident in incidents(found) for one in incident.subjects if one.kind == "extension")
    assert len(named) == 150
    assert max(named.values()) == 1


def a_case():
    cases = Cases()
    case = Case(id="a", opened=0, updated=0, tenant="", currency="USD", priced_by=PricedBy.DEFAULT)
    cases.add(case)
    return case, cases


def source(name):
    return Subject(SubjectKind.SOURCE_IP, name)


def test_what_is_found_is_what_is_named_whatever_is_folded_or_dropped() -> None:
    case, cases = a_case()
    for number in range(400):
        cases.link(case, [source(f"198.18.{number // 20}.{number % 20}"), source(f"198.19.{number}.1")])
        if number % 9 == 0:
            cases.come_in(case, source(f"198.18.{number // 20}.{number % 20}"))
        assert set(cases.links) == set(case.subjects)
        assert set(case.proven) <= set(case.subjects)
    assert len(case.subjects) <= MAX_SUBJECTS
    assert {source(f"198.18.{number // 20}.{number % 20}") for number in range(207, 400, 9)} <= set(case.subjects)


def test_a_restart_finds_the_same() -> None:
    made = engine()
    for event in theft(200, 100, beside):
        made.process(event)
    cases = made._states["hq", False].cases
    again = Cases()
    for case in cases.by_id.values():
        again.restore(case)
    assert again.links == cases.links
