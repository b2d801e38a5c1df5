"""Killed with -9 again and again while an attack runs: nothing lost, nothing done twice, nothing half done."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detector.engine.engine import Engine
from detector.settings import Settings
from models.places import Places
from models.unusual import Unusual
from streams.config.loading import load
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine
from streams.store.stream import StreamStore
from tests.system.programs import (
    PATIENCE,
    STOLEN,
    Installation,
    Program,
    Receiver,
    Sim,
    eventually,
    judge_history,
    judge_messages,
    settled,
    simulated,
)

KILLS = 20
PREPARATION = 92.0
"""Script seconds from the start of the attack until it pumps."""
EMERGENCY = "911"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiving = Receiver()
    yield receiving
    receiving.close()


def known_ids(installation: Installation) -> set[str]:
    """What memory would know after a restart: the checkpoint and the log behind it, read beside the service."""
    database = open_engine(f"sqlite:///{installation.data}/stream.db")
    try:
        settings, known = Settings(), tables(load(None))
        worker = Partition(settings, known, SqlCheckpoints(database))
        worker.engine = Engine(settings, known, Places(), Unusual())
        log = StreamStore(database).read(0, 1_000_000)
        checkpoint = SqlCheckpoints(database).load(0)
        worker.offset = checkpoint.offset
        worker.engine.load(checkpoint.pages)
        worker.replay(log)
        return {id_ for state in worker.engine._states.values() for id_ in state.seen.where}
    finally:
        database.dispose()


class Killer:
    """Chooses, from a seed, when the next kill comes: while starting, at work, or while something is being done."""

    def __init__(self, seed: int, installation: Installation, startup: float) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - to be repeated, not secret
        self.installation = installation
        self.last_startup = startup

    def strike(self, program: Program) -> str:
        """Wait for the moment and kill; what kind of moment it was."""
        kind = self.rng.choice(("starting", "working", "working", "acting", "acting"))
        began = time.monotonic()
        if kind == "starting":
            time.sleep(self.rng.uniform(0.3, 1.0) * self.last_startup)
        else:
            program.hear("console")
            self.last_startup = time.monotonic() - began
            if kind == "working":
                time.sleep(self.rng.uniform(0.0, 1.5))
            else:
                self._wait_for_a_change()
                time.sleep(self.rng.uniform(0.0, 0.1))
        assert program.process.poll() is None, program.said()[-4_000:]
        program.kill()
        return kind

    def _wait_for_a_change(self) -> None:
        """Until an action or a message is under way or its state changes, at most two seconds."""
        until = time.monotonic() + 2.0
        before = self._progress()
        while time.monotonic() < until and self._progress() == before:
            time.sleep(0.005)

    def _progress(self) -> list[tuple[Any, ...]]:
        return [
            *self.installation.rows("SELECT count(*) FROM action_history"),
            *self.installation.rows("SELECT state, count(*) FROM notification GROUP BY state"),
        ]


def known_rows(installation: Installation) -> Counter[str]:
    """How many call records of each call."""
    return Counter(known.split(":")[1] for known in known_ids(installation) if known.startswith("cdr:"))


@pytest.mark.slow
def test_twenty_kills_during_an_attack(tmp_path: Path, receiver: Receiver) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    hook = {"name": "ops", "url": "env:HOOK", "repeat": "1h"}
    installation = Installation(tmp_path, notify=[hook])
    environment = {"HOOK": f"json://127.0.0.1:{receiver.port}/"}
    startup = startup_seconds(installation, environment)
    speed = PREPARATION / (0.4 * KILLS * (0.8 * startup + 0.8))  # two kills in five come before it pumps
    with simulated(tmp_path, "--feed", installation.feed_url, speed=speed) as sim:
        installation.reach(sim.url)
        killer = Killer(seed, installation, startup)
        emergency_call = ""
        for number in range(KILLS):
            with installation.running(env=environment) as program:
                if number == 0:
                    program.hear('"connected"')
                    sim.attack()
                print(number, killer.strike(program), attack_of(sim)["phase"], under_way(installation))
            if not emergency_call and attack_of(sim)["phase"] == "pumping":
                emergency_call = sim.dial(STOLEN, EMERGENCY)
        with installation.running(env=environment) as program:
            program.hear('"connected"')
            eventually("the attack is pumping", lambda: attack_of(sim)["phase"] in {"pumping", "over"})
            emergency_call = emergency_call or sim.dial(STOLEN, EMERGENCY)
            eventually("the attack is contained", lambda: contained(installation))
            print("contained", under_way(installation))
            eventually("the thief has given up", lambda: attack_of(sim)["phase"] == "over", 300)
            eventually("no call of the thief is up", lambda: not attack_of(sim)["calls_up"])
            rows = Counter(sim.state()["cdr_calls"])
            eventually("every call record is known", lambda: rows <= known_rows(installation))
            later = sim.dial(STOLEN, EMERGENCY)
            for call in (emergency_call, later):
                went_through(sim, call, 60 / speed)
            eventually("nothing is under way", lambda: settled(installation))
            assert program.end() == 0
            assert "Traceback" not in program.said()
        judge_incident(installation)
        judge_actions(installation, sim)
        judge_messages(installation.rows, receiver)


def startup_seconds(installation: Installation, environment: dict[str, str]) -> float:
    """How long this machine takes to start the service now: the attack goes at its pace."""
    began = time.monotonic()
    with installation.running(env=environment) as program:
        program.hear("console")
        program.kill()
    return time.monotonic() - began


def attack_of(sim: Sim) -> dict[str, Any]:
    shown: dict[str, Any] = sim.state()["attacks"]["stolen_extension"]
    return shown


def under_way(installation: Installation) -> list[tuple[Any, ...]]:
    """How each action is doing, for whoever reads of a failure."""
    return installation.rows("SELECT kind, state, attempt, error, handle FROM action ORDER BY created_at, id")


def contained(installation: Installation) -> bool:
    return "contained" in [incident["status"] for incident in installation.incidents()]


def went_through(sim: Sim, call_id: str, seconds: float) -> None:
    """The call was answered and ended by itself, after all of its 60 script seconds."""

    def record() -> list[dict[str, Any]]:
        return [row for row in sim.api("GET", "cdr/list")["data"] if row["call_id"] == call_id]

    (row,) = eventually("the emergency call has ended", record, PATIENCE + seconds)
    assert row["disposition"] == "ANSWERED"
    assert row["talk_duration"] >= int(seconds) - 1


def judge_incident(installation: Installation) -> None:
    """One attack is one incident, contained; what looked like another at first is part of it now."""
    incidents = installation.incidents()
    (one,) = [incident for incident in incidents if incident["status"] != "merged"]
    assert one["status"] == "contained"
    assert {incident["merged_into"] for incident in incidents if incident is not one} <= {one["id"]}
    assert ("extension", STOLEN) in {(subject["kind"], subject["id"]) for subject in one["subjects"]}


def judge_actions(installation: Installation, sim: Sim) -> None:
    """One action a decision, each through its states once, and on the PBX done once."""
    judge_history(installation.rows)
    kinds = [kind for _, kind, state in installation.actions() if state == "confirmed"]
    assert {"hang_up", "restrict_extension"} <= set(kinds)
    blocked = {f"{address}/32" for address in targets(installation, "block_ip")}
    assert set(sim.state()["firewall"]["blocked"]) == blocked
    done = Counter(change["path"] for change in sim.state()["changes"] if change["path"] != "call/dial")
    assert done["extension/update"] == len(targets(installation, "restrict_extension"))
    assert done["block_numbers/create"] == kinds.count("block_number")
    assert done["outbound_route/update"] == kinds.count("lock_route")
    assert done["backup/create"] == kinds.count("backup_pbx")
    known = {"call/hangup", "extension/update", "block_numbers/create", "outbound_route/update", "backup/create"}
    assert set(done) <= known


def targets(installation: Installation, kind: str) -> set[str]:
    """What actions of a kind were done to."""
    query = "SELECT body FROM decision JOIN action ON decision_id = decision.id WHERE state = 'confirmed'"
    bodies = installation.rows(query)
    decisions = [json.loads(body) for (body,) in bodies]
    return {decision["target"]["id"] for decision in decisions if decision["action"] == kind}
