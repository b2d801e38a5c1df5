"""One file of each system we read, with an attack in it, through the command line."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "data"
THIEF, EXTENSION = "203.0.113.77", "1007"
GUESSED, CALLED = ("source_ip", THIEF), ("extension", EXTENSION)
PUMPED, COUNTRY = ("destination", "+25261234"), ("destination", "+252")
SAMPLES = {
    "yeastar-events": ("yeastar-events.jsonl", {GUESSED, CALLED, PUMPED, COUNTRY}, {"SO"}),
    "yeastar-cdr": ("yeastar-cdr.json", {CALLED}, {"SO"}),
    "asterisk-cdr": ("asterisk-master.csv", {CALLED, PUMPED, COUNTRY}, {"SO"}),
    "asterisk-log": ("asterisk-both.log", {GUESSED, CALLED}, {"SO"}),
    "asterisk-ami": ("asterisk-ami.txt", {GUESSED, CALLED, PUMPED, COUNTRY}, {"SO"}),
    "hep": ("sip.hep", {GUESSED, CALLED, COUNTRY}, {"SO"}),
    "freeswitch-log": ("freeswitch.log", {GUESSED, CALLED, PUMPED, COUNTRY}, {"SO"}),
}
Finding = dict[str, Any]


CONFIGURED = {"hep": "pbxs: [{id: pbx, hep: {addresses: [192.0.2.10], senders: [192.0.2.10]}}]"}
"""What a format has to know that its records do not say."""


def needed(folder: Path, name: str) -> tuple[str | Path, ...]:
    """The configuration for a format, where it needs one."""
    if name not in CONFIGURED:
        return ()
    (folder / "ringfence.yaml").write_text(CONFIGURED[name])
    return "-c", folder / "ringfence.yaml"


def command(folder: Path, *arguments: str | Path) -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", "from streams.cli.main import app; app()", *arguments],
        capture_output=True, cwd=folder, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def replayed(folder: Path, name: str, file: Path) -> tuple[list[Finding], Finding]:
    *findings, stats = map(json.loads, command(folder, "replay", "-f", name, *needed(folder, name), file).splitlines())
    return findings, stats


@pytest.mark.parametrize("name", SAMPLES)
def test_the_attack_in_the_sample_is_found_with_its_subjects(name: str, tmp_path: Path) -> None:
    file, subjects, countries = SAMPLES[name]
    findings, stats = replayed(tmp_path, name, DATA / file)
    detected = [finding for finding in findings if finding["type"] == "detection"]
    assert {(finding["subject"]["kind"], finding["subject"]["id"]) for finding in detected} == subjects
    assert {finding["values"]["country"] for finding in detected if "country" in finding["values"]} == countries
    assert stats["rejected"] == 0
    assert len({finding["id"] for finding in findings if finding["type"] == "incident"}) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_rotated_packed_and_read_again_it_is_the_same(name: str, tmp_path: Path) -> None:
    plain = DATA / SAMPLES[name][0]
    packed = tmp_path / "1.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    stamp = plain.stat().st_mtime
    os.utime(packed, (stamp, stamp))
    assert replayed(tmp_path, name, packed)[0] == replayed(tmp_path, name, plain)[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_converted_is_read_as_events(name: str, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(command(tmp_path, "convert", "-f", name, *needed(tmp_path, name), DATA / SAMPLES[name][0]))
    from_events, from_file = (replayed(tmp_path, kind, file) for kind, file in
                              (("events", events), (name, DATA / SAMPLES[name][0])))  # fmt: skip
    assert from_events[0] == from_file[0]


def test_the_configuration_says_who_is_a_trunk(tmp_path: Path) -> None:
    config = tmp_path / "ringfence.yaml"
    config.write_text('pbxs: [{id: hq, trunks: {"1007": {}}, trunk_contexts: [phones]}]\n')
    written = command(tmp_path, "convert", "-f", "asterisk-cdr", "-c", config, DATA / "asterisk-master.csv")
    assert {json.loads(line)["direction"] for line in written.splitlines()} == {"transit", "inbound"}
