"""Replay gives the same findings however its events arrive, and one incident for each attack."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from detector.contract.codec import encode_finding
from detector.contract.findings import AnyFinding
from detector.engine.engine import Engine
from detector.settings import Settings
from models.places import Places
from models.unusual import Unusual
from streams.cli.replay_command import replay
from streams.cli.support.inputs import Inputs, Options, Unreadable
from streams.config.installation import Installation, core_settings
from streams.runtime.partition import Partition
from streams.runtime.tables import tables
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine

DATA = Path(__file__).parents[2] / "data"
STOLEN = DATA / "stolen-extension.jsonl"
LINES = STOLEN.read_bytes().splitlines()
STAGES = ("recon", "credential", "access", "probe", "pumping")
ZONE = "America/New_York"
Finding = dict[str, Any]


class Replayed:
    """What a replay wrote: findings as lines and decoded, the statistics, what it buried."""

    def __init__(self, written: bytes, letters: Sequence[Unreadable] = ()) -> None:
        *self.lines, last = written.splitlines()
        self.findings: list[Finding] = [json.loads(line) for line in self.lines]
        self.stats: Finding = json.loads(last)
        self.letters = letters

    def of(self, kind: str) -> list[Finding]:
        return [finding for finding in self.findings if finding["type"] == kind]

    def incidents(self) -> list[Finding]:
        """The last revision of each."""
        return list({incident["id"]: incident for incident in self.of("incident")}.values())


def replayed(*files: Path, form: str = "events", installation: Installation | None = None, **rest: Any) -> Replayed:
    """The pipeline of the command, in this process."""
    installation = installation or Installation()
    options = Options(
        format=form, pbx="hq", zone=ZoneInfo(ZONE), year=rest.get("year"), keyed_hash=lambda pin: f"hash of {len(pin)}"
    )
    letters: list[Unreadable] = []
    inputs, out = Inputs(options, letters.append), io.BytesIO()
    engine = Engine(core_settings(installation), tables(installation), Places(), Unusual())
    replay(engine, inputs.events([str(file) for file in files]), inputs, out)
    assert not engine.errors
    return Replayed(out.getvalue(), letters)


def command(*arguments: str | Path, stdin: bytes = b"", seed: str = "random", cwd: Path) -> Replayed:
    """The command itself, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", "from streams.cli.main import app; app()", "replay", *arguments],
        input=stdin, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed}, cwd=cwd, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return Replayed(done.stdout)


def written(folder: Path, lines: Sequence[bytes]) -> Path:
    file = folder / "events.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


@pytest.fixture(scope="module")
def golden() -> Replayed:
    return replayed(STOLEN)


# --- the example of the contract


def test_the_stolen_extension_is_one_incident_that_reaches_the_probe(tmp_path: Path) -> None:
    result = command(STOLEN, cwd=tmp_path)
    (incident,) = result.incidents()
    assert (incident["stage"], incident["kind"], incident["severity"]) == ("probe", "stolen_credential", "critical")
    stages = [STAGES.index(revision["stage"]) for revision in result.of("incident")]
    assert stages == sorted(stages)
    fired = [(detection["rule"], detection["subject"]["id"]) for detection in result.of("detection")]
    assert ("registration.bruteforce", "203.0.113.77") in fired
    assert ("registration.new_place", "1007") in fired
    assert ("call.suspect", "1007") in fired
    decided = {(decision["action"], decision["target"]["id"]) for decision in result.of("decision")}
    assert {("block_ip", "203.0.113.77"), ("restrict_extension", "1007"), ("hang_up", "1007")} <= decided
    assert {decision["incident"] for decision in result.of("decision")} == {incident["id"]}
    assert result.stats["read"] == len(LINES)
    assert list(tmp_path.iterdir()) == []  # nothing was rejected, nothing else is written


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_the_command_writes_the_same_bytes_under_any_hash_seed(seed: str, golden: Replayed, tmp_path: Path) -> None:
    assert command(STOLEN, seed=seed, cwd=tmp_path).lines == golden.lines


def test_standard_input_is_as_good_as_a_file(golden: Replayed, tmp_path: Path) -> None:
    assert command("-", stdin=STOLEN.read_bytes(), cwd=tmp_path).lines == golden.lines


@pytest.mark.parametrize("size", [1, 7, 500])
def test_several_objects_a_line_change_nothing(size: int, golden: Replayed, tmp_path: Path) -> None:
    arrays = [b"[" + b",".join(LINES[first : first + size]) + b"]" for first in range(0, len(LINES), size)]
    assert replayed(written(tmp_path, arrays)).lines == golden.lines


def test_the_parts_of_a_log_are_read_as_one(golden: Replayed, tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_bytes(b"\n".join(LINES[:4]))
    second.write_bytes(b"\n".join(LINES[4:]))
    assert replayed(first, second).lines == golden.lines


def test_doubled_lines_change_nothing_and_are_counted(golden: Replayed, tmp_path: Path) -> None:
    doubled = replayed(written(tmp_path, [line for line in LINES for _ in (1, 2)]))
    assert doubled.lines == golden.lines
    assert doubled.stats["duplicate"] == len(LINES)


def test_ticks_between_change_nothing(golden: Replayed, tmp_path: Path) -> None:
    assert replayed(written(tmp_path, list(ticked(LINES)))).lines == golden.lines


def ticked(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Three ticks after each event, up to the next one."""
    moments = [datetime.fromisoformat(json.loads(line)["at"]) for line in lines]
    for number, line in enumerate(lines):
        yield line
        now, following = moments[number], moments[min(number + 1, len(moments) - 1)]
        for part in (1, 2, 3):
            at = now + (following - now) * part / 4
            yield json.dumps({"kind": "tick", "id": f"x{number}.{part}", "pbx": "hq", "at": at.isoformat()}).encode()


@pytest.mark.parametrize("crash", range(len(LINES) + 1))
def test_a_crash_after_any_line_loses_nothing(
    crash: int, golden: Replayed, sqlite_template: Path, tmp_path: Path
) -> None:
    """Whatever was saved before: the new worker reads the log again from there."""
    log = list(enumerate(LINES, 1))
    for saved in range(crash + 1):
        file = shutil.copy(sqlite_template, tmp_path / f"{saved}.db")
        database = open_engine(f"sqlite:///{file}")
        before = worker(database)
        before.recover()
        found = before.replay(log[:saved])
        before.checkpoint()
        found += before.replay(log[saved:crash])

        after = worker(database)
        assert after.recover() == saved
        found += after.replay(log)
        assert once(found) == golden.lines
        database.dispose()


def worker(database: Any) -> Partition:
    return Partition(Settings(), tables(Installation()), SqlCheckpoints(database))


def once(found: Sequence[AnyFinding]) -> list[bytes]:
    """What is left of repeated findings: the same id and revision must be the same finding."""
    kept: dict[tuple[str, int], bytes] = {}
    for finding in found:
        line = encode_finding(finding)
        assert kept.setdefault((finding.id, finding.revision), line) == line
    return list(kept.values())


# --- statistics


def test_what_newer_producers_send_is_counted_not_refused(golden: Replayed, tmp_path: Path) -> None:
    strange = [
        b'{"kind":"weather","id":"w","pbx":"hq","at":"2026-03-07T02:10:00-05:00","sky":"grey"}',
        b'{"kind":"tick","id":"t0","pbx":"hq","at":"2026-03-07T02:10:00-05:00","mood":1,"hue":2}',
        b'{"kind":"login","id":"l0","pbx":"hq","at":"2026-03-07T02:10:00-05:00","outcome":"accepted","surface":"fax"}',
    ]
    result = replayed(written(tmp_path, [*strange, *LINES]))
    assert result.stats["unknown"] == 4  # a kind, two fields, a value
    assert (result.stats["rejected"], result.stats["read"]) == (0, len(LINES) + 3)
    assert {finding["id"] for finding in result.findings} == {finding["id"] for finding in golden.findings}


def test_what_cannot_be_read_is_buried_with_line_and_reason_and_the_rest_goes_on(
    golden: Replayed, tmp_path: Path
) -> None:
    bad = [b"{", b'\xff\xfe{"kind":"tick"}', LINES[0].replace(b'"1007"', b"1007"), b'{"kind":"tick","pbx":"hq"}']
    lines = [part for pair in zip(LINES, [*bad, *[b""] * len(LINES)], strict=False) for part in pair]
    result = replayed(written(tmp_path, lines))
    assert result.lines == golden.lines
    assert (result.stats["rejected"], result.stats["read"]) == (4, len(LINES) + 4)
    assert [letter.line for letter in result.letters] == [2, 4, 6, 8]
    assert all(letter.reason for letter in result.letters)
    assert result.letters[2].field == "account"


def test_control_events_of_others_are_refused(tmp_path: Path) -> None:
    order = (
        b'{"kind":"control","id":"x","pbx":"hq","at":"2026-03-07T02:10:00-05:00","name":"verdict","verdict":"closed"}'
    )
    result = replayed(written(tmp_path, [order]))
    assert result.stats["rejected"] == 1
    assert result.letters[0].field == "kind"


# --- Asterisk


def log_line(at: datetime, text: str, level: str = "NOTICE", file: str = "chan_sip.c") -> tuple[datetime, str]:
    return at, f"[{at:%b %d %H:%M:%S}] {level}[14276] {file}: {text}"


def failed(at: datetime, account: int | str, address: str, *, pjsip: bool) -> tuple[datetime, str]:
    who = f"'\"{account}\" <sip:{account}@192.0.2.10>'"
    if pjsip:
        text = (
            f"Request 'REGISTER' from {who} failed for '{address}:5071' (callid: 7{account}) - Failed to authenticate"
        )
        return log_line(at, text, file="res_pjsip/pjsip_distributor.c")
    return log_line(at, f"Registration from {who} failed for '{address}:5071' - Wrong password")


def security(at: datetime, name: str, account: int, address: str) -> tuple[datetime, str]:
    text = (
        f'SecurityEvent="{name}",EventTV="{at:%Y-%m-%dT%H:%M:%S}.331-0500",Severity="Informational",Service="SIP",'
        f'EventVersion="1",AccountID="{account}",SessionID="0x7f02a4f{account}",LocalAddress="IPV4/UDP/192.0.2.10/5060",'
        f'RemoteAddress="IPV4/UDP/{address}/5060"'
    )
    return log_line(at, text, "SECURITY", "res_security_log.c")


def messages(fast: str, slow: str) -> bytes:
    """40 minutes of an office: 40 phones, one with an old password, and two who guess, at different times."""
    start = datetime(2026, 11, 23, 9, 0, 0)  # noqa: DTZ001 - as the log writes it
    lines = []
    for minute in range(40):
        for phone in range(40):
            at = start + timedelta(minutes=minute, seconds=phone)
            lines.append(security(at, "ChallengeSent", 1001 + phone, f"10.0.0.{phone + 1}"))
            lines.append(security(at, "SuccessfulAuth", 1001 + phone, f"10.0.0.{phone + 1}"))
            text = f'    -- Executing [9@phones:1] Dial("SIP/{1001 + phone}-00000000", "SIP/trunk/12125550000,30")'
            lines.append(log_line(at, text, "VERBOSE", "pbx.c"))
        lines.append(failed(start + timedelta(minutes=minute, seconds=33), 1099, "10.0.0.99", pjsip=minute % 2 == 0))
    for number in range(200):
        at = start + timedelta(minutes=7, milliseconds=50 * number)
        lines.append(failed(at, 100 + number, fast, pjsip=number % 2 == 0))
    for number in range(300):
        at = start + timedelta(minutes=20, seconds=2 * number)
        lines.append(failed(at, 1001 + number % 40, slow, pjsip=number % 3 == 0))
    lines.sort(key=lambda line: line[0])
    return "".join(f"{text}\n" for _, text in lines).encode()


def sources(result: Replayed) -> list[str]:
    """The addresses of each incident, in the order in which they were opened."""
    ordered = sorted(result.incidents(), key=lambda incident: incident["opened_at"])
    return [subject["id"] for one in ordered for subject in one["subjects"] if subject["kind"] == "source_ip"]


@pytest.mark.parametrize("name", ["asterisk-messages.log", "asterisk-both.log"])
def test_an_attack_in_an_asterisk_log_is_one_incident(name: str) -> None:
    result = replayed(DATA / name, form="asterisk-log", year=2026)
    (incident,) = result.incidents()
    assert incident["stage"] == "probe"
    assert sources(result) == ["203.0.113.77"]
    assert result.stats["rejected"] == 0


def test_two_attackers_among_forty_phones_are_two_incidents(tmp_path: Path) -> None:
    log = tmp_path / "messages"
    log.write_bytes(messages("203.0.113.77", "198.51.100.23"))
    result = replayed(log, form="asterisk-log", year=2026)
    assert sources(result) == ["203.0.113.77", "198.51.100.23"]
    assert {incident["kind"] for incident in result.incidents()} <= {"password_guessing", "enumeration"}
    blocked = {one["target"]["id"]: one.get("refused") for one in result.of("decision") if one["action"] == "block_ip"}
    assert blocked == {"203.0.113.77": None, "198.51.100.23": None}


@pytest.mark.parametrize("local", [("127.0.0.6", "192.168.7.7"), ("10.9.0.1", "172.16.4.4")])
def test_attackers_of_a_lab_are_seen_and_the_guard_says_why_they_are_not_blocked(
    local: tuple[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "messages"
    log.write_bytes(messages(*local))
    result = replayed(log, form="asterisk-log", year=2026)
    assert sources(result) == list(local)
    blocked = [one for one in result.of("decision") if one["action"] == "block_ip"]
    assert {one["target"]["id"] for one in blocked} == set(local)
    assert all("address" in one["refused"] for one in blocked)


def test_the_year_of_a_log_that_ends_in_january_is_that_of_its_first_line(tmp_path: Path) -> None:
    log = tmp_path / "messages.1"
    year_end = datetime(2025, 12, 31, 23, 59, 50)  # noqa: DTZ001
    tries = [failed(year_end + timedelta(seconds=n), 1001, "203.0.113.77", pjsip=False) for n in range(20)]
    log.write_text("".join(f"{text}\n" for _, text in tries))
    rotated = datetime(2026, 1, 4, tzinfo=UTC).timestamp()
    os.utime(log, (rotated, rotated))
    result = replayed(log, form="asterisk-log")
    assert result.of("detection")[0]["at"].startswith("2026-01-01T04:59:54")
    assert result.of("detection")[-1]["at"].startswith("2026-01-01T05:00:0")


# --- Yeastar


@pytest.mark.parametrize("name", ["yeastar-cdr.csv", "yeastar-cdr.json"])
def test_call_records_of_a_yeastar_show_the_calls_to_somalia(name: str) -> None:
    result = replayed(DATA / name, form="yeastar-cdr")
    assert any("Somalia" in incident["title"] for incident in result.incidents())
    assert result.stats["rejected"] == 0


def test_a_broken_call_record_is_buried_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = (DATA / "yeastar-cdr.csv").read_bytes().splitlines(keepends=True)
    broken = tmp_path / "cdr.csv"
    broken.write_bytes(b"".join([*rows[:3], b"not,a,record\n", *rows[3:]]))
    whole, result = replayed(DATA / "yeastar-cdr.csv", form="yeastar-cdr"), replayed(broken, form="yeastar-cdr")
    assert [letter.line for letter in result.letters] == [4]
    assert result.stats["rejected"] == 1
    assert result.lines == whole.lines
