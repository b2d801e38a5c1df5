"""Calls forwarded abroad (C25)."""

import pytest

from tests.detector.engine.builders import (
    HOME,
    HOUR,
    LATVIA,
    NIGHT,
    SOMALIA,
    branch,
    call,
    config,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
    watched,
    whole,
)

RULE = "call.forwarding"


def sent(count, apart=60, to=SOMALIA, owner="1009", start=0, **more):
    given = {"via": "forward", "on_behalf_of": owner}
    return [call(start + apart * n, to, "1001", **given | {"call": f"f{apart * n}"} | more) for n in range(count)]


def changed(actor, to="901125261234567", name="forward_to"):
    return config(-60, "extension", {name: ("", to)}, object_id="1009", actor=actor)


CASES = [
    ("one below the limit", sent(3), []),
    ("at the limit", sent(4), [180]),
    ("one past the limit", sent(5), [180]),
    ("starts over", sent(8), [180, 420]),
    ("within the window", sent(4, 1_199), [3_597]),
    ("slow drip", sent(20, HOUR / 3), []),
    ("out of order", [sent(4)[n] for n in (3, 0, 2, 1)], [60]),
    ("twice the same event", [event for event in sent(3) for _ in "ab"], []),
    ("several legs of one call", [sent(1, start=n, call="a", leg=str(n))[0] for n in range(9)], []),
    ("set by the administrator", [changed("admin"), *sent(9)], []),
    ("another number set by the administrator", [changed("admin", "901137127654321"), *sent(4)], [180]),
    ("set by the user", [changed("1009"), *sent(4)], [180]),
    ("to an overseas branch called every day", [*branch(LATVIA), *sent(9, to=LATVIA)], []),
    ("at home", sent(9, to=HOME), []),
    ("transferred", sent(9, via="transfer"), []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_forwarding(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_whoever_forwards_is_restricted_not_the_caller() -> None:
    found = run([*watched(), changed("1009"), *sent(4)])
    (incident,) = incidents(found)
    assert (incident.kind, incident.title) == ("forwarding_fraud", "Extension 1009 is forwarding calls to Somalia")
    assert {each.severity for each in detections(found, RULE)} == {"critical"}
    assert "1009" in {each.target.id for each in decisions(found, "restrict_extension")}
    assert "1001" not in {each.target.id for each in decisions(found)}


def test_somebody_who_is_abroad_takes_calls_along() -> None:
    one_by_one = [event for n in range(4) for event in whole(600 * n, 300, SOMALIA, "1001", via="forward",
                                                             on_behalf_of="1009")]  # fmt: skip
    found = run([*watched(), *one_by_one])
    assert [each.severity for each in detections(found, RULE)] == ["warning"]
    assert decisions(found) == []


def test_on_the_first_day_it_warns_at_night_only_and_limits_are_settable() -> None:
    strict = settings(rules={RULE: {"calls": 1}})
    for start, severity in ((0, "info"), (NIGHT, "warning")):
        found = run(sent(1, start=start), strict)
        assert [each.severity for each in detections(found, RULE)] == [severity]
