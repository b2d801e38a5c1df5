import sys
from pathlib import Path

import pytest

from detector.contract.registry import Registry

THING = """
from {package}.base import THINGS

THINGS.add({name!r}, {thing!r})
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """An empty package that can be imported, with a registry of its own in `base`."""
    name = f"things_of_{abs(hash(request.node.name))}"
    folder = tmp_path / name
    (folder / "inner").mkdir(parents=True)
    for init in (folder, folder / "inner"):
        (init / "__init__.py").write_text("")
    (folder / "base.py").write_text(
        f"from detector.contract.registry import Registry\n\nTHINGS = Registry('things', {name!r})\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def written(package: Path, file: str, name: str, thing: str) -> None:
    (package / file).write_text(THING.format(package=package.name, name=name, thing=thing))


def registry(package: Path) -> Registry[str]:
    __import__(f"{package.name}.base")
    found: Registry[str] = sys.modules[f"{package.name}.base"].THINGS
    return found


def test_a_file_is_enough_to_take_part_also_in_a_folder_within(package: Path) -> None:
    written(package, "second.py", "b", "two")
    written(package, "inner/first.py", "a", "one")
    assert list(registry(package).all().items()) == [("a", "one"), ("b", "two")]


def test_two_of_one_name_stop_the_program(package: Path) -> None:
    written(package, "first.py", "a", "one")
    written(package, "second.py", "a", "two")
    with pytest.raises(TypeError, match="two things are named a"):
        registry(package).all()


def test_the_same_thing_twice_is_no_matter(package: Path) -> None:
    things = registry(package)
    things.add("a", "one")
    things.add("a", "one")
    assert things.all() == {"a": "one"}
