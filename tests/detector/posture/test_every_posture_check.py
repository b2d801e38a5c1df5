"""What holds of every posture check, found through the registry: a new one is covered before it has a test."""

import re
from pathlib import Path
from typing import Any

import pytest

from detector.audit.declared import Declared
from detector.audit.posture_check import CheckVerdict, PostureCheck, audit, checks
from detector.contract.vocabulary import Severity
from tests.detector.posture.postures import UNSEEN, posture

HERE = Path(__file__).parent
CODE = HERE.parents[2] / "detector" / "posture"
SAID = dict.fromkeys(Declared.model_fields)
every_check = pytest.mark.parametrize("cls", checks().values(), ids=checks())


def nothing() -> Any:
    names = ("firmware", "web_port", "extensions", "passwords", "routes", "trunks", "blocked", "premium_blocked")
    return posture(SAID, backup_age=UNSEEN, **dict.fromkeys(names, UNSEEN))


def test_the_folder_holds_one_check_a_file() -> None:
    assert {f"{check}_check.py" for check in checks()} == {path.name for path in CODE.glob("*.py")} - {"__init__.py"}


@every_check
def test_it_is_named_after_its_file_and_has_a_test(cls: type[PostureCheck]) -> None:
    assert cls.__module__ == f"detector.posture.{cls.id}_check"
    test = HERE / f"test_posture_{cls.id}.py"
    words = test.read_text()
    assert all(f'"{word}"' in words for word in ("good", "unknown", str(cls.severity)))


@every_check
def test_it_says_what_it_is_why_and_how_to_put_it_right(cls: type[PostureCheck]) -> None:
    assert re.fullmatch(r"C(0[1-9]|[12]\d|3[0-2])", cls.control)
    assert cls.severity in tuple(Severity)
    assert cls.reason.endswith(".")
    assert cls.steps
    assert all(step.endswith(".") for step in cls.steps)
    assert any(" > " in step or "Linkus" in step for step in cls.steps)
    assert f"({cls.control})" in (__import__(cls.__module__, fromlist=["x"]).__doc__ or "")


@every_check
def test_it_is_quiet_on_a_sound_pbx_and_says_where_it_knows_it_from(cls: type[PostureCheck]) -> None:
    judged = cls().judge(posture())
    assert judged.verdict is CheckVerdict.GOOD
    assert judged.sources


@every_check
def test_what_nobody_knows_is_unknown_with_a_reason(cls: type[PostureCheck]) -> None:
    judged = cls().judge(nothing())
    assert judged.verdict is CheckVerdict.UNKNOWN
    assert "settings file" in judged.summary or judged.summary == UNSEEN.source


def test_they_come_in_the_order_of_their_controls() -> None:
    controls = [judged.control for judged in audit(posture())]
    assert controls == sorted(controls)
    assert len(controls) == len(checks())
