"""The service follows a log, is killed with -9 while it is written and rotated, and counts each refusal once."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from tests.ports import free_ports
from tests.system.programs import Installation, eventually, settled

FAILURES = 60
RULE = "registration.bruteforce"


def line(number: int) -> bytes:
    at = datetime.now(UTC) - timedelta(seconds=3 * (FAILURES - number))
    return (
        f'[{at:%F %T}] SECURITY[1] res_security_log.c: SecurityEvent="InvalidPassword",EventTV="{at:%FT%T}.000+0000",'
        f'Severity="Error",Service="SIP",EventVersion="2",AccountID="1001",SessionID="0x{number:x}",'
        'LocalAddress="IPV4/UDP/192.0.2.10/5060",RemoteAddress="IPV4/UDP/203.0.113.9/5060"\n'
    ).encode()


def found(installation: Installation) -> list[int]:
    """How many were counted where the rule fired."""
    rows = installation.rows(f"SELECT body FROM detection WHERE rule = '{RULE}'")  # noqa: S608 - a name of ours
    return [yaml.safe_load(body)["values"]["failed"] for (body,) in rows]


def test_a_log_is_counted_to_the_one_whenever_the_service_dies(tmp_path: Path) -> None:
    path = tmp_path / "security"
    path.touch()
    installation = Installation(tmp_path)
    installation.settings["pbxs"] = [{
        "id": "hq", "timezone": "UTC", "files": [{"format": "asterisk-log", "paths": [str(path)]}],
        "rules": {RULE: {"failures": FAILURES, "window": 3_600}},
    }]  # fmt: skip
    installation.settings["console"] = {"port": free_ports(1)}
    installation.change_pbx()
    with installation.running() as program:
        program.hear('"following"')
        eventually("it is known where it begins", lambda: installation.rows("SELECT * FROM place", file="stream.db"))
        program.kill()
    for number in range(FAILURES - 1):
        with path.open("ab") as opened:
            opened.write(line(number))
        if number % 20 == 10:
            path.rename(path.with_name(f"security.{number}"))
            path.touch()
        if number % 20 == 15:
            shutil.copy2(path, path.with_name(f"security.{number}"))
            os.truncate(path, 0)
        if number % 12 == 0:
            with installation.running() as program:
                program.hear('"following"')
                program.kill()
    with installation.running() as program:
        program.hear('"following"')
        end = f'"offset":{path.stat().st_size},'
        eventually("all is read", lambda: any(
            end in kept.decode() and '"settled":true' in kept.decode()
            for (kept,) in installation.rows("SELECT value FROM place", file="stream.db")
        ))  # fmt: skip
        eventually("nothing is under way", lambda: settled(installation))
        assert found(installation) == []
        with path.open("ab") as opened:
            opened.write(line(FAILURES - 1))
        eventually("one more is enough", lambda: found(installation))
        assert found(installation) == [FAILURES]
        assert program.end() == 0
