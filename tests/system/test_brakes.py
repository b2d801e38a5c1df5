"""Brakes of the service as it is run: stopped by command and by button, asked instead, approved, undone, resumed."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.programs import (
    PROGRAM,
    STOLEN,
    THIEF,
    Installation,
    Program,
    Sim,
    eventually,
    settled,
    simulated,
)
from tests.system.test_service import Browser, Mailbox, in_force, password_of

SPEED = 25.0
HITS = f"Extension {STOLEN} can call nobody outside; calls of it that are up go on."


def ring(installation: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`ringfence ARGUMENTS` on this machine, while the service runs or not."""
    command = [sys.executable, "-c", PROGRAM, *arguments[:1], "--config", str(installation.config), *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def told(installation: Installation, *arguments: str) -> list[dict[str, Any]]:
    """What it says in JSON."""
    done = ring(installation, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def waiting(installation: Installation) -> dict[str, str]:
    """What waits for approval: the kind of action, and why."""
    rows = installation.rows("SELECT kind, error FROM action WHERE state = 'requested'")
    return {kind: error or "" for kind, error in rows}


def untouched(sim: Sim) -> bool:
    """Nothing was done to the PBX, nor at the firewall."""
    return sim.extension(STOLEN)["disable_outb_call"] == 0 and sim.state()["firewall"]["blocked"] == []


def resume(browser: Browser) -> str:
    """Press the first button that ends a brake."""
    page = browser.get("/brakes").text
    found = re.search(r'action="(/brakes/end/\d+)"', page)
    assert found is not None, page
    return browser.order(found[1])


def test_while_acting_is_stopped_all_is_asked_and_what_a_person_approves_is_done(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with simulated(tmp_path, "--feed", installation.feed_url, speed=SPEED) as sim:
        installation.reach(sim.url)
        with installation.running() as program:
            password = password_of(program)
            program.hear('"connected"')
            stopped = ring(installation, "stop-acting", "--why", "the carrier moves numbers", "--by", "anna")
            assert (stopped.returncode, stopped.stderr) == (0, ""), stopped.stderr
            assert "the carrier moves numbers" in program.hear("braked")
            sim.attack()
            eventually(
                "the thief's calls are asked about",
                lambda: {"restrict_extension", "hang_up", "block_ip"} <= waiting(installation).keys(),
            )
            assert set(waiting(installation).values()) == {
                "anna stopped acting on everything: the carrier moves numbers"
            }
            assert untouched(sim)
            with Browser(installation.console_url) as browser:
                assert browser.log_in(password) == 303
                page = browser.get("/").text
                assert "Acting is stopped: <bdi>everything</bdi>" in page
                assert "anna stopped acting on everything" in page
                eventually("whom it hits is shown", lambda: HITS in browser.get("/").text)
                approve(installation, browser, "restrict_extension")
                eventually("it is done", lambda: sim.extension(STOLEN)["disable_outb_call"] == 1)
                eventually("and read back", lambda: state_of(installation, "restrict_extension") == "confirmed")
                assert sim.state()["firewall"]["blocked"] == [], "nobody approved that"
                assert resume(browser).endswith("done=end")
                assert "Acting is stopped" not in browser.get("/").text
            assert "anna" in program.hear("braked")
            assert "everything" in program.hear("released")
            assert "block_ip" in waiting(installation), "what was held back goes on waiting"
            undo(installation, sim)
            assert program.end() == 0


def approve(installation: Installation, browser: Browser, kind: str) -> None:
    ((action,),) = installation.rows(f"SELECT id FROM action WHERE kind = '{kind}' AND state = 'requested'")  # noqa: S608
    assert browser.order(f"/approve/{action}").endswith("done=approve")


def state_of(installation: Installation, kind: str) -> str:
    return next(state for _, other, state in installation.actions() if other == kind)


def undo(installation: Installation, sim: Sim) -> None:
    """By command; the PBX has it back when the command says so."""
    [standing] = [
        one for one in told(installation, "actions", "--state", "confirmed") if one["action"] == "restrict_extension"
    ]
    done = ring(installation, "undo", standing["id"], "--why", "new phone", "--by", "bert")
    assert done.returncode == 0, done.stderr
    assert "undone" in done.stdout
    assert sim.extension(STOLEN)["disable_outb_call"] == 0
    remarks = installation.rows("SELECT by, text FROM remark WHERE about = 'undone'")
    assert remarks == [("bert", "new phone")]
    again = ring(installation, "undo", standing["id"], "--why", "once more")
    assert again.returncode == 1
    assert "nothing was changed" in again.stderr


def test_a_stop_of_one_pbx_or_rule_leaves_the_others_alone(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.settings["pbxs"].append({"id": "branch"})
    with simulated(tmp_path, "--feed", installation.feed_url, speed=SPEED) as sim:
        installation.reach(sim.url)
        with installation.running() as program:
            program.hear('"connected"')
            for scope in (("--pbx", "branch"), ("--rule", "call.forwarding")):
                assert ring(installation, "stop-acting", *scope, "--why", "not this attack").returncode == 0
            sim.attack()
            eventually("the attack is contained", lambda: in_force(installation, sim))
            listed = ring(installation, "incidents")
            assert STOLEN in listed.stdout
            assert "contained" in listed.stdout
            [incident] = told(installation, "incidents")
            [whole] = told(installation, "incidents", incident["id"])
            assert {one["action"] for one in whole["actions"]} >= {"restrict_extension", "block_ip"}
            assert program.end() == 0


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


def test_of_a_muted_subject_nobody_is_told_and_what_concerns_it_is_asked(tmp_path: Path, mailbox: Mailbox) -> None:
    installation = Installation(tmp_path, notify=[{"name": "oncall", "url": "env:MAIL"}])
    with simulated(tmp_path, "--feed", installation.feed_url, speed=SPEED) as sim:
        installation.reach(sim.url)
        with installation.running(env=mailbox.environment) as program:
            program.hear('"connected"')
            muted = ring(installation, "mute", "--subject", THIEF, "--for", "8h", "--why", "penetration test")
            assert muted.returncode == 0, muted.stderr
            sim.attack("guessing_only")
            eventually("it is seen", lambda: installation.incidents())
            time.sleep(3)  # longer than messages are gathered
            eventually("nothing is under way", lambda: settled(installation))
            assert len(mailbox.mails) == 1, "of the mute, and of no incident"
            sim.attack()
            eventually("the extension is stopped", lambda: sim.extension(STOLEN)["disable_outb_call"] == 1)
            eventually("the block is asked for", lambda: "muted subject" in waiting(installation).get("block_ip", ""))
            assert sim.state()["firewall"]["blocked"] == []
            eventually("what else is seen is told", lambda: len(mailbox.mails) > 1)


def test_commands_say_when_no_service_can_be_reached(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    never = ring(installation, "actions")
    assert never.returncode == 1
    assert "no service was ever started" in never.stderr
    with simulated(tmp_path, "--feed", installation.feed_url, speed=SPEED) as sim:
        installation.reach(sim.url)
        with installation.running() as program:
            program.hear('"connected"')
            sim.attack()
            eventually("the attack is contained", lambda: in_force(installation, sim))
            assert program.end() == 0
        [standing] = [one for one in told(installation, "actions") if one["action"] == "restrict_extension"]
        undone = ring(installation, "undo", standing["id"], "--why", "new phone")
        assert undone.returncode == 1
        assert "no running service can be reached" in undone.stderr
        assert installation.rows("SELECT count(*) FROM order_slip") == [(0,)]
        stopped = ring(installation, "stop-acting", "--why", "before it is started again")
        assert stopped.returncode == 0
        assert "no running service can be reached" in stopped.stderr
        with installation.running() as program:
            program.hear("braked")
            assert httpx.get(f"{installation.console_url}/healthz", trust_env=False).status_code == 200
            assert isinstance(program, Program)
