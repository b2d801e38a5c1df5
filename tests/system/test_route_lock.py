"""A PBX on which Ringfence may change neither extensions nor numbers: the ladder arrives at the route, and back."""

from pathlib import Path
from typing import Any

import pytest

from tests.system.programs import STOLEN, Installation, Sim, eventually, simulated
from tests.system.test_brakes import ring, told

ROUTE, SOMALIA = "International", "9011252612345678"


def route(sim: Sim) -> dict[str, Any]:
    [found] = [one for one in sim.api("GET", "outbound_route/list")["data"] if one["name"] == ROUTE]
    shown: dict[str, Any] = sim.api("GET", "outbound_route/get", id=found["id"])["data"]
    return shown


def states(installation: Installation) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for _, kind, state in installation.actions():
        found.setdefault(kind, set()).add(state)
    return found


def goes_on(installation: Installation, sim: Sim) -> bool:
    """The thief dials once more, as long as the route is open; whether it is locked and read back."""
    if "confirmed" in states(installation).get("lock_route", set()):
        return True
    answer = sim.api("POST", "call/dial", caller=STOLEN, callee=SOMALIA)
    assert answer["errcode"] in {0, 60001}, answer
    return False


@pytest.mark.slow
def test_without_rights_to_extensions_and_numbers_the_route_is_locked_and_unlocked(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.settings["pbxs"][0]["routes"] = {"National": {"emergency": True}}
    denied = ("--deny", "extension,block_numbers", "--no-traffic")
    with simulated(tmp_path, "--feed", installation.feed_url, *denied, speed=25.0) as sim:
        installation.reach(sim.url)
        was = route(sim)["pin_protect"]
        with installation.running() as program:
            program.hear('"connected"')
            sim.attack()
            eventually("the route is locked", lambda: goes_on(installation, sim), patience=180)
            assert states(installation)["restrict_extension"] == {"failed"}
            assert states(installation)["block_number"] == {"failed"}
            assert route(sim)["pin_protect"] == "single_pin"
            eventually("no call is up", lambda: not sim.state()["attacks"]["stolen_extension"]["calls_up"])
            [lock] = [one for one in told(installation, "actions", "--all") if one["action"] == "lock_route"]
            assert (lock["target"]["id"], lock["mode"]) == (ROUTE, "auto")
            undone = ring(installation, "undo", lock["id"], "--why", "the telephone is switched off")
            assert undone.returncode == 0, undone.stderr
            assert route(sim)["pin_protect"] == was
            assert program.end() == 0
