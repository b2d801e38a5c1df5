"""Whom an act hits besides: what is said of emergency calls."""

import pytest
from msgspec.structs import replace

from detector.audit.posture import Fact
from detector.contract.vocabulary import Act, SubjectKind
from streams.pbxs.dialling import Dialling
from streams.pbxs.discovery import Discovery, FoundExtension, FoundRoute, FoundTrunk
from streams.pbxs.guarding.bystanders import Bystanders, LastLook
from tests.streams.pbxs.guarding.test_guard_facts import row

NOWHERE = "NO WAY FOR EMERGENCY CALLS IS KNOWN"
EMERGENCY = FoundRoute(name="Emergency", trunks=("a", "b"), extensions=("1001",), emergency=True)
TRUNKS = (FoundTrunk(name="a"), FoundTrunk(name="b"))
WAYS = {
    "one that is there": ((EMERGENCY,), TRUNKS, "Emergency calls leave over Emergency"),
    "only in the settings": ((), TRUNKS, NOWHERE),
    "only over what is shut": ((replace(EMERGENCY, trunks=("a",)),), TRUNKS, NOWHERE),
    "behind a PIN": ((replace(EMERGENCY, pin=True),), TRUNKS, NOWHERE),
    "that nobody may use": ((replace(EMERGENCY, extensions=()),), TRUNKS, NOWHERE),
    "over a trunk that is off": (
        (EMERGENCY,), (FoundTrunk(name="a"), FoundTrunk(name="b", enabled=False)), NOWHERE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
async def test_no_way_is_promised_that_the_guard_would_not_go_by(name: str) -> None:
    routes, trunks, said = WAYS[name]

    async def discover() -> Discovery:
        nothing = Fact[tuple[FoundExtension, ...]](None, "not asked")
        return Discovery(
            extensions=nothing, trunks=Fact(trunks, "x"), routes=Fact(routes, "x"), addresses=Fact((), "x")
        )

    look = LastLook(discover)
    await look()
    blast = await Bystanders(Dialling(), ("Emergency",), look=look).of(
        row(Act.DISABLE_TRUNK, SubjectKind.TRUNK, "a"), ()
    )
    assert blast.emergency == said


@pytest.mark.parametrize(
    ("act", "kind", "spares", "said"),
    [
        (Act.LOCK_ROUTE, SubjectKind.ROUTE, True, "Emergency calls work as before"),
        (Act.DISABLE_TRUNK, SubjectKind.TRUNK, True, "Emergency calls work as before"),
        (Act.LOCK_ROUTE, SubjectKind.ROUTE, False, NOWHERE),
        (Act.RESET_REGISTRATION, SubjectKind.EXTENSION, True, "Until then no emergency calls from x either"),
    ],
)
async def test_what_is_said_of_emergency_calls(act: Act, kind: SubjectKind, spares: bool, said: str) -> None:
    assert (await Bystanders(Dialling(), (), spares=spares).of(row(act, kind, "x"), ())).emergency == said
