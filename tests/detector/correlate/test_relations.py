"""What shares only a country, or guessing that never ends, is related: an incident of its own that names the other."""

import pytest

from detector.contract.findings import Incident
from tests.detector.engine.builders import (
    DAY,
    HOUR,
    LATVIA,
    NIGHT,
    OTHER_THIEF,
    SOMALIA,
    SOMALIA_NEXT,
    THIEF,
    call,
    decisions,
    guesses,
    incidents,
    interrupted,
    last,
    registration,
    run,
    text,
    tick,
    watched,
    whole,
)

FARTHER = "901125269234567"
"""Somalia, another block of numbers."""


def theft(seconds, to, extension, source):
    """Guessed, let in, and six calls."""
    return [
        *guesses(seconds, 5, extension, source), registration(seconds + 10, "accepted", extension, source),
        *(call(seconds + 60 + n, to, extension, call=f"{extension}/{n}", source_ip=source) for n in range(6)),
    ]  # fmt: skip


def named(found, extension):
    """The incident about an extension."""
    (one,) = [one for one in incidents(found) if ("extension", extension) in
              {(each.kind, each.id) for each in one.subjects}]  # fmt: skip
    return one


COUNTRY = [
    ("the same block of numbers is one attack", SOMALIA_NEXT, 1, False),
    ("the same country is related", FARTHER, 2, True),
    ("another country is nothing", LATVIA, 2, False),
]


@pytest.mark.parametrize(("to", "count", "related"), [pytest.param(*case[1:], id=case[0]) for case in COUNTRY])
def test_two_thefts(to, count, related) -> None:
    events = [*watched(), *theft(0, SOMALIA, "1007", THIEF), *theft(HOUR, to, "1003", OTHER_THIEF)]
    found = run(events)
    assert len(incidents(found)) == count
    if count == 2:
        one, other = named(found, "1007"), named(found, "1003")
        assert (one.related, other.related) == (((other.id,), (one.id,)) if related else ((), ()))
    assert text(interrupted(events, batch=3)) == text(found)


def test_a_colleague_who_calls_the_same_country_is_not_in_it() -> None:
    colleague = whole(2 * HOUR, 600, FARTHER, "1002")
    found = run([*watched(), *theft(0, SOMALIA, "1007", THIEF), *colleague, tick(3 * HOUR)])
    (incident,) = incidents(found)
    assert ("extension", "1002") not in {(each.kind, each.id) for each in incident.subjects}
    assert incident.loss.spent == 0
    assert "1002" not in {one.target.id for one in decisions(found)}


def test_related_incidents_that_become_one_are_not_related_to_themselves() -> None:
    events = [*watched(), *theft(0, SOMALIA, "1007", THIEF), *theft(HOUR, FARTHER, "1003", OTHER_THIEF),
              registration(2 * HOUR, "accepted", "1003", THIEF)]  # fmt: skip
    found = run(events)
    (incident,) = incidents(found)
    assert incident.related == ()
    assert text(interrupted(events)) == text(found)


def weather(days, source=THIEF):
    """Five tries at an account that is not there, every hour."""
    return [one for hour in range(days * 24) for one in guesses(hour * HOUR, 5, "9999", source)]


def test_whoever_comes_in_after_a_day_of_guessing_is_an_incident_of_its_own() -> None:
    events = [*watched(), *weather(2), *theft(2 * DAY, SOMALIA, "1007", THIEF)[5:], *guesses(2 * DAY + 200, 5, "9999")]
    found = run(events)
    campaign, stolen = incidents(found)
    assert (campaign.stage, stolen.severity, stolen.kind) == ("credential", "critical", "irsf")
    assert (stolen.opened_at - campaign.opened_at).total_seconds() > DAY
    assert (campaign.related, stolen.related) == ((stolen.id,), (campaign.id,))
    assert {(each.kind, each.id) for each in stolen.subjects} >= {("source_ip", THIEF), ("extension", "1007")}
    assert {one.action for one in decisions(found) if one.incident == stolen.id} >= {"hang_up", "restrict_extension"}
    assert text(interrupted(events, batch=5)) == text(found)


def test_whoever_comes_in_at_once_is_of_the_guessing() -> None:
    found = run([*watched(), *weather(1)[:20], *theft(5 * HOUR, SOMALIA, "1007", THIEF)[5:]])
    (incident,) = incidents(found)
    assert (incident.stage, incident.related) == ("pumping", ())


def test_only_so_many_relations_are_remembered() -> None:
    blocks = [f"90112526{n:02d}34567" for n in range(40)]
    events = [call(NIGHT + 2_000 * n, to, str(1100 + n)) for n, to in enumerate(blocks)]
    odd = [each for event in events for each in (event, *guesses(0, 0))]
    found = run([*watched(), *odd])
    assert max(len(one.related) for one in last(found, Incident).values()) <= 32
