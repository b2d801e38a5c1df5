"""Whom an act hits besides: what is said of emergency calls."""

import pytest

from detector.contract.vocabulary import Act, SubjectKind
from streams.pbxs.dialling import Dialling
from streams.pbxs.guarding.bystanders import Bystanders
from tests.streams.pbxs.guarding.test_guard_facts import row


@pytest.mark.parametrize(
    ("act", "kind", "spares", "said"),
    [
        (Act.LOCK_ROUTE, SubjectKind.ROUTE, True, "Emergency calls work as before"),
        (Act.DISABLE_TRUNK, SubjectKind.TRUNK, True, "Emergency calls work as before"),
        (Act.LOCK_ROUTE, SubjectKind.ROUTE, False, "NO WAY FOR EMERGENCY CALLS IS KNOWN"),
        (Act.RESET_REGISTRATION, SubjectKind.EXTENSION, True, "Until then no emergency calls from x either"),
    ],
)
async def test_what_is_said_of_emergency_calls(act: Act, kind: SubjectKind, spares: bool, said: str) -> None:
    assert (await Bystanders(Dialling(), (), spares=spares).of(row(act, kind, "x"), ())).emergency == said
