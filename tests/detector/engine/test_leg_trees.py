"""Whatever a call's legs are and by whichever ways the PBX tells of them: each leg once, the same seconds and money."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from detector.contract.events import AnyEvent
from detector.contract.vocabulary import OUTWARD
from detector.correlate.money import reckon_cost
from detector.engine.compiled import Compiled
from detector.engine.engine import Engine
from tests.detector.engine.builders import engine
from tests.detector.engine.test_legs import (
    CALLER,
    UIDS,
    Frame,
    ends_of,
    exported_of,
    incoming,
    ledger_of,
    out,
    phone,
    polled_of,
    pushed,
    row,
)

NUMBERS = [f"0118821320010{digit}" for digit in range(4)]
TRUNKS = ("carrier-a", "carrier-b", "11577")
SEEDS = range(40)


@dataclass
class Tree:
    """One call as the PBX tells of it live, and what each of its legs leaves behind."""

    frames: list[Frame] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)


def grow(random: Random) -> Tree:
    """A call that somebody of ours makes or that comes in, and then one to four legs that go out, each at its time."""
    tree, into = Tree(), random.choice(("", *TRUNKS))
    inside = [incoming("ANSWERED", into)] if into else [phone("2104", "ANSWERED")]
    if into:
        tree.frames.append((0, 30011, [incoming("ALERT", into), phone("2104", "RING")]))
        tree.records.append(row(0, CALLER, "2104", random.choice((0, 9)), into=into))
    legs: list[dict[str, Any]] = []
    starts = sorted(random.sample(range(5, 300), random.randint(1, 4)))
    for number, after in enumerate(starts):
        talk, trunk, to = random.choice((0, 30, 61, 400)), random.choice(TRUNKS), random.choice(NUMBERS)
        sent_on = bool(into) and random.random() < 0.7
        reason = f"2104 forwarded to {to}" if sent_on else ""
        named = into if into and random.random() < 0.5 else ""
        made = row(after, CALLER if into else "2104", to, talk, trunk, named, reason=reason)
        tree.records.append(made | {"status": "ANSWERED" if talk else random.choice(("BUSY", "NO ANSWER", "FAILED"))})
        legs.append({"number": number, "after": after, "talk": talk, "trunk": trunk, "to": to, "sent_on": sent_on})
    moments = sorted({moment for leg in legs for moment in (leg["after"], leg["after"] + 2)})
    for at in moments:
        tree.frames.append((at, 30011, [*inside, *(shown for leg in legs if (shown := show(leg, at)))]))
    return tree


def show(leg: dict[str, Any], at: int) -> dict[str, Any] | None:
    """A leg as a frame of that second shows it: not yet, ringing, talking, or gone."""
    began, over = leg["after"], leg["after"] + 2 + leg["talk"]
    if at < began:
        return None
    status = "RING" if at < began + 2 else "ANSWER" if leg["talk"] and at < over else "BYE"
    return out(str(leg["number"] + 1), leg["to"], status, leg["trunk"])


def told(tree: Tree, uids: str, random: Random) -> list[AnyEvent]:
    """By some ways and in some order, but of each leg's end at least once."""
    of_ends = [ends_of, polled_of, exported_of]
    chosen = random.sample(of_ends, random.randint(1, len(of_ends)))
    found = [event for way in chosen for event in way(tree.records, uids)]
    for _ in range(random.randint(0, 2)):
        found += pushed(tree.frames)
    random.shuffle(found)
    return found


def heard(events: list[AnyEvent], random: Random) -> Engine:
    """Processed by an engine that now and then is started again from what it had saved."""
    made, pages = engine(), {}
    for event in events:
        made.process(event)
        if random.random() < 0.2:
            pages.update(made.dirty_pages())
            made = engine()
            made.load((key, value) for key, value in pages.items() if value is not None)
    assert not made.errors
    return made


def outward_legs(made: Engine) -> list[tuple[str, str, int, int]]:
    """Number, trunk, seconds and money of each leg that went out."""
    site: Compiled = made._site("hq")
    return sorted(
        (leg.destination, leg.trunk, leg.talk // 1_000_000, reckon_cost(leg, leg.ended, site.tariff))
        for leg in ledger_of(made).legs.values() if leg.direction in OUTWARD
    )  # fmt: skip


@pytest.mark.parametrize("uids", UIDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_each_leg_is_there_once_for_the_same_money(seed: int, uids: str) -> None:
    random = Random(seed)  # noqa: S311 - an order, nothing secret
    tree = grow(random)
    plain = outward_legs(heard(polled_of(tree.records, "a uid for each row"), random))
    assert [leg[:3] for leg in plain] == sorted(
        (f"+{made['to'][3:]}", made["out"], made["talk"]) for made in tree.records if made["out"]
    )
    made = heard(told(tree, uids, random), random)
    assert outward_legs(made) == plain
    assert all(not leg.up for leg in ledger_of(made).legs.values() if leg.direction in OUTWARD)
    assert {leg.extension for leg in ledger_of(made).legs.values() if leg.direction in OUTWARD} <= {"2104", ""}
