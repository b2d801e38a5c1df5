"""A journal on SQLite and findings with everything filled in."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.findings import Decision, Detection, Incident, Loss, Subject
from detector.contract.vocabulary import Act, Mode, Severity, Stage, Status, SubjectKind
from streams.store.database import open_engine
from streams.store.journal.journal import Journal


class Make:
    AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def incident(self, id_: str = "inc-1", **changes: Any) -> Incident:
        base = Incident(
            id=id_, pbx="hq", tenant="acme", at=self.AT, opened_at=self.AT, status=Status.OPEN,
            stage=Stage.PROBE, kind="irsf", severity=Severity.CRITICAL,
            title="Extension 1005 calls a block in Somalia",
            subjects=(Subject(SubjectKind.EXTENSION, "1005"),), detections=(),
            loss=Loss(1240, 310, 0, "EUR", "tariff"),
        )  # fmt: skip
        return replace(base, **changes)

    def decision(self, id_: str = "dec-1", **changes: Any) -> Decision:
        base = Decision(
            id=id_, pbx="hq", at=self.AT, incident="inc-1", because=("det-1",), action=Act.RESTRICT_EXTENSION,
            rung=1, target=Subject(SubjectKind.EXTENSION, "1005"), until=self.AT + timedelta(hours=1),
            mode=Mode.AUTO, status="active",
        )  # fmt: skip
        return replace(base, **changes)

    def detection(self, id_: str, **changes: Any) -> Detection:
        base = Detection(
            id=id_, pbx="hq", tenant="acme", at=self.AT, rule="call.fan_out", severity=Severity.CRITICAL,
            subject=Subject(SubjectKind.EXTENSION, "1005"), summary="calls to one block", values={}, evidence=(),
            mode=Mode.NOTIFY, control="C28",
        )  # fmt: skip
        return replace(base, **changes)


@pytest.fixture
def make() -> Make:
    return Make()


@pytest.fixture
def journal(sqlite_template: Path, tmp_path: Path) -> Iterator[Journal]:
    path = tmp_path / "journal.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    yield Journal(engine)
    engine.dispose()
