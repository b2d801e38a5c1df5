"""A data folder belongs to one process, and the journal is where the configuration says, or in it."""

from pathlib import Path

import pytest

from streams.config.installation import Installation
from streams.processes.data_folder import InUseError, journal_url, locked


def test_a_data_folder_belongs_to_one_process(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    with locked(data), pytest.raises(InUseError, match="is in use"), locked(data):
        pass
    with locked(data):
        pass
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("journal", "url"),
    [(None, "sqlite:///{data}/journal.db"), ("postgresql://db/ringfence", "postgresql+psycopg://db/ringfence")],
    ids=["in the folder", "elsewhere"],
)
def test_where_the_journal_is(journal: str | None, url: str, tmp_path: Path) -> None:
    settings = Installation.model_validate({"data": tmp_path} | ({"journal": journal} if journal else {}))
    assert journal_url(settings) == url.format(data=tmp_path)
