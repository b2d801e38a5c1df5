"""The plan of the house: no name twice, no crowded folder, a word on what each file is for, and a test a rule."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for name in ("detector", "models", "streams") for path in (ROOT / name).rglob("*.py"))
UNNAMED = {"__init__.py", "__main__.py"}
VENDORS = {path.parent.name for path in (ROOT / "detector" / "formats").glob("*/__init__.py")}
"""What belongs to one make of PBX may be named like its fellow of another make."""
MOST = 20
CATALOGUES = {"rules", "posture", "formats", "actions"}
"""Folders that hold one file for each of a kind, found by a walk; they may hold any number."""
SENTENCE_ENDS = re.compile(r"[.!?](?=\s|$)")
RULES = ROOT / "detector" / "detect" / "rules"
THEIR_TESTS = ROOT / "tests" / "detector" / "detect" / "rules"
FOR_ALL_RULES = "test_every_detector.py"


def vendor_package(path: Path) -> Path | None:
    """The folder of one make of PBX that a file is in."""
    return next((folder for folder in path.parents if folder.name in VENDORS), None)


def tree(path: Path) -> ast.Module:
    """The code of a module, which need not be imported for it."""
    return ast.parse(path.read_text())


def named_twice(paths: Iterable[Path]) -> list[str]:
    """File names that mean two things."""
    found = defaultdict(list)
    for path in paths:
        if path.name not in UNNAMED:
            found[path.name].append(vendor_package(path))
    return [
        name for name, places in found.items() if len(places) > 1 and (None in places or len(set(places)) < len(places))
    ]


def crowded(paths: Iterable[Path]) -> list[str]:
    """Folders in which nobody finds anything."""
    found = defaultdict(set)
    for path in paths:
        if path.name not in UNNAMED and not CATALOGUES & set(path.parent.parts):
            found[str(path.parent)].add(path.name)
    return [folder for folder, names in found.items() if len(names) > MOST]


def is_one_sentence(text: str | None) -> bool:
    """Whether the first paragraph is one sentence; what follows may say more or draw a tree."""
    first = (text or "").split("\n\n")[0]
    return first.endswith(".") and len(SENTENCE_ENDS.findall(first)) == 1


def test_no_file_name_means_two_things() -> None:
    assert named_twice(path.relative_to(ROOT) for path in MODULES) == []


def test_no_class_name_means_two_things() -> None:
    found = defaultdict(list)
    for path in MODULES:
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_folder_is_crowded() -> None:
    assert crowded(path.relative_to(ROOT) for path in MODULES) == []


@pytest.mark.parametrize(
    ("paths", "twice"),
    [
        (["streams/store/base.py", "streams/kafka/base.py"], ["base.py"]),
        (["detector/formats/yeastar/calls.py", "detector/formats/asterisk/calls.py"], []),
        (["streams/yeastar/client.py", "streams/asterisk/client.py"], []),
        (["streams/yeastar/client.py", "streams/yeastar/actions/client.py"], ["client.py"]),
        (["streams/yeastar/client.py", "streams/api/client.py"], ["client.py"]),
        (["streams/store/__init__.py", "streams/kafka/__init__.py"], []),
    ],
    ids=["two folders", "two formats", "two makes", "one make", "a make and another folder", "packages"],
)
def test_what_counts_as_a_name_that_means_two_things(paths, twice) -> None:
    assert named_twice(map(Path, paths)) == twice


@pytest.mark.parametrize(
    ("folder", "files", "too_many"),
    [("streams/store", 20, False), ("streams/store", 21, True), ("detector/detect/rules", 99, False),
     ("detector/formats/asterisk", 21, False), ("streams/yeastar/actions", 21, False)],
)  # fmt: skip
def test_what_counts_as_crowded(folder, files, too_many) -> None:
    names = ["__init__.py", *(f"file_{number}.py" for number in range(files))]
    assert bool(crowded(Path(folder, name) for name in names)) == too_many


def test_every_module_says_in_one_sentence_what_it_is_for() -> None:
    said = {str(path.relative_to(ROOT)): ast.get_docstring(tree(path)) for path in MODULES}
    assert [path for path, text in said.items() if not is_one_sentence(text)] == []


@pytest.mark.parametrize(
    ("text", "one"),
    [("What a phone says.", True), ("What a phone says.\n\nAnd who it is. Or not.", True), ("What. It says.", False),
     ("What a phone says", False), ("Version 1.5 of it.", True), ("", False), (None, False)],
)  # fmt: skip
def test_what_counts_as_one_sentence(text, one) -> None:
    assert is_one_sentence(text) == one


def test_every_rule_has_its_file_and_its_test_and_nothing_else_lies_beside_them() -> None:
    rules = {f"test_{path.name}" for path in RULES.iterdir() if path.name not in {"__init__.py", "__pycache__"}}
    tests = {path.name for path in THEIR_TESTS.iterdir() if path.name != "__pycache__"}
    assert tests == rules | {FOR_ALL_RULES}
