"""`ringfence backtest` from end to end: a process of its own on a small office's month."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from detector.contract.codec import Codec
from detector.contract.events import Call, Registration
from detector.contract.vocabulary import Basis
from detector.detect.catalogue import detectors
from streams.archive import Archive
from streams.backtest.slow import SLOW
from tests.evaluate.month import honest, sites

PROGRAM = (sys.executable, "-c", "from streams.cli.main import app; app()", "backtest")
HOSTILE = "<script>document.title='owned'</script>\u202e"
SITE = next(site for site in sites() if site.pbx == "workshop")


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events = honest(SITE, 3)
        self.configure("usual.yaml", {})
        self.configure("deaf.yaml", {rule: {"mode": "shadow"} for rule in detectors()})

    def configure(self, name: str, rules: dict[str, Any], **more: Any) -> None:
        pbx = SITE.configured() | {"rules": rules} | more
        (self.folder / name).write_text(yaml.safe_dump({"data": str(self.folder / "data"), "pbxs": [pbx]}))

    def write(self, events) -> None:
        codec = Codec()
        (self.folder / "events.jsonl").write_bytes(b"".join(codec.encode(event) + b"\n" for event in events))

    def run(
        self, *arguments: str, config: str = "usual.yaml", events: tuple[str, ...] = ("events.jsonl",)
    ) -> subprocess.CompletedProcess[str]:
        history = [part for name in events for part in ("--events", name)]
        command = [*PROGRAM, *history, "-c", config, "--trials", "3", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300)

    def figures(self, *arguments: str, **more: Any) -> Any:
        done = self.run(*arguments, **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write(desk.events)
    return desk


def test_attacks_are_found_and_the_same_seed_gives_the_same_figures(desk) -> None:
    arguments = ("--inject", "irsf,slow-pumping", "--json")
    first = desk.figures(*arguments)
    attacks = {one["attack"]: one for one in first["configs"][0]["attacks"]}
    assert list(attacks) == ["irsf", "slow-pumping"]
    assert all(one["found"] == one["trials"] == 3 for one in attacks.values())
    assert attacks["irsf"]["delay"]["median"] < 300
    fired = {rule["rule"]: rule["fired"] for rule in first["configs"][0]["rules"]}
    assert fired["call.slow_pumping"] == {"slow-pumping": 3}
    assert fired["registration.bruteforce"] == {"irsf": 3}
    assert desk.figures(*arguments) == first
    assert desk.figures(*arguments, "--seed", "2") != first


def test_the_better_of_two_configurations_is_named(desk) -> None:
    made = desk.figures("--inject", "irsf", "--against", "deaf.yaml", "--trials", "6", "--json")
    usual, deaf = made["configs"]
    assert usual["attacks"][0]["recall"]["value"] == 1
    assert (deaf["attacks"][0]["found"], deaf["attacks"][0]["recall"]["value"]) == (0, 0)
    comparison = made["comparison"]
    assert (comparison["only_config"], comparison["only_against"]) == (6, 0)
    assert (comparison["better"], comparison["clear"]) == ("usual.yaml", True)
    assert (comparison["faster"], comparison["cheaper"]) == (None, "usual.yaml")  # nothing stopped what was not found
    assert usual["attacks"][0]["money"]["median"] < deaf["attacks"][0]["money"]["median"]


def test_models_are_told_apart_and_find_what_stays_under_limits(desk) -> None:
    models = [rule for rule, detector in detectors().items() if detector.basis is Basis.SCORE]
    hours = {"call.after_hours": {"mode": "shadow"}}  # the country's holidays give every slow attack away
    desk.configure("models.yaml", hours)
    desk.configure("limits.yaml", hours | {rule: {"mode": "shadow"} for rule in models})
    arguments = ("--inject", "night-drip", "--against", "limits.yaml", "--trials", "6", "--json")
    made = desk.figures(*arguments, config="models.yaml")
    both, limits = made["configs"]
    assert (both["attacks"][0]["found"], limits["attacks"][0]["found"]) == (6, 0)
    spoke = {rule["rule"]: rule for rule in both["rules"]}
    assert spoke["call.unusual"]["fired"] == {"night-drip": 6}
    assert {rule for rule, one in spoke.items() if one["model"]} <= set(models)
    assert not any(rule["model"] for rule in limits["rules"])
    money = both["attacks"][0]
    assert 0 < money["money_at_alarm"]["median"] < money["money"]["median"]  # the alarm comes before the last call
    assert spoke["call.unusual"]["money"] == money["money_at_alarm"]


def test_slow_attacks_are_a_group_and_end_with_the_history(desk) -> None:
    made = desk.figures("--inject", "slow,irsf,ramp", "--trials", "1", "--json")
    tried = [one["attack"] for one in made["configs"][0]["attacks"]]
    assert tried == [*SLOW, "irsf"]


def test_several_files_in_any_order_are_one_history(desk) -> None:
    whole = desk.figures("--inject", "irsf", "--json")
    lines = (desk.folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (desk.folder / "late.jsonl").write_bytes(b"".join(lines[1_000:]))
    (desk.folder / "early.jsonl").write_bytes(b"".join(reversed(lines[:1_000])) + b"{broken\n")
    names = ("late.jsonl", "early.jsonl")
    done = desk.run("--inject", "irsf", "--json", events=names)
    assert json.loads(done.stdout) == whole
    assert "1 unreadable, the first in line 1001 of early.jsonl" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_stays_behind_when_it_is_ended(desk, number) -> None:
    (desk.folder / "tmp").mkdir()
    listens = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = [sys.executable, "-c", f"{listens}; {PROGRAM[2]}", *PROGRAM[3:]]
    command = [*program, "--events", "events.jsonl", "-c", "usual.yaml", "--trials", "200", "--inject", "slow"]
    running = subprocess.Popen(
        command, cwd=desk.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | {"TMPDIR": str(desk.folder / "tmp")},
    )  # fmt: skip
    try:
        for _ in range(600):
            if list((desk.folder / "tmp").glob("ringfence-backtest-*/memory-0-*")):
                break
            time.sleep(0.1)
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode not in {0, -signal.SIGKILL}
    assert list((desk.folder / "tmp").glob("ringfence-backtest-*")) == []
    assert "Traceback" not in said


def test_call_records_alone_tell_of_no_registrations(desk) -> None:
    desk.write(event for event in desk.events if isinstance(event, Call) and event.phase == "ended")
    made = desk.figures("--inject", "fast-guessing,irsf", "--json")
    assert made["skipped"] == ["fast-guessing"]
    (attack,) = made["configs"][0]["attacks"]
    assert (attack["attack"], attack["found"]) == ("irsf", 3)
    assert attack["delay"]["median"] >= 21  # the probe call is known only when it has ended


def test_what_the_sources_cannot_show_is_neither_found_nor_missed(desk, monkeypatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "hush")
    way = {"url": "https://pbx.example:8088", "client_id": "env:SOME_SECRET", "client_secret": "env:SOME_SECRET"}
    deaf = {rule: {"mode": "shadow"} for rule in detectors() if rule != "config.forwarding"}
    desk.configure("unknown.yaml", deaf)
    desk.configure("api.yaml", deaf, connection=way)
    attacks = ("--inject", "fast-guessing,forwarding-fraud,robocalls")
    made = {name: desk.figures(*attacks, "--json", config=name) for name in ("unknown.yaml", "api.yaml")}
    assert {name: (each["skipped"], each["not_visible"]) for name, each in made.items()} == {
        "unknown.yaml": ([], {}),
        "api.yaml": (["fast-guessing"], {"forwarding-fraud": 3}),  # a P-Series tells of neither
    }
    found = {
        name: [(each["attack"], each["found"], each["trials"]) for each in one["configs"][0]["attacks"]]
        for name, one in made.items()
    }
    assert found["unknown.yaml"] == [("fast-guessing", 0, 3), ("forwarding-fraud", 3, 3), ("robocalls", 0, 3)]
    assert found["api.yaml"] == [("robocalls", 0, 3)]
    shown = desk.run(*attacks, config="api.yaml").stdout
    assert "fast-guessing: not visible, so not tried" in shown
    assert "forwarding-fraud: not visible in 3 trials" in shown


def test_a_limit_that_is_too_strict_for_the_history_is_raised(desk) -> None:
    desk.configure("strict.yaml", {"call.concurrent_extension": {"calls": 1}})
    made = desk.figures("--inject", "irsf", "--false-alarms", "0.01", "--json", config="strict.yaml")
    tuning = made["tuning"]
    one = next(one for one in tuning["suggestions"] if one["rule"] == "call.concurrent_extension")
    allowed = 0.01 * made["extension_days"]
    assert one["alarms"]["1"] > allowed
    assert one["suggested"] > 1
    assert one["alarms"][str(one["suggested"])] <= allowed
    assert tuning["by_rule"].get("call.concurrent_extension", 0) <= allowed
    silent = next(one for one in tuning["suggestions"] if one["rule"] == "login.ssh")
    assert silent["suggested"] == silent["now"]


def test_an_archive_gives_the_same_figures_as_the_file_it_was_made_of(desk) -> None:
    Archive(str(desk.folder / "archive")).write("log", list(enumerate(desk.events)))
    arguments = ("--inject", "irsf", "--json")
    assert desk.figures(*arguments, "--pbx", "workshop", events=("archive",)) == desk.figures(*arguments)


def test_a_damaged_archive_is_said_to_be_damaged(desk) -> None:
    Archive(str(desk.folder / "archive")).write("log", list(enumerate(desk.events)))
    part = next((desk.folder / "archive").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    done = desk.run(events=("archive",))
    assert done.returncode == 1
    assert done.stdout == ""
    assert part.name in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_hostile_names_do_no_harm_in_the_page(desk) -> None:
    hostile = [
        replace(event, account=HOSTILE, extension=None, outcome="rejected", source_ip="185.9.9.9")
        for event in desk.events if isinstance(event, Registration) and event.at.day > 20
    ]  # fmt: skip
    calls = [replace(event, extension=HOSTILE) if isinstance(event, Call) and event.extension == "1003" else event
             for event in desk.events]  # fmt: skip
    desk.write([*calls, *[replace(event, id=f"h{event.id}") for event in hostile]])
    desk.configure("strict.yaml", {"call.concurrent_extension": {"calls": 1}})
    made = desk.figures("--inject", "irsf", "--html", "report.html", config="strict.yaml")
    assert any("owned" in alarm["title"] for alarm in made["configs"][0]["alarms"])
    page = (desk.folder / "report.html").read_text()
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert not re.search(r"<script|<img|https?://|url\(", page)
    bars = [float(width) for width in re.findall(r'<rect x="210" y="[0-9.]+" width="([0-9.]+)" height="12"', page)]
    assert bars[0] == 420.0 * made["configs"][0]["attacks"][0]["recall"]["value"]
    assert page.count('fill="#b3141d"') == made["days"] - made["warm_up"]


WRONG = [
    ("an attack that is not known", ["--inject", "irfs"], 2, "no attack 'irfs'; there are all, slow, "),
    ("no attack at all", ["--inject", ","], 2, "--inject: name an attack"),
    ("nothing left to judge", ["--warm-up", "40"], 2, "leave none to judge"),
    ("a folder that is not there", ["--html", "none/report.html"], 2, "--html: there is no folder"),
    (
        "a PBX that one configuration does not have",
        ["--against", "elsewhere.yaml"],
        2,
        "elsewhere.yaml: no PBX 'workshop', of which the history is; there are branch",
    ),
    ("a PBX that none has", ["--pbx", "wrokshop"], 2, "no PBX 'wrokshop' in the configuration"),
    ("the same file twice", ["--against", "usual.yaml"], 2, "--against names the same file"),
]


@pytest.mark.parametrize(("case", "arguments", "code", "text"), WRONG)
def test_what_is_wrong_is_said(desk, case, arguments, code, text) -> None:
    desk.configure("elsewhere.yaml", {}, id="branch")
    done = desk.run(*arguments)
    assert (done.returncode, text in done.stderr) == (code, True), (case, done.stderr)


HISTORIES = [
    ("one day only", lambda events: events[:20], "only one day of history"),
    ("another PBX", lambda events: [replace(event, pbx="other") for event in events], "no events of PBX workshop"),
    ("nobody there", lambda events: [replace(e, extension=None, account=None) for e in events if e.pbx
        and isinstance(e, Registration)], "no extension is named"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "change", "text"), HISTORIES)
def test_a_history_that_is_of_no_use_is_said_to_be(desk, case, change, text) -> None:
    desk.write(change(desk.events))
    done = desk.run()
    assert (done.returncode, text in done.stderr) == (1, True), (case, done.stderr)


def test_two_pbxs_are_not_mixed(desk) -> None:
    desk.write([*desk.events, *(replace(event, pbx="branch") for event in desk.events[:100])])
    (desk.folder / "bare.yaml").write_text(yaml.safe_dump({"data": str(desk.folder / "data")}))
    done = desk.run(config="bare.yaml")
    assert (done.returncode, "--pbx is needed: there are events of branch, workshop" in done.stderr) == (1, True)
    alone = desk.figures("--inject", "irsf", "--pbx", "workshop", "--json")
    desk.write(desk.events)
    assert desk.figures("--inject", "irsf", "--json") == alone


def test_what_is_no_history_is_said_to_be_none(desk) -> None:
    (desk.folder / "events.jsonl").write_bytes(b"\x00\x01garbage\n" * 50)
    done = desk.run()
    assert done.returncode == 1
    assert "unreadable" in done.stderr
    assert "Traceback" not in done.stderr
