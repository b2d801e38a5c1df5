"""The robbery on a real Asterisk as copies of its SIP show it, alone and beside its manager interface."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.asterisk import PHONES, STOLEN, Addresses, apart, asterisk
from tests.system.programs import Installation, eventually
from tests.system.test_asterisk_robbery import ENVIRONMENT, SOMALIA, hook, in_office, installed, rob, thief

PORT = 9060
ROOT = Path(__file__).parents[2]


@contextmanager
def mirrored(where: Addresses) -> Iterator[None]:
    """All SIP of this network is copied to a port of it."""
    command = [*where.wrapped, sys.executable, "-m", "tests.mirror", f"{PORT}"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=ROOT) as agent:
        try:
            assert agent.stdout is not None
            assert agent.stdout.readline() == b"mirrored\n"
            yield
        finally:
            agent.kill()


def copied(installation: Installation, where: Addresses) -> Installation:
    """With copies of its SIP."""
    installation.change_pbx(
        trunks={"carrier": {"hosts": [where.carrier]}}, region="US",
        hep={"port": PORT, "addresses": [where.pbx], "senders": ["127.0.0.1"]},
    )  # fmt: skip
    return installation


def subjects(installation: Installation) -> set[str]:
    [incident] = installation.incidents()
    return {f"{one['kind']}:{one['id']}" for one in incident["subjects"]}


def test_copies_alone_tell_of_the_thief_and_whom_he_robs(tmp_path: Path) -> None:
    with apart() as where, asterisk(where, hook=hook()), mirrored(where):
        installation = copied(Installation(tmp_path, enforcers={}), where)
        installation.change_pbx(connection=None)
        with installation.running(wrapped=where.wrapped, env=ENVIRONMENT) as program:
            program.hear('"hep"')
            for number in PHONES:
                assert in_office(where, number).register() == {"accepted": 1}
            for account in ("1001", "1002", STOLEN):
                assert thief(where, account, "guess").register(4) == {"401": 4}
            stolen = thief(where, STOLEN, f"right-{STOLEN}")
            assert stolen.register() == {"accepted": 1}
            assert stolen.call(SOMALIA, times=20, rate=10, hold=2).ended()["answered"] == 20
            eventually("the incident names both", lambda: installation.incidents() and subjects(installation) >= {
                f"extension:{STOLEN}", f"source_ip:{where.thief}"
            })  # fmt: skip
            assert program.end() == 0
            assert "Traceback" not in program.said()


def test_beside_the_manager_interface_it_is_the_same_one_incident(tmp_path: Path) -> None:
    with apart() as where, asterisk(where, hook=hook()) as pbx, mirrored(where):
        installation = copied(installed(tmp_path), where)
        with installation.running(wrapped=where.wrapped, env=ENVIRONMENT) as program:
            program.hear('"asterisk-ami"')
            program.hear('"hep"')
            for number in PHONES:
                assert in_office(where, number).register() == {"accepted": 1}
            rob(where, pbx, installation)
            assert subjects(installation) >= {f"extension:{STOLEN}", f"source_ip:{where.thief}"}
            assert program.end() == 0
            assert "Traceback" not in program.said()
