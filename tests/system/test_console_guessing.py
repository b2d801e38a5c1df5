"""Wrong passwords at the console of the running service, behind a proxy on the same machine."""

import time
from pathlib import Path

import pytest

from streams.console.logins import PAUSE_SECONDS
from tests.system.programs import Installation
from tests.system.scenes import Visitor, password_of

STRANGER, ADMINISTRATOR = "198.51.100.66", "192.0.2.10"


@pytest.mark.parametrize("named", [True, False], ids=["the settings name the proxy", "they do not"])
def test_whoever_guesses_locks_nobody_else_out(tmp_path: Path, named: bool) -> None:
    installation = Installation(tmp_path)
    installation.settings["console"]["proxies"] = ["127.0.0.1"] if named else []
    installation.reach("http://127.0.0.1:1")
    with installation.running() as program:
        program.hear("console")
        password = password_of(program)
        with Visitor(installation.console_url, **{"X-Forwarded-For": STRANGER}) as stranger:
            answers = [stranger.log_in("wrong", f"invented-{n}") for n in range(5)]
            answers += [stranger.log_in("wrong") for _ in range(5)]
        assert set(answers) <= {401, 429}
        with Visitor(installation.console_url, **{"X-Forwarded-For": ADMINISTRATOR}) as administrator:
            let_in(administrator, password, at_once=named)
        assert program.end() == 0


def let_in(visitor: Visitor, password: str, *, at_once: bool) -> None:
    answer = visitor.log_in(password)
    if not at_once and answer == 429:
        time.sleep(PAUSE_SECONDS + 1)
        answer = visitor.log_in(password)
    assert answer == 303
