"""Every control of the guide is implemented in each form that the guide's facts ask for, and docs/guide.md says so."""

import re
from pathlib import Path

import pytest

from detector.audit.posture_check import checks
from detector.contract.controls import CONTROLS, Form
from detector.decide.acts import ACTS
from detector.detect.catalogue import detectors

GUIDE = Path(__file__).parents[3] / "docs" / "guide.md"


def implementing(control: str) -> dict[Form, set[str]]:
    return {
        Form.STREAM: {rule for rule, cls in detectors().items() if cls.control == control},
        Form.POSTURE: {name for name, cls in checks().items() if cls.control == control},
        Form.ACTION: {act.value for act, traits in ACTS.items() if control in traits.controls},
    }


def test_the_controls_are_those_of_the_guide() -> None:
    assert list(CONTROLS) == [f"C{number:02}" for number in range(1, 33)]
    named = {cls.control for cls in (*detectors().values(), *checks().values())}
    named |= {control for traits in ACTS.values() for control in traits.controls}
    assert named <= CONTROLS.keys()


@pytest.mark.parametrize("control", CONTROLS)
def test_it_is_implemented_in_every_form(control: str) -> None:
    found = implementing(control)
    assert {form for form in CONTROLS[control].forms if not found[form]} == set()
    assert any(found.values()) or CONTROLS[control].also


@pytest.mark.parametrize("control", CONTROLS)
def test_the_guide_has_a_row_with_what_implements_it(control: str) -> None:
    [row] = re.findall(rf"^\| {control} \|.*$", GUIDE.read_text().split("## Actions")[0], re.MULTILINE)
    cells = [set(cell.strip().split(", ")) for cell in row.strip("|").split("|")[2:5]]
    for cell, ids in zip(cells, implementing(control).values(), strict=True):
        assert cell == (ids or {""})
