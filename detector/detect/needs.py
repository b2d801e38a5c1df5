"""What each rule needs to be told so that it can ever fire, as far as that follows from what it reads."""

from detector.contract.events import Call, Event
from detector.contract.visibility import Needs, Want
from detector.detect.catalogue import AnyDetector
from detector.detect.detector import OUTSIDE, Begun, Ended, Risky, RiskyBegun, RiskyEnded

CALLS: dict[type[Event], Want] = {
    Call: Want("call"), Begun: Want("call"), Ended: Want("call.ended"),
    Risky: Want("call", OUTSIDE), RiskyBegun: Want("call", OUTSIDE), RiskyEnded: Want("call.ended", OUTSIDE),
}  # fmt: skip
"""Of a leg that is heard of, whatever its phase, it is known that it began."""


def needs_of(rule: type[AnyDetector]) -> Needs:
    """What it says that it lives on, else each kind of event it reads, with all the fields that it needs."""
    if rule.lives_on:
        return rule.lives_on
    return tuple((want_of(rule, kind),) for kind in rule.reads)


def want_of(rule: type[AnyDetector], kind: type[Event]) -> Want:
    """One kind that it reads."""
    if kind in CALLS:
        want = CALLS[kind]
        return Want(want.kind, (*want.fields, *(field for field in rule.needs if field not in want.fields)))
    tag = str(kind.__struct_config__.tag)
    judged = rule.outcomes is not None and "outcome" in kind.ENUMS
    outcomes = [one for one in rule.outcomes or () if one in kind.ENUMS.get("outcome", ())]
    return Want(f"{tag}.{'|'.join(outcomes)}" if judged else tag, rule.needs)
