"""Every notebook runs on a month of a small office and on an archive where nothing happened, and has no outputs."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat  # type: ignore[import-untyped]  # it ships no types
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from detector.contract.events import AnyEvent, Notice
from tests.notebooks.sample import office, sample, write

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURES = {"1-look-at-the-traffic": 5, "2-reconstruct-an-incident": 3, "3-tune-a-rule": 2, "4-compare-models": 3,
            "5-measure-false-alarms": 2}  # fmt: skip
QUIET: list[AnyEvent] = [Notice(pbx=office().pbx, id="1", at=datetime(2026, 3, 2, tzinfo=UTC), name="started")]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Archives and configurations."""
    found = {}
    for name, events in {"month": sample(), "quiet": QUIET}.items():
        found[name] = tmp_path_factory.mktemp(name)
        write(found[name], events)
    return found


@pytest.fixture
def run(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    sockets = tmp_path_factory.mktemp("k")

    def execute(path: Path, place: str) -> list[Any]:
        monkeypatch.setenv("RINGFENCE_ARCHIVE", str(places[place] / "archive"))
        monkeypatch.setenv("RINGFENCE_CONFIG", str(places[place] / "ringfence.yaml"))
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        notebook = nbformat.read(path, as_version=4)
        # Sockets in a folder: a TCP port found free may be taken before the kernel binds it.
        config = Config({"ConnectionFileMixin": {"transport": "ipc", "ip": str(sockets / "kernel")}})
        NotebookClient(notebook, config=config, timeout=120, kernel_name="python3").execute()
        outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
        assert not [output for output in outputs if output.get("name") == "stderr"]
        return outputs

    return execute


def pictures(outputs: list[Any]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_these_are_all() -> None:
    assert [path.stem for path in NOTEBOOKS] == list(PICTURES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_its_pictures(path: Path, run) -> None:
    assert pictures(run(path, "month")) == PICTURES[path.stem]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_where_nothing_happened_a_notebook_says_so(path: Path, run) -> None:
    outputs = run(path, "quiet")
    assert not pictures(outputs)
    assert [output for output in outputs if output.get("name") == "stdout"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    for cell in json.loads(path.read_text())["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
