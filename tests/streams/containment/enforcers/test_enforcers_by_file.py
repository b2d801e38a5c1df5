"""An enforcer is one file: being in the folder is all it takes to be named in the configuration, and be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr

from streams.cli.support.choices import loaded
from streams.config.loading import ConfigError, check_report, load
from streams.containment import enforcers
from streams.containment.enforcers.enforcer import ENFORCERS, Enforcer, enforcer_settings, enforcers_of
from streams.containment.enforcers.feed import Feed
from streams.containment.enforcers.nftables import Nftables
from streams.store.journal.journal import Journal

FOLDER = Path(next(iter(enforcers.__path__)))
FEED = "feed: {enabled: true, token: env:FEED}\n"
GATE = '''
"""A gate that somebody else keeps."""

from datetime import datetime
from typing import ClassVar, Self

from detector.settings.params import Params
from streams.config.secrets import Secret
from streams.containment import enforcers
from streams.containment.enforcers.enforcer import Enforcer, enforcer
from streams.store.journal.journal import Journal


class GateSettings(Params):
    """Where the gate is, and who may close it."""

    address: str = "127.0.0.1"
    key: Secret = None


@enforcer
class Gate(Enforcer):
    """Tells the gate."""

    name: ClassVar[str] = "gate"
    settings: ClassVar[type[Params]] = GateSettings

    def __init__(self, address: str, key: str) -> None:
        self.said = f"{address} {key}"

    @classmethod
    def configured(cls, settings: GateSettings, journal: Journal) -> Self:
        assert settings.key is not None
        return cls(settings.address, settings.key.get_secret_value())

    async def block(self, target: str, until: datetime) -> None:
        """Close it."""

    async def lift(self, target: str) -> None:
        """Open it."""

    async def blocked(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()
'''
PROGRAM = """
import sys
from pathlib import Path

from sqlalchemy import create_engine

import streams.containment.enforcers as folder
from streams.cli.support.choices import loaded
from streams.containment import enforcers
from streams.containment.enforcers.enforcer import enforcers_of
from streams.store.journal.journal import Journal

folder.__path__.append(sys.argv[1])
for one in enforcers_of(loaded(Path(sys.argv[2]), secrets=None), Journal(create_engine("sqlite://"))):
    print(one.name, vars(one).get("said", ""))
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FEED", "a-token-of-some-length")
    return tmp_path / "ringfence.yaml"


def test_every_enforcer_is_found_by_its_file() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "enforcer"}
    assert {kind.__module__.rpartition(".")[2] for kind in ENFORCERS.all().values()} == files
    assert ENFORCERS.all().items() >= {"feed": Feed, "nftables": Nftables}.items()


@pytest.mark.parametrize("name", ENFORCERS.all())
def test_every_enforcer_says_what_it_does_and_can_do_without_settings_but_secrets(name: str) -> None:
    kind = ENFORCERS.all()[name]
    assert kind.__doc__
    assert kind.settings.__doc__
    needed = {field: SecretStr("secret") for field, of in kind.settings.model_fields.items() if of.is_required()}
    assert kind.settings(**needed) == kind.settings.model_validate(needed)


USED: list[tuple[str, str, list[type[Enforcer]]]] = [
    ("none", "", []),
    ("none of none", "enforcers: {}", []),
    ("the feed", "enforcers: {feed: {}}", [Feed]),
    ("both", "enforcers: {nftables: {netns: outside}, feed: {}}", [Feed, Nftables]),
    ("one that is named and left empty", "enforcers: {nftables: }", []),
]


@pytest.mark.parametrize(("text", "kinds"), [pytest.param(*case[1:], id=case[0]) for case in USED])
@pytest.mark.parametrize("told", [True, False])
def test_what_is_named_is_used(
    file: Path, journal: Journal, text: str, kinds: list[type[Enforcer]], told: bool
) -> None:
    file.write_text(FEED + text)
    installation = load(file, enforcers=enforcer_settings() if told else None)
    assert {type(one) for one in enforcers_of(installation, journal)} == set(kinds)


KNOWN = f"unknown key (allowed: {', '.join(ENFORCERS.all())}; did you mean"
WRONG = [
    ("a name nobody has", "nftable: {}", [f"2: enforcers.nftable: {KNOWN} nftables?)"]),
    (
        "a setting there is not",
        "nftables: {netn: a}",
        ["2: enforcers.nftables.netn: unknown key (allowed: netns; did you mean netns?)"],
    ),
    (
        "a value that will not do",
        "nftables: {netns: ../x}",
        ["2: enforcers.nftables.netns: not understood (allowed: a name as in ip netns)"],
    ),
    ("no map", "feed: 1", ["2: enforcers.feed: expected a map"]),
    (
        "two at once",
        "nftables: 7, fed: {}",
        [f"2: enforcers.fed: {KNOWN} feed?)", "2: enforcers.nftables: expected a map"],
    ),
]


@pytest.mark.parametrize(("text", "lines"), [pytest.param(*case[1:], id=case[0]) for case in WRONG])
def test_what_is_wrong_is_named_by_who_knows_the_enforcers(file: Path, text: str, lines: list[str]) -> None:
    file.write_text(f"{FEED}enforcers: {{{text}}}\n")
    found = check_report(file, enforcer_settings())
    assert sorted(line.replace(f"{file}:", "") for line in found) == lines
    with pytest.raises(ConfigError):
        load(file, enforcers=enforcer_settings())
    assert load(file).enforcers.named()


def test_the_feed_enforcer_needs_the_feed(file: Path) -> None:
    file.write_text("enforcers: {feed: {}}\n")
    assert check_report(file, enforcer_settings()) == [
        f"{file}:1: enforcers.feed: the feed is not enabled (allowed: feed: {{enabled: true, token: env:NAME}})"
    ]


def test_who_acts_is_told_of_a_wrong_name_at_its_start(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("enforcers: {nftable: {}}\n")
    with pytest.raises(typer.Exit):
        loaded(file, secrets=None)
    assert "enforcers.nftable: unknown key" in capsys.readouterr().err


def test_a_new_enforcer_is_named_with_its_own_settings_and_secrets(tmp_path: Path) -> None:
    more, configuration = tmp_path / "more", tmp_path / "ringfence.yaml"
    more.mkdir()
    (more / "gate.py").write_text(GATE)
    configuration.write_text("enforcers: {gate: {address: 192.0.2.1, key: env:GATE}}\n")
    command = [sys.executable, "-c", PROGRAM, str(more), str(configuration)]
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"GATE": "open sesame"})
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "gate 192.0.2.1 open sesame\n"
