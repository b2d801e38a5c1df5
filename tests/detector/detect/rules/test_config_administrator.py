"""Roles granted and changed (C20)."""

import pytest

from tests.detector.engine.builders import DAY, THIEF, config, decisions, detections, fired, guesses, incidents, run

RULE = "config.administrator"
GRANTED = config(0, "extension", {"role": ("Employee", "Administrator")}, object_id="1007", source_ip=THIEF)


def changed(old, new, name="role"):
    return config(0, "extension", {name: (old, new)}, object_id="1007", id=f"{old} {new} {name}")


CASES = [
    ("a role is granted", [GRANTED], [0]),
    ("a role is changed", [config(0, "role", {"cdr": (False, True)})], [0]),
    ("a role is made", [config(0, "role", None, object_id="Owner")], [0]),
    ("each change", [config(0, "role"), config(5, "role")], [0, 5]),
    ("slow drip", [config(n * DAY, "role") for n in range(3)], [0, DAY, 2 * DAY]),
    ("out of order", [config(5, "role"), config(0, "role")], [5, 0]),
    ("twice the same event", [GRANTED, GRANTED], [0]),
    ("a user like all others is made", [config(0, "role", {"role": (None, "Employee")}, object_id="1099")], []),
    ("an administrator is made", [config(0, "role", {"role": (None, "Administrator")}, object_id="1099")], [0]),
    ("an administrator is taken away", [config(0, "role", {"role": ("Administrator", None)}, object_id="1099")], [0]),
    ("a list of roles grows", [changed(["Employee"], ["Employee", "Administrator"])], [0]),
    ("a list of roles shrinks", [changed(["Administrator"], [])], [0]),
    ("a role as an object", [changed({"id": 2}, {"id": 1})], [0]),
    ("a role as a number", [changed(2, 1)], [0]),
    ("a role as a list of what is no word", [changed([], [[True]])], [0]),
    ("a field of another name about rights", [changed(None, "all", "user_roles")], [0]),
    ("a user like all others, as a list", [changed(None, ["Employee"]), changed([], "employee", "user_role")], []),
    ("something else", [config(0, "extension", {"name": ("a", "b")}), config(1, "trunk")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_config_administrator(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_what_it_says() -> None:
    found = run([GRANTED])
    (one,) = detections(found)
    assert (one.severity, one.summary, one.values["fields"]) == (
        "warning",
        "The rights of 1007 were changed by admin",
        "role",
    )
    assert [each.kind for each in incidents(found)] == ["admin_takeover"]
    assert decisions(found) == []


def test_from_an_address_that_guessed_it_is_critical_and_the_same_incident() -> None:
    found = run([*guesses(-60), GRANTED])
    assert detections(found, RULE)[0].severity == "critical"
    assert len(incidents(found)) == 1
