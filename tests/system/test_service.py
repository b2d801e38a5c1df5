"""The service as it is run: from an attack to a contained one, its end, its restart, and what a person orders."""

import email
import email.policy
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.system.programs import (
    FEED_TOKEN,
    SECRET,
    STOLEN,
    THIEF,
    WEBHOOK_SECRET,
    Installation,
    Program,
    Sim,
    eventually,
    free_port,
    settled,
    simulated,
    started,
)

SPEED = 25.0
KEPT = {"hang_up", "backup_pbx", "reset_registration"}
"""What is never undone, and what waits for a person."""


class Mailbox:
    """A real mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.environment = {
            "MAIL": f"mailto://127.0.0.1:{self._controller.port}?from=ringfence@example.com&to=oncall@example.com"
        }

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def close(self) -> None:
        self._controller.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


class Browser(httpx.Client):
    """Somebody at the console."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, trust_env=False, timeout=30)

    def csrf(self, page: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(page).text)
        assert found is not None
        return found[1]

    def log_in(self, password: str) -> int:
        form = {"csrf": self.csrf("/login"), "name": "admin", "password": password}
        return self.post("/login", data=form).status_code

    def order(self, path: str) -> str:
        """Send a form; the address of the page it leads to."""
        return self.post(path, data={"csrf": self.csrf("/"), "note": "this was our own test"}).headers["location"]


def in_force(installation: Installation, sim: Sim) -> bool:
    """Seen, contained, and all of it to be seen on the PBX and at the firewall."""
    attack = sim.state()["attacks"]["stolen_extension"]
    return (
        [incident["status"] for incident in installation.incidents()] == ["contained"]
        and attack["phase"] in {"pumping", "over"}
        and not attack["calls_up"]
        and sim.extension(STOLEN)["disable_outb_call"] == 1
        and sim.state()["firewall"]["blocked"] == [f"{THIEF}/32"]
        and settled(installation)
    )


def ended_well(program: Program, installation: Installation) -> None:
    """SIGTERM: exit code 0, everything in a checkpoint, nothing said that a person would have to ask about."""
    assert program.end() == 0
    ((offset,),) = installation.rows('SELECT "offset" FROM "partition"', file="stream.db")
    ((last,),) = installation.rows("SELECT value FROM counter WHERE name = 'log'", file="stream.db")
    assert offset == last > 0
    assert installation.rows("SELECT count(*) FROM log", file="stream.db") == [(0,)]
    said = program.said()
    assert "Traceback" not in said
    assert "never retrieved" not in said
    for secret in (SECRET, WEBHOOK_SECRET, FEED_TOKEN):
        assert secret not in said


def password_of(program: Program) -> str:
    found = re.search(r"admin / (\S+)", program.hear("log in"))
    assert found is not None
    return found[1]


def heard_of_pbx(installation: Installation, program: Program) -> None:
    """It has taken in events since its start: whatever follows from them has followed."""
    program.hear("console")
    before = installation.last_offset()
    eventually("events come in", lambda: installation.last_offset() >= before + 5)
    eventually("nothing is under way", lambda: settled(installation))


def test_an_attack_is_contained_told_and_undone(tmp_path: Path, mailbox: Mailbox) -> None:
    installation = Installation(tmp_path, notify=[{"name": "oncall", "url": "env:MAIL"}])
    with simulated(tmp_path, "--feed", installation.feed_url, speed=SPEED) as sim:
        installation.reach(sim.url)
        with installation.running(env=mailbox.environment) as program:
            password = password_of(program)
            program.hear('"connected"')
            sim.attack()
            eventually("the attack is contained", lambda: in_force(installation, sim))
            sent = installation.rows("SELECT id, reason FROM notification WHERE state = 'sent' ORDER BY id")
            assert len(mailbox.mails) == len(sent)
            assert all(STOLEN in str(mail["subject"]) for mail in mailbox.mails)
            assert any("contained" in mail.get_content() for mail in mailbox.mails)
            ended_well(program, installation)
        before = (installation.actions(), installation.detections(), len(mailbox.mails))
        with installation.running(env=mailbox.environment) as program:
            heard_of_pbx(installation, program)
            assert (installation.actions(), installation.detections(), len(mailbox.mails)) == before
            assert "admin /" not in program.said()
            undo_everything(installation, sim, password)
            heard_of_pbx(installation, program)
            assert sim.extension(STOLEN)["disable_outb_call"] == 0
            assert sim.state()["firewall"]["blocked"] == []
            assert {state for _, kind, state in installation.actions() if kind not in KEPT} == {"undone"}
            ended_well(program, installation)


def undo_everything(installation: Installation, sim: Sim, password: str) -> None:
    """Log in and undo what can be undone, until the PBX and the firewall let the extension and the address in again."""
    with Browser(installation.console_url) as browser:
        assert browser.get("/").headers["location"].startswith("/login")
        assert browser.log_in("wrong-" + password) == 401
        assert browser.log_in(password) == 303
        for action, kind, state in installation.actions():
            if kind not in KEPT:
                assert state == "confirmed"
                forged = browser.post(f"/undo/{action}", data={"csrf": "forged"})
                assert forged.status_code == 403
                assert browser.order(f"/undo/{action}").endswith("done=undo")
    eventually("the extension may call again", lambda: sim.extension(STOLEN)["disable_outb_call"] == 0)
    eventually("the address may come again", lambda: sim.state()["firewall"]["blocked"] == [])


@pytest.mark.parametrize(("events", "journal"), [("webhook", "sqlite"), ("websocket", "postgresql")])
def test_either_transport_and_either_journal(
    events: str, journal: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    connection = {"events": events, "webhook_secret": "env:WEBHOOK_SECRET"}
    url = request.getfixturevalue("postgres_database") if journal == "postgresql" else None
    installation = Installation(tmp_path, connection=connection, journal_url=url)
    hook = ["--webhook", f"http://127.0.0.1:{installation.outside_port}/webhook/hq"] if events == "webhook" else []
    with simulated(tmp_path, "--feed", installation.feed_url, *hook, speed=SPEED) as sim:
        installation.reach(sim.url)
        with installation.running() as program:
            program.hear("console")
            eventually("events come in", lambda: installation.last_offset() > 30)
            sim.attack()
            eventually("the attack is contained", lambda: in_force(installation, sim))
            ended_well(program, installation)
        before = (installation.actions(), installation.detections())
        with installation.running() as program:
            heard_of_pbx(installation, program)
            assert (installation.actions(), installation.detections()) == before
            ended_well(program, installation)


def test_a_wrong_secret_never_gets_us_blocked(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with simulated(tmp_path, "--no-traffic") as sim:
        installation.reach(sim.url)
        for _ in range(2):
            with installation.running(env={"SIM_SECRET": "not-the-secret"}) as program:
                program.hear("no more logins until the PBX's credentials are put right")
                time.sleep(3)  # three rounds of asking for call records
                assert program.end() == 0
                assert sim.state()["blocked_api_ips"] == []
        assert sim.api("GET", "system/information")["errcode"] == 0
        with installation.running() as program:
            program.hear('"connected"')
            assert program.end() == 0


def test_a_data_folder_has_one_service(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with installation.running() as first:
        first.hear("console")
        with started(tmp_path / "second.log", "run", "--config", installation.config, env={"SIM_ID": "x"}) as second:
            assert second.process.wait(60) == 1
            assert second.said().strip().endswith("stop it, or choose another data folder")
            assert len(second.said().splitlines()) == 1
        assert first.end() == 0


@pytest.mark.slow
def test_a_pbx_that_is_silent_is_told_of_and_the_next_process_tells_the_end(tmp_path: Path) -> None:
    hooked = {"events": "webhook", "webhook_secret": "env:HOOK"}
    installation = Installation(tmp_path, connection=hooked)
    installation.settings["defaults"]["rules"]["pbx.silent"] = {"limit": 5}
    installation.reach("http://127.0.0.1:1")

    def told() -> list[tuple[str, str]]:
        found = [json.loads(body) for (body,) in installation.rows("SELECT body FROM detection ORDER BY at")]
        return [(each["severity"], each["values"]["source"]) for each in found if each["rule"] == "pbx.silent"]

    with installation.running(env={"HOOK": WEBHOOK_SECRET}) as program:
        eventually("it is told of", lambda: told() == [("critical", "yeastar-cdr")])
        assert program.end() == 0
    assert [each["title"] for each in installation.incidents()] == [
        "Nothing is heard from yeastar-cdr: attacks there are not seen"
    ]
    with simulated(tmp_path, "--no-traffic") as sim:
        installation.reach(sim.url)
        with installation.running(env={"HOOK": WEBHOOK_SECRET}) as program:
            eventually("it is heard again", lambda: len(told()) == 2)
            assert program.end() == 0
    assert told()[-1] == ("info", "yeastar-cdr")
