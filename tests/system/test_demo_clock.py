"""The demonstration, whatever the clock of the machine says: one incident, contained, and nothing else."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.system.programs import eventually, started

AWHILE = 10.0
"""The office goes on calling for so long afterwards that what is no attack is seen, too."""
ANOTHER_TIME = "import time; wall, ahead = time.time, {} - time.time(); time.time = lambda: wall() + ahead; "
ALONE = "SELECT rule FROM detection WHERE id NOT IN (SELECT detection_id FROM incident_detection)"
INSTANTS = {
    "noon of a Saturday": "2026-07-18T12:00:00-04:00",
    "midnight before a day of work": "2026-11-17T23:58:00-05:00",
    "a public holiday": "2026-12-25T10:00:00-05:00",
}


def rows(data: Path, query: str) -> list[tuple[str, ...]]:
    """What the journal answers."""
    engine = create_engine(f"sqlite:///{data}/journal.db", poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.mark.parametrize("name", INSTANTS)
def test_the_demonstration_plays_on_a_working_morning(name: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    clock = ANOTHER_TIME.format(datetime.fromisoformat(INSTANTS[name]).timestamp())
    options = ["--no-browser", "--port", "0", "--speed", "20", "--data", data]
    with started(tmp_path / "said", "demo", *map(str, options), first=clock) as demo:
        demo.hear("/sim/state")
        eventually("contained", lambda: ("contained",) in rows(data, "SELECT status FROM incident"))
        time.sleep(AWHILE)
        assert demo.end() == 0, demo.said()
        assert "Traceback" not in demo.said()
    assert rows(data, "SELECT status FROM incident") == [("contained",)]
    assert rows(data, ALONE) == [], "nothing was found, not even as information, but the attack"
    ((begun,),) = rows(data, "SELECT strftime('%w %H', opened_at / 1000000, 'unixepoch', '-5 hours') FROM incident")
    day, hour = map(int, begun.split())
    assert 1 <= day <= 5
    assert hour in {9, 10}, "in New York, which keeps two times"
