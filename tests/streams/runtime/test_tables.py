"""The operator's block lists as files (C05)."""

import os
from pathlib import Path

import pytest

from streams.config.installation import Installation
from streams.runtime.block_lists import TableError
from streams.runtime.tables import tables


def settings(file: Path) -> Installation:
    return Installation.model_validate({"block_lists": [{"name": "hosting", "file": str(file)}]})


def test_a_list_is_read_with_its_source_and_age(tmp_path: Path) -> None:
    file = tmp_path / "hosting.netset"
    file.write_text("# made today\n10.0.0.0/8\n203.0.113.0/24\n")
    os.utime(file, (1_000, 1_000))
    made = tables(settings(file))
    listing = made.block_lists.find("203.0.113.7")
    assert listing is not None
    assert (listing.source, listing.at) == ("hosting", 1_000_000_000)
    assert made.block_lists.find("10.0.0.1") is None
    assert made.digests["block_lists"].startswith("hosting-")


def test_a_list_that_changed_has_another_digest(tmp_path: Path) -> None:
    file, digests = tmp_path / "list.txt", set()
    for content, at in (("203.0.113.7\n", 1_000), ("203.0.113.8\n", 1_000), ("203.0.113.8\n", 2_000)):
        file.write_text(content)
        os.utime(file, (at, at))
        digests.add(tables(settings(file)).digests["block_lists"])
    assert len(digests) == 3


def test_without_lists_there_is_no_digest_of_them() -> None:
    assert "block_lists" not in tables(Installation()).digests


@pytest.mark.parametrize("content", ["hello\n", "10.0.0.0/8\n", None])
def test_a_list_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "list.txt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(TableError, match=r"block_lists: .*list\.txt: "):
        tables(settings(file))
