"""A robbery by real SIP on a real Asterisk: one incident, contained by its manager interface, undone by a person."""

from pathlib import Path

import pytest

from detector.detect.catalogue import catalogue
from detector.settings import Settings, profile
from streams.asterisk.make import MAKE
from streams.config.installation import Installation as Configured
from streams.config.installation import core_settings
from tests.asterisk import AMI_PORT, PHONES, SECRET, STOLEN, USER, VERSIONS, Addresses, Asterisk, apart, asterisk
from tests.sipp import Calls, Phone
from tests.system.programs import Installation, Program, eventually, settled, started

SOMALIA = "9011252612345678"
AT_HOME = "912125550123"
ENVIRONMENT = {"SIM_ID": USER, "SIM_SECRET": SECRET}
OFFICE = {"id": "hq", "region": "US", "access_digit": "9", "trunks": {"carrier": {}}}


def hook() -> str:
    """The guard for the dialplan, as a person would make it."""
    settings: Settings = core_settings(Configured.model_validate({"pbxs": [OFFICE]}))
    return MAKE.hook(profile(settings, "hq", catalogue()))


def in_office(where: Addresses, number: str) -> Phone:
    return Phone(where=where, address=where.phone(number), account=number, password=f"right-{number}")


def thief(where: Addresses, account: str, password: str) -> Phone:
    return Phone(where=where, address=where.thief, account=account, password=password, agent="eyeBeam")


def rob(where: Addresses, pbx: Asterisk, installation: Installation) -> None:
    """Too few guesses to be shut out, a registration from elsewhere, a probe, and pumping, until all is refused."""
    for account in ("1001", STOLEN):
        assert thief(where, account, "guess").register(2) == {"401": 2}
    stolen = thief(where, STOLEN, f"right-{STOLEN}")
    assert stolen.register() == {"accepted": 1}
    assert stolen.call(SOMALIA, hold=0.2).ended() == {"answered": 1}
    pumping = stolen.call(SOMALIA, times=60, rate=10, hold=50)
    eventually("new calls are refused", lambda: refused(pumping))
    before = pumping.so_far()["answered"]
    eventually("all that was up is cut", lambda: pumping.so_far()["cut"] == before)
    eventually("it is contained", lambda: contained(installation))
    answers = pumping.ended()
    assert answers.pop("403", 0) + answers.pop("kept_out", 0) == 60 - before
    assert answers == {"answered": before, "cut": before}
    assert before < 30
    assert pbx.channels() == 0


def refused(calls: Calls) -> int:
    """How many were, by the dialplan or already at the door."""
    return calls.so_far()["403"] + calls.so_far()["kept_out"]


def contained(installation: Installation) -> bool:
    return [one["status"] for one in installation.incidents()] == ["contained"] and settled(installation)


def undo(installation: Installation, program: Program) -> None:
    """What a person takes back at the command line."""
    for action, kind, state in installation.actions():
        if kind == "restrict_extension":
            assert state == "confirmed"
            arguments = ("undo", "-c", installation.config, action, "--why", "this was our own test")
            with started(installation.folder / "undo.log", *arguments, env=ENVIRONMENT) as asked:
                assert asked.process.wait(60) == 0, asked.said()
    assert program.process.poll() is None


def installed(folder: Path) -> Installation:
    """Ringfence beside the PBX, with no enforcer; nobody's address is blocked, for all are of this machine."""
    way = {"make": "asterisk", "url": f"ami://127.0.0.1:{AMI_PORT}"}
    installation = Installation(folder, connection=way, enforcers={})
    installation.change_pbx(region="US", trunks={"carrier": {}})
    return installation


@pytest.mark.parametrize("version", VERSIONS)
def test_a_robbery_is_one_incident_that_is_contained_and_undone(tmp_path: Path, version: str) -> None:
    installation = installed(tmp_path)
    with (
        apart() as where,
        asterisk(where, version, hook()) as pbx,
        installation.running(wrapped=where.wrapped, env=ENVIRONMENT) as program,
    ):
        program.hear('"connected"')
        for number in PHONES:
            assert in_office(where, number).register() == {"accepted": 1}
        assert in_office(where, "1001").call(AT_HOME, hold=0.2).ended() == {"answered": 1}
        rob(where, pbx, installation)
        [incident] = installation.incidents()
        assert {f"{one['kind']}:{one['id']}" for one in incident["subjects"]} >= {
            f"extension:{STOLEN}", f"source_ip:{where.thief}"
        }  # fmt: skip
        stolen = in_office(where, STOLEN)
        assert stolen.call(SOMALIA).ended() == {"403": 1}
        assert stolen.call("911", hold=0.1).ended() == {"answered": 1}
        assert stolen.call("1000", hold=0.1).ended() == {"answered": 1}, "calls within the house"
        assert in_office(where, "1001").call(AT_HOME, hold=0.1).ended() == {"answered": 1}
        undo(installation, program)
        assert stolen.call(SOMALIA, hold=0.1).ended() == {"answered": 1}
        assert installation.incidents()[0]["id"] == incident["id"]
        assert program.end() == 0
        assert "Traceback" not in program.said()
        assert SECRET not in program.said()


def test_killed_while_it_acts_it_finishes_what_it_began(tmp_path: Path) -> None:
    installation = installed(tmp_path)
    with apart() as where, asterisk(where, hook=hook()) as pbx:
        stolen = thief(where, STOLEN, f"right-{STOLEN}")
        with installation.running(wrapped=where.wrapped, env=ENVIRONMENT) as program:
            program.hear('"connected"')
            assert stolen.register() == {"accepted": 1}
            pumping = stolen.call(SOMALIA, times=150, rate=10, hold=50)
            eventually("it begins to act", lambda: installation.actions())
            program.kill()
        with installation.running(wrapped=where.wrapped, env=ENVIRONMENT) as program:
            eventually("new calls are refused", lambda: refused(pumping))
            before = pumping.so_far()["answered"]
            eventually("all that was up is cut", lambda: pumping.so_far()["cut"] == before)
            eventually("it is contained", lambda: contained(installation))
            pumping.stop()
            assert pbx.channels() == 0
            assert in_office(where, STOLEN).call("911", hold=0.1).ended() == {"answered": 1}
            assert [state for _, kind, state in installation.actions() if kind == "restrict_extension"] == ["confirmed"]
            [held] = [line for line in pbx.cli("database show ringfence").splitlines() if line.startswith("/")]
            assert held.count("=") == 1, "one decision holds it, once"
            assert program.end() == 0


def test_honest_telephones_are_left_alone(tmp_path: Path) -> None:
    """A telephone with an old password, a wave of registrations, calls abroad and at home, and a restart of the PBX."""
    installation = installed(tmp_path)
    with (
        apart() as where,
        asterisk(where, hook=hook()) as pbx,
        installation.running(wrapped=where.wrapped, env=ENVIRONMENT) as program,
    ):
        program.hear('"connected"')
        telephones = [in_office(where, number) for number in PHONES]
        stale = Phone(where=where, address=where.phone("1003"), account="1003", password="before-it-was-changed")
        for _ in range(3):
            assert stale.register() == {"401": 1}
            for one in telephones:
                assert one.register() == {"accepted": 1}
        calls = [one.call(number, hold=0.5) for one in telephones for number in (AT_HOME, "1000")]
        calls += [telephones[0].call(number, hold=0.5) for number in ("9011442079460018", "911")]
        for one in calls:
            assert one.ended() == {"answered": 1}
        pbx.stop()
        pbx.start()
        eventually("it is back", lambda: program.said().count('"connected"') == 2)
        for one in telephones:
            assert one.register() == {"accepted": 1}
        assert telephones[1].call(AT_HOME, hold=0.1).ended() == {"answered": 1}
        eventually("nothing is under way", lambda: settled(installation))
        assert installation.actions() == []
        assert [one["severity"] for one in installation.incidents() if one["severity"] == "critical"] == []
        assert pbx.cli("database show ringfence").splitlines()[-1].startswith("0 results")
        assert program.end() == 0
