"""An archive in a folder, and one in another store of fsspec."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import fsspec
import pytest

from streams.archive import Archive


@pytest.fixture(params=["folder", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """Both must behave alike."""
    if request.param == "folder":
        yield Archive(str(tmp_path / "archive"))
        return
    name = token_hex(8)
    yield Archive(f"memory://{name}")
    fsspec.filesystem("memory").rm(f"/{name}", recursive=True) if fsspec.filesystem("memory").exists(
        f"/{name}"
    ) else None
