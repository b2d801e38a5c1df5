"""What the engine adds to the values of a detection is read back as typed fields, and stands on the wire as before."""

import pytest

from detector.contract.codec import encode_finding
from detector.contract.events import AnyEvent
from detector.contract.findings import Context
from detector.contract.vocabulary import Trust
from tests.detector.engine.builders import PREMIUM, call, detections, guesses, listed, registration, run


@pytest.mark.parametrize(
    ("events", "context"),
    [
        pytest.param(guesses(0), Context(), id="no call"),
        pytest.param([call(0, PREMIUM)], Context(destination="+19005551234", country="US", klass="premium",
                                                 block="+1900555"), id="a call"),
        pytest.param(guesses(0, trust="text"), Context(trust=Trust.TEXT), id="read out of text"),
        pytest.param([listed(-60, "203.0.113.77"), registration(0)], Context(fleet_pbxs=3), id="known to the fleet"),
    ],
)  # fmt: skip
def test_context(events: list[AnyEvent], context: Context) -> None:
    found = detections(run(events))[-1]
    assert found.context() == context


def test_values_of_rules_are_no_context() -> None:
    (found,) = detections(run(guesses(0)))
    assert b'"values":{"failed":5,"limit":5,"window":60}' in encode_finding(found)
