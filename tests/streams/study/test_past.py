"""What a notebook opens: named, or from the environment, by default the busiest PBX."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from streams.archive import Archive
from streams.study import opened
from tests.streams.study.builders import robbed

CONFIG = "defaults: {timezone: Asia/Tokyo, currency: JPY}\n"


@pytest.fixture
def archive(tmp_path: Path) -> str:
    busy = robbed()
    other = [replace(event, pbx="lab") for event in busy[:5]]
    Archive(str(tmp_path / "a")).write("log", list(enumerate([*busy, *other], 1)))
    (tmp_path / "ringfence.yaml").write_text(CONFIG)
    return str(tmp_path / "a")


@pytest.mark.parametrize(("asked", "pbx"), [(None, "hq"), ("lab", "lab")])
def test_the_busiest_pbx_unless_another_is_named(
    archive: str, asked: str | None, pbx: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RINGFENCE_CONFIG", raising=False)
    past = opened(archive, pbx=asked)
    assert past.pbx == pbx
    assert len(past.events) == (5 if asked else len(robbed()))
    assert {event.pbx for event in past.events} == {pbx}


def test_the_environment_names_what_is_not_given(archive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_ARCHIVE", archive)
    monkeypatch.setenv("RINGFENCE_CONFIG", str(tmp_path / "ringfence.yaml"))
    monkeypatch.setenv("RINGFENCE_PBX", "lab")
    past = opened()
    assert (past.archive, past.pbx) == (archive, "lab")
    assert (past.profile.timezone, past.profile.currency) == ("Asia/Tokyo", "JPY")


def test_an_empty_archive_has_no_pbx(tmp_path: Path) -> None:
    past = opened(str(tmp_path / "none"))
    assert (past.pbx, past.events) == ("", [])
