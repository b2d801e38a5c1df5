"""What a person should do about an incident now: what waits for them, and what the rules that fired advise."""

import inspect
from collections.abc import Iterable, Iterator

from msgspec import Struct

from detector.contract.findings import Detection
from detector.contract.lifecycle import BY_HAND, FINAL, HELD
from detector.contract.vocabulary import STAGES, Mode, Stage, State, Status
from detector.decide.acts import ACTS
from detector.detect.catalogue import detectors
from streams.console.wording import order
from streams.store.rows import ActionRow, IncidentView


class Advice(Struct, frozen=True):
    """One thing to do, and the rules that advise it; `urgent` if nobody else does it."""

    text: str
    rules: tuple[str, ...] = ()
    urgent: bool = False


def advise(view: IncidentView) -> list[Advice]:
    """What is left to do, most urgent first; nothing for a drill or an incident that is over."""
    incident = view.incident
    if incident.drill or incident.status not in {Status.OPEN, Status.CONTAINED}:
        return []
    return [*_urgent(view), *_runbooks(view.detections)]


def runbook(rule: str) -> str:
    """The advice of a detector, as its author wrote it; empty for a rule that is not known here."""
    found = detectors().get(rule)
    text = inspect.cleandoc(found.__doc__ or "") if found is not None else ""
    advice = text.partition("Runbook:")[2].partition("\n\n")[0]
    words = " ".join(advice.split())
    return words[:1].upper() + words[1:]


def stages_of(rules: Iterable[str]) -> frozenset[Stage]:
    """The stages that these rules are signs of."""
    known = detectors()
    return frozenset(known[rule].stage for rule in rules if rule in known)


def let_go(actions: Iterable[ActionRow]) -> list[ActionRow]:
    """What is taken back when its incident is closed."""
    return [action for action in _held(actions) if not ACTS[action.kind].outlives_incident]


def staying(actions: Iterable[ActionRow]) -> list[ActionRow]:
    """What stays in force when its incident is closed, until a person undoes it."""
    return [action for action in _held(actions) if ACTS[action.kind].outlives_incident]


def _held(actions: Iterable[ActionRow]) -> list[ActionRow]:
    return [action for action in actions if action.until is not None and not action.undo_by and action.state in HELD]


def _urgent(view: IncidentView) -> Iterator[Advice]:
    waiting = [action for action in view.actions if action.state is State.REQUESTED and not action.drill]
    for action in view.actions:
        if action.state in BY_HAND:
            again = "put it back" if action.state is State.UNDO_FAILED else "do it"
            said = order(action.kind, action.target)
            yield Advice(f"{said}: this did not work. Look at it on the PBX, and {again} there by hand.", urgent=True)
    if waiting:
        what = "an action that waits" if len(waiting) == 1 else f"{len(waiting)} actions that wait"
        yield Advice(f"Approve or refuse {what} for you. Until then nothing of it is done.", urgent=True)
    elif view.incident.status is Status.OPEN and all(action.state in FINAL for action in view.actions):
        quiet = all(found.mode in {Mode.SHADOW, Mode.NOTIFY} for found in view.detections)
        why = ": the rules that fired only tell you" if quiet else ""
        yield Advice(f"Nothing is blocked{why}. If this is not yours, stop it on the PBX now.", urgent=True)


def _runbooks(detections: Iterable[Detection]) -> Iterator[Advice]:
    """The same advice once; what came closest to the money first."""
    known = detectors()
    fired = [rule for rule in dict.fromkeys(found.rule for found in detections) if rule in known]
    fired.sort(key=lambda rule: STAGES.index(known[rule].stage), reverse=True)
    by_text: dict[str, list[str]] = {}
    for rule in fired:
        if text := runbook(rule):
            by_text.setdefault(text, []).append(rule)
    for text, rules in by_text.items():
        yield Advice(text, tuple(rules))
