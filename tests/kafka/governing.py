"""What we say ourselves in the log: outcomes of actions, verdicts of people, and other settings halfway."""

from collections.abc import Iterator

from detector.contract.events import AnyEvent, Control
from detector.contract.findings import AnyFinding, Decision, Incident
from detector.settings import settings_as_json
from tests.bench.traffic import SETTINGS, START
from tests.kafka.traffic import Log, engine

STRICTER = settings_as_json(SETTINGS) | {
    "defaults": settings_as_json(SETTINGS)["defaults"] | {"rules": {"registration.bruteforce": {"failures": 3}}}
}
CHANGE = Control(pbx="*", id="settings", at=START, name="settings", settings=STRICTER)
STATES = ("confirmed", "failed", "confirmed")


def governed(log: Log) -> Log:
    """The same log with what gateways, people and a new configuration say in between."""
    return {partition: list(answered(events)) for partition, events in log.items()}


def answered(events: list[AnyEvent]) -> Iterator[AnyEvent]:
    """The events of a partition, each followed by what is said of its findings."""
    deciding = engine()
    for number, event in enumerate(events):
        for one in (CHANGE, event) if number == len(events) // 2 else (event,):
            yield one
            for finding in deciding.process(one):
                if answer := said(finding, event):
                    yield answer
                    deciding.process(answer)


def said(finding: AnyFinding, event: AnyEvent) -> Control | None:
    """The action of a decision was carried out, or has failed; every second incident is closed when it grows."""
    match finding:
        case Decision(status="active", revision=0):
            state = STATES[int(finding.id, 16) % len(STATES)]
            return Control(pbx=finding.pbx, id=f"outcome:{finding.id}", at=event.at, name="outcome",
                           decision=finding.id, incident=finding.incident, state=state)  # fmt: skip
        case Incident(revision=7) if int(finding.id, 16) % 2:
            return Control(pbx=finding.pbx, id=f"verdict:{finding.id}", at=event.at, name="verdict",
                           verdict="closed", incident=finding.id, by="admin")  # fmt: skip
    return None
