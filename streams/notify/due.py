"""Decides which changes of an incident people must hear about."""

from datetime import datetime, timedelta

from detector.contract.lifecycle import BROKEN
from detector.contract.vocabulary import SEVERITIES, STAGES, Mode, Severity, State, Status
from detector.correlate.case import MAX_DETECTIONS
from streams.store.rows import IncidentView, NotificationRow

LONGEST_AGO = timedelta(hours=12)
"""What is older comes from imported history or a long outage; nobody is woken for it."""
URGENCY = ("failed", "ask", "opened", "stage", "contained", "merged", "closed")


def reasons(view: IncidentView, minimum: Severity, now: datetime) -> list[str]:
    """Names of all changes that matter so far, most urgent first; empty if this incident is not for telling.

    A name stays the same for the same change, so that each is told once.
    """
    incident = view.incident
    latest = max([incident.at, *(detection.at for detection in view.detections)])
    severity = earned(view)
    if severity is None or SEVERITIES.index(severity) < SEVERITIES.index(minimum) or now - latest > LONGEST_AGO:
        return []
    found = ["opened", f"stage:{incident.stage}"]
    if incident.status is not Status.OPEN:
        found.append(incident.status.value)
    for action in view.actions:
        refused = action.state is State.REFUSED and action.decision.mode is Mode.AUTO
        if action.state in BROKEN or refused:
            found.append(f"failed:{action.id}:{action.state}")
        elif action.state is State.REQUESTED and (action.decision.mode is Mode.ASK or not action.drill):
            found.append(f"ask:{action.id}")
    return sorted(found, key=lambda reason: URGENCY.index(reason.partition(":")[0]))


def earned(view: IncidentView) -> Severity | None:
    """How bad it is by the rules that may tell people; None if all that fired are only rehearsed.

    An incident that has too many detections to remember all may have been seen by any rule.
    """
    if not 0 < len(view.detections) < MAX_DETECTIONS:
        return view.incident.severity
    told = [one.severity for one in view.detections if one.mode is not Mode.SHADOW]
    return max(told, key=SEVERITIES.index, default=None)


def untold(view: IncidentView, channel: str, minimum: Severity, now: datetime) -> list[str]:
    """The reasons `channel` has not been given; nothing for what ended before anybody was told of it."""
    told = [row for row in view.notifications if row.channel == channel]
    ended = view.incident.status in {Status.CLOSED, Status.MERGED}
    if ended and not told:
        return []
    known = {row.reason for row in told} | _overtaken(view, told)
    return [reason for reason in reasons(view, minimum, now) if reason not in known]


def _overtaken(view: IncidentView, told: list[NotificationRow]) -> set[str]:
    """Stages only rise: once a higher one was told, a lower one is no news."""
    stages = [reason.partition(":")[2] for reason in (row.reason for row in told) if reason.startswith("stage:")]
    highest = max((STAGES.index(stage) for stage in STAGES if stage in stages), default=-1)
    return {f"stage:{stage}" for stage in STAGES[: highest + 1]}
