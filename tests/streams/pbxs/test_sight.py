"""What is seen of a PBX follows from what tells of it, and from what it lets us read."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from detector.contract.codec import Rejected
from detector.contract.controls import CONTROLS
from detector.contract.events import AnyEvent
from detector.detect.catalogue import detectors
from detector.formats.sources import sources
from streams.config.installation import InstalledPbx
from streams.pbxs.connected import Connected
from streams.pbxs.guarding.guard_facts import TargetFacts
from streams.pbxs.sight import Sight, SightKind, see, sources_of_pbx, without
from streams.sim import SimOptions
from tests.streams.pbxs.conftest import linked

API, CDR = sources()["p-series"], sources()["p-series-cdr"]
P_SERIES = {"url": "https://pbx.example:8088"}
DENIED = "the API application may not read cdr/search"


def shown(sight: Sight, control: str) -> SightKind:
    return next(one.seen for one in sight.controls if one.control == control)


@pytest.mark.parametrize(
    ("connected", "audited", "seen"),
    [
        (
            (API, CDR),
            True,
            {"C27": SightKind.LIVE, "C09": SightKind.LIVE, "C17": SightKind.AUDITED, "C32": SightKind.AUDITED},
        ),
        ((CDR,), False, {"C27": SightKind.RECORDS, "C09": SightKind.UNSEEN, "C17": SightKind.UNSEEN}),
        (
            (sources()["asterisk-messages"],),
            False,
            {"C09": SightKind.LIVE, "C29": SightKind.UNSEEN, "C12": SightKind.UNSEEN},
        ),
        ((sources()["events"],), False, {"C12": SightKind.LIVE, "C02": SightKind.LIVE, "C31": SightKind.UNSEEN}),
        ((), True, {"C27": SightKind.AUDITED, "C17": SightKind.AUDITED}),
    ],
    ids=["a P-Series", "its records alone", "a log of Asterisk", "all events", "only audits"],
)
def test_how_controls_are_seen(connected: Any, audited: bool, seen: dict[str, SightKind]) -> None:
    sight = see(connected, audited=audited)
    assert [one.control for one in sight.controls] == list(CONTROLS)
    assert {control: shown(sight, control) for control in seen} == seen


@pytest.mark.parametrize(
    ("connection", "names", "seen"),
    [
        (None, {"hep"}, {"C09": SightKind.LIVE, "C12": SightKind.LIVE, "C27": SightKind.LIVE}),
        (P_SERIES, {"p-series", "p-series-cdr", "hep-beside"}, {"C09": SightKind.LIVE, "C12": SightKind.LIVE}),
    ],
    ids=["alone", "beside a P-Series"],
)
def test_copies_of_sip_show_what_an_api_does_not(connection: Any, names: set[str], seen: dict[str, SightKind]) -> None:
    hep = {"addresses": ["192.0.2.10"], "senders": ["192.0.2.10"]}
    pbx = InstalledPbx.model_validate({"id": "hq", "connection": connection, "hep": hep})
    told = sources_of_pbx(pbx)
    assert {one.name for one in told} == names
    sight = see(told, audited=connection is not None)
    assert {control: shown(sight, control) for control in seen} == seen
    assert "registration.user_agent" not in {one.rule for one in sight.starved}


def test_a_rule_is_fed_or_named_with_what_it_lacks_and_what_would_feed_it() -> None:
    sight = see((API, CDR), audited=True)
    starved = {one.rule: one for one in sight.starved}
    assert starved["registration.user_agent"].missing == ("user_agent in registration.accepted",)
    assert starved["registration.user_agent"].show == tuple(
        sources()[name].title for name in ("asterisk-ami", "events", "hep", "hep-beside")
    )
    assert sources()["asterisk-ami"].title in starved["source.strangers"].show
    assert all(one.missing and one.show for one in sight.starved)
    fed = {rule for one in sight.controls for rule in one.rules}
    assert fed | starved.keys() == detectors().keys()
    assert fed & starved.keys() == set()


def test_where_records_cannot_be_read_the_right_that_is_missing_is_what_would_show_it() -> None:
    sight = see((without(CDR, DENIED),), audited=True)
    (hunting,) = [one for one in sight.starved if one.rule == "call.prefix_hunt"]
    assert hunting.show[0] == f"{CDR.title} ({DENIED})"
    assert sight.untold == {"call.ended": DENIED}


def test_what_must_be_switched_on_is_said_of_the_controls_that_need_it() -> None:
    provided = {one.control: one.provided for one in see((API, CDR), audited=True).controls}
    assert "30034 to 30036" in "".join(provided["C15"])
    assert provided["C27"] == ()


class Log:
    """Takes everything."""

    async def put(self, events: Sequence[AnyEvent]) -> None: ...

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None: ...


@pytest.mark.parametrize(("denied", "why"), [(set(), None), ({"cdr"}, DENIED)], ids=["all", "no records"])
async def test_a_pbx_that_is_connected_is_asked_what_it_lets_us_read(denied: set[str], why: str | None) -> None:
    async with linked(SimOptions(denied_permissions=frozenset(denied))) as one:
        listening = one.connection.sources(Log(), lambda pin: "hash", since=None)
        connected = Connected(one.connection, listening, TargetFacts(one.pbx, one.profile))
        assert connected.status().firmware is None
        running = asyncio.create_task(connected.listen())
        async with asyncio.timeout(20):
            while connected.status().firmware is None:  # noqa: ASYNC110 - another task's state
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    status = connected.status()
    assert (status.model, status.firmware, status.no_records) == ("P570", "37.23.0.123", why)
