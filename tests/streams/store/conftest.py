"""Migrated stores for the tests of this folder."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from detector.contract.findings import Decision, Detection, Incident, Loss, Subject
from detector.contract.vocabulary import Act, Mode, Severity, Stage, Status, SubjectKind
from streams.store.database import open_engine
from streams.store.journal.journal import Journal


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    """Both schemas in one database."""
    engine = open_engine(migrated_url)
    yield engine
    engine.dispose()


class Make:
    """Findings with everything filled in; whatever matters to a test is passed."""

    AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def detection(self, id_: str = "det-1", **changes: Any) -> Detection:
        base = Detection(
            id=id_, pbx="hq", at=self.AT, rule="registration.bruteforce", severity=Severity.CRITICAL,
            subject=Subject(SubjectKind.SOURCE_IP, "203.0.113.9"), summary="5 failed registrations",
            values={"failed": 5}, evidence=("e1",), control="C09", mode=Mode.AUTO,
        )  # fmt: skip
        return replace(base, **changes)

    def incident(self, id_: str = "inc-1", **changes: Any) -> Incident:
        base = Incident(
            id=id_, pbx="hq", at=self.AT, opened_at=self.AT, status=Status.OPEN, stage=Stage.CREDENTIAL,
            kind="password_guessing", severity=Severity.CRITICAL, title="Somebody guesses passwords",
            subjects=(), detections=("det-1",), loss=Loss(0, 0, 0, "USD", "tariff"),
        )  # fmt: skip
        return replace(base, **changes)

    def decision(self, id_: str = "dec-1", **changes: Any) -> Decision:
        base = Decision(
            id=id_, pbx="hq", at=self.AT, incident="inc-1", because=("det-1",), action=Act.BLOCK_IP, rung=1,
            target=Subject(SubjectKind.SOURCE_IP, "203.0.113.9"), until=self.AT + timedelta(hours=1),
            mode=Mode.AUTO, status="active",
        )  # fmt: skip
        return replace(base, **changes)


@pytest.fixture
def journal(engine: Engine) -> Journal:
    """An empty journal."""
    return Journal(engine)


@pytest.fixture
def make() -> Make:
    """Findings with everything filled in."""
    return Make()
