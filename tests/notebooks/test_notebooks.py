"""Every notebook runs on a small archive of honest traffic with one attack in it, and is kept without outputs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat  # type: ignore[import-untyped]  # it ships no types
import pytest
from nbclient import NotebookClient

from detector.contract.events import AnyEvent, Call, Registration
from detector.settings import Settings
from streams.archive import Archive, read
from streams.study import calls, findings, with_rules

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
THIEF = "203.0.113.77"
SETTINGS = {"defaults": {"region": "US", "international_prefix": "011", "access_digit": "9"}, "pbxs": [{"id": "hq"}]}


def dialled(name: str, at: datetime, extension: str, to: str, talk: float, **more: Any) -> list[AnyEvent]:
    shared: dict[str, Any] = {
        "pbx": "hq", "call_id": name, "direction": "outbound", "extension": extension, "from_": extension, "to": to,
        "trunk": "carrier", **more,
    }  # fmt: skip
    end = at + timedelta(seconds=talk + 5)
    return [
        Call(id=f"{name}:s", at=at, phase="started", **shared),
        Call(id=f"{name}:a", at=at + timedelta(seconds=5), phase="answered", **shared),
        Call(id=f"{name}:e", at=end, phase="ended", started_at=at, talk=talk, disposition="answered", **shared),
    ]


def tried(name: str, at: datetime, account: str, source: str, outcome: str) -> Registration:
    return Registration(
        pbx="hq", id=name, at=at, account=account, extension=account, source_ip=source, outcome=outcome
    )  # fmt: skip


def sample() -> list[AnyEvent]:
    """Four working days of three people; in the last night one of them is robbed."""
    events: list[AnyEvent] = []
    for day in range(4):
        for person in ("1001", "1002", "1003"):
            at = MONDAY + timedelta(days=day, hours=14, minutes=int(person) - 1000)
            events.append(tried(f"r{day}{person}", at, person, "10.0.0.9", "accepted"))
            for n in range(4):
                begun = at + timedelta(minutes=20 * n + 1)
                events += dialled(f"c{day}{person}{n}", begun, person, f"9121255501{n:02}", 90.0 + n)
    night = MONDAY + timedelta(days=4, hours=3)
    events += [tried(f"g{n}", night + timedelta(seconds=n), "1002", THIEF, "rejected") for n in range(12)]
    events.append(tried("in", night + timedelta(seconds=30), "1002", THIEF, "accepted"))
    for n in range(12):
        at = night + timedelta(seconds=120 + 20 * n)
        events += dialled(f"p{n}", at, "1002", f"90112526123{4500 + n}", 600.0, source_ip=THIEF)
    return sorted(events, key=lambda event: event.at)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive and a configuration."""
    folder = tmp_path_factory.mktemp("study")
    Archive(str(folder / "archive")).write("a", list(enumerate(sample(), 1)))
    (folder / "ringfence.yaml").write_text(json.dumps(SETTINGS))
    return folder


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_a_picture(path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_ARCHIVE", str(place / "archive"))
    monkeypatch.setenv("RINGFENCE_CONFIG", str(place / "ringfence.yaml"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    for cell in json.loads(path.read_text())["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_calls_are_read_and_priced(place: Path) -> None:
    made = calls(read(str(place / "archive")), Settings.model_validate(SETTINGS))
    assert len(made) == 4 * 3 * 4 + 12
    abroad = made[made["country"] == "SO"]
    assert (len(abroad), abroad["minutes"].sum()) == (12, 120.0)
    assert abroad["cost"].sum() > made[made["country"] == "US"]["cost"].sum()


def test_findings_name_the_thief_and_limits_can_be_tried(place: Path) -> None:
    settings = Settings.model_validate(SETTINGS)
    found = findings(read(str(place / "archive")), settings)
    assert THIEF in set(found.detections["subject"])
    assert "1002" in set(found.detections["subject"])
    assert found.incidents["spent"].max() > 0
    blunt = with_rules(settings, {"registration.bruteforce": {"failures": 40}})
    rules = set(findings(read(str(place / "archive")), blunt).detections["rule"])
    assert "registration.bruteforce" in set(found.detections["rule"]) - rules


def test_no_events_are_empty_frames() -> None:
    assert calls([], Settings()).empty
    assert findings([], Settings()).incidents.empty
