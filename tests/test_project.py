"""The project as a whole: pinned, free of addresses, and its documents true."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from stat import S_IXUSR

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from streams.config.loading import load

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)")
# written so that this file does not name them itself
HOSTS = [
    "".join(parts)
    for parts in (("py", "pi.org"), ("python", "hosted.org"), ("npm", "js.org"), ("npm", "js.com"), ("ghcr", ".io"),
                  ("docker", ".io"), ("quay", ".io"), ("deb.", "debian.org"), ("proxy.", "golang.org"),
                  ("index", "-url"), ("find", "-links"))
]  # fmt: skip
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(str(p.relative_to(ROOT)) for p in sorted(ROOT.glob("docs/**/*.md"))),
]

PATH = re.compile(r"\b(?:detector|models|streams|tests|docs|scripts)/(?:[\w./-]|<[a-z ]+>)*[\w/>]")
FUNCTION = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
RULE = (
    "detector/detect/rules/call_unanswered_abroad.py",
    "tests/detector/detect/rules/test_call_unanswered_abroad.py",
)


def files() -> list[Path]:
    """What belongs to the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def pins() -> dict[str, str]:
    """Pinned versions by canonical name; a line that is anything else fails."""
    found = [PIN.fullmatch(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
    assert all(found), "constraints.txt holds nothing but name==version"
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


def needed(requirements: list[str], extras: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Names and installed versions of all that the project needs here, and of what that needs."""
    waiting = [(Requirement(text), extras) for text in requirements]
    seen = set()
    while waiting:
        requirement, wanted = waiting.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": e}) for e in wanted or {""}):
            continue
        key = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # needed only to build
        yield key[0], found.version
        waiting += [(Requirement(text), frozenset(requirement.extras)) for text in found.requires or ()]


def test_every_dependency_is_pinned_and_installed_as_pinned() -> None:
    pinned = pins()
    installed = dict(needed(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]))
    assert len(installed) > 40
    assert {name: pinned.get(name) for name in installed} == installed


def test_what_builds_the_project_is_pinned() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert {canonicalize_name(Requirement(text).name) for text in build} <= pins().keys()


def test_no_file_names_a_registry_or_this_machine() -> None:
    here = [str(ROOT), str(Path.home())]
    words = [word.encode() for word in HOSTS + [path for path in here if len(path) > 4]]
    named = [(str(path.relative_to(ROOT)), word) for path in files() for word in words if word in path.read_bytes()]
    assert named == []


def test_ci_runs_the_command_of_the_readme() -> None:
    run = ROOT / ".ci/run"
    assert run.stat().st_mode & S_IXUSR
    assert run.read_text().splitlines()[-1] == "make test"
    assert re.search(r"^make test\b", (ROOT / "README.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)\)", document.read_text())
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_is_named_exists(name: str) -> None:
    """`<make>` and the like stand for any name; the rule of the example is the one that is not there yet."""
    paths = set(PATH.findall((ROOT / name).read_text())) - {*RULE}
    assert [path for path in sorted(paths) if not any(ROOT.glob(re.sub("<[a-z ]+>", "*", path)))] == []


def test_decisions_are_numbered_and_complete() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for number, path in enumerate(records, 1):
        lines = path.read_text().splitlines()
        assert lines[0].startswith(f"# {number}. "), path.name
        assert [line[3:] for line in lines if line.startswith("## ")] == ["Context", "Decision", "Consequence"], (
            path.name
        )
        assert len(lines) <= 60, path.name


def test_changelog_has_this_version() -> None:
    assert f"## {PROJECT['version']} " in (ROOT / "CHANGELOG.md").read_text()


def test_the_configuration_in_the_readme_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = blocks("README.md", "yaml")[0]
    for name in ("HQ_CLIENT_ID", "HQ_CLIENT_SECRET", "ON_CALL_URL"):
        assert f"env:{name}" in sample
        monkeypatch.setenv(name, "mailto://example.com")
    (tmp_path / "ringfence.yaml").write_text(sample)
    settings = load(tmp_path / "ringfence.yaml")
    assert [pbx.id for pbx in settings.pbxs] == [pbx["id"] for pbx in yaml.safe_load(sample)["pbxs"]]


@pytest.mark.slow
def test_every_sentence_on_what_it_never_does_names_a_test_that_there_is() -> None:
    promised = re.split(r"^What it never does.*$|^## ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    promises = next(part for part in promised if "never" in part and "`test_" in part)
    sentences = re.split(r"(?<=[.)])[.]?\s+(?=- |[A-Z])", promises.strip())
    assert len(sentences) > 5
    assert [one for one in sentences if not re.search(r"`test_\w+`", one)] == []
    named = set(re.findall(r"`(test_\w+)`", promises))
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in FUNCTION.findall(path.read_text())}
    assert named - there == set()


def test_a_rule_is_added_by_the_two_files_in_contributing(tmp_path: Path) -> None:
    """By the letter, in a copy of the repository; nothing but the generated documents changes besides."""
    for path in files():
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, tmp_path / path.relative_to(ROOT))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for name, code in zip(RULE, blocks("CONTRIBUTING.md", "python"), strict=True):
        assert f"`{name}`" in (ROOT / "CONTRIBUTING.md").read_text()
        (tmp_path / name).write_text(code)
    make = ("make", "-o", ".venv/developing")  # it stands as it is
    test = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    stale = succeeded(tmp_path, *make, "check", code=2)
    assert "docs/detectors.md is stale: run make generate" in stale
    assert succeeded(tmp_path, *make, "generate").splitlines()[-2:] == ["docs/guide.md", "docs/detectors.md"]
    succeeded(tmp_path, *make, "check")
    assert re.search(r"^[1-9]\d* passed", succeeded(tmp_path, *test, RULE[1]), re.MULTILINE)
    contracts = "tests/detector/detect/rules/test_every_detector.py"
    assert re.search(
        r"^1\d passed", succeeded(tmp_path, *test, contracts, "-k", "call.unanswered_abroad"), re.MULTILINE
    )
    needs = succeeded(tmp_path, *test, "tests/detector/detect/test_needs.py", "-k", "call.unanswered_abroad")
    assert re.search(r"^3 passed", needs, re.MULTILINE)


def succeeded(root: Path, *command: str, code: int = 0) -> str:
    """What a command says that ends as it should, run on the code of a folder."""
    without_make = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    alone = without_make | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, env=alone)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / name).read_text(), re.MULTILINE | re.DOTALL)
