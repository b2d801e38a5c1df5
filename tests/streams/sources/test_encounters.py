"""What two sources tell of one attempt: one event for the rules, whoever tells it first."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call, Registration
from streams.sources.encounters import Encounters

AT = datetime(2026, 5, 7, 13, 30, tzinfo=UTC)
THIEF = "203.0.113.66"


class Taken:
    """What the log was given."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    async def put(self, events: Sequence[AnyEvent]) -> None:
        self.events += events

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        raise AssertionError(rejected)


def refusal(source: str, number: int = 0, *, second: float = 0, account: str | None = "1007", ip: str = THIEF,
            outcome: str = "rejected", pbx: str = "hq") -> Registration:  # fmt: skip
    return Registration(
        pbx=pbx, id=f"{source}:{number}", at=AT + timedelta(seconds=second), source=source, outcome=outcome,
        account=account, source_ip=ip,
    )  # fmt: skip


def stranger(source: str, to: str = "00252612345678", direction: str | None = None) -> Call:
    return Call(pbx="hq", id=f"{source}:{to}", at=AT, source=source, phase="ended", call_id=source, to=to,
                direction=direction, source_ip=THIEF)  # fmt: skip


async def ids(*events: AnyEvent) -> list[tuple[str, int]]:
    log = Taken()
    await Encounters(log, ["hq"]).put(events)
    return [(each.id, each.revision) for each in log.events]


async def test_the_second_only_adds() -> None:
    for one, other in permutations(("hep", "asterisk-ami")):
        assert await ids(refusal(one), refusal(other, second=2)) == [(f"{one}:0", 0), (f"{one}:0", 1)]


async def test_ten_in_a_second_stay_ten_in_whatever_order() -> None:
    both = [refusal(source, number) for source in ("hep", "asterisk-ami") for number in range(10)]
    for told in (both, both[::-1]):
        assert sorted(Counter(name for name, _ in await ids(*told)).values()) == [2] * 10


async def test_what_only_one_of_them_saw_stays() -> None:
    found = await ids(*(refusal("hep", number) for number in range(3)), refusal("asterisk-ami"))
    assert len({name for name, _ in found}) == 3


APART = {
    "one source": (refusal("hep"), refusal("hep", 1)),
    "another account": (refusal("hep"), refusal("asterisk-ami", account="1001")),
    "another address": (refusal("hep"), refusal("asterisk-ami", ip="203.0.113.67")),
    "another outcome": (refusal("hep"), refusal("asterisk-ami", outcome="accepted")),
    "later than clocks differ": (refusal("hep"), refusal("asterisk-ami", second=3.1)),
    "a PBX with one source": (refusal("hep", pbx="other"), refusal("asterisk-ami", pbx="other")),
    "another number": (stranger("hep"), stranger("asterisk-ami", "00252612345679")),
    "calls of ours": (stranger("hep", direction="outbound"), stranger("asterisk-ami", direction="outbound")),
}


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
async def test_two_attempts_are_two(one: AnyEvent, other: AnyEvent) -> None:
    assert await ids(one, other) == [(one.id, 0), (other.id, 0)]


TOGETHER = {
    "one does not know the account": (refusal("hep"), refusal("asterisk-ami", account=None)),
    "at the edge of what clocks differ": (refusal("hep"), refusal("asterisk-ami", second=3)),
    "a stranger's call": (stranger("hep"), stranger("asterisk-ami")),
}


@pytest.mark.parametrize(("one", "other"), TOGETHER.values(), ids=TOGETHER)
async def test_two_tellings_are_one(one: AnyEvent, other: AnyEvent) -> None:
    assert await ids(one, other) == [(one.id, 0), (one.id, 1)]


async def test_what_is_put_again_or_revised_stays_what_it_became() -> None:
    first, second = refusal("hep"), refusal("asterisk-ami")
    found = await ids(first, second, second, replace(second, revision=1), first)
    assert found == [("hep:0", 0), ("hep:0", 1), ("hep:0", 1), ("hep:0", 2), ("hep:0", 0)]
