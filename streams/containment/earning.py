"""How much each rule has earned: its precision by people's verdicts, a proposal, and falling back when it was wrong."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from detector.contract.vocabulary import MODES, Mode
from detector.decide.acts import ACTS, said
from detector.decide.brakes import BrakeKind, Ground
from detector.detect.catalogue import detectors
from models.intervals import Interval, share
from streams.store.journal.journal import Journal
from streams.store.journal.journal_verdicts import CaseVerdict, Record
from streams.store.rows import ActionRow

LEAST_VERDICTS = 20
LOWER_BOUND = 0.9

ModeOf = Callable[[str, str], Mode | None]
"""The mode of a rule on a PBX, by the settings; None where there is no such rule or PBX any more."""


class Standing(Struct, frozen=True, kw_only=True):
    """What a rule has earned on a PBX: `proposed` is the next mode it may be given, None for no proposal."""

    record: Record
    mode: Mode | None
    precision: Interval | None
    proposed: Mode | None


def standings(records: Sequence[Record], mode_of: ModeOf) -> list[Standing]:
    """How each rule stands on each PBX."""
    return [standing(record, mode_of(record.pbx, record.rule)) for record in records]


def standing(record: Record, mode: Mode | None) -> Standing:
    """A rule is proposed for the next mode after enough verdicts, where it is almost surely right, and may do more."""
    verdicts = record.right + record.wrong
    precision = share(record.right, verdicts)
    earned = precision is not None and verdicts >= LEAST_VERDICTS and precision.low > LOWER_BOUND
    most = detectors()[record.rule].most if record.rule in detectors() else Mode.SHADOW
    more = next((one for one in MODES if mode is not None and MODES.index(one) == MODES.index(mode) + 1), None)
    proposed = more if earned and more is not None and MODES.index(more) <= MODES.index(most) else None
    return Standing(record=record, mode=mode, precision=precision, proposed=proposed)


def judge(journal: Journal, incident_id: str, judged: CaseVerdict, *, by: str, note: str, now: int) -> None:
    """Keep what a closed incident was; rules that acted by themselves on what was nothing fall back to asking."""
    view = journal.incidents.find(incident_id)
    if view is None:
        return
    pbx, rules = view.incident.pbx, {found.rule for found in view.detections}
    journal.verdicts.put(incident_id, pbx, judged, rules, by=by, now=now)
    if judged is CaseVerdict.FALSE:
        acted = {one for decision in view.decisions if decision.mode is Mode.AUTO for one in decision.because}
        fall_back(journal, pbx, journal.brakes.grounds(acted), f"{by} closed incident {incident_id} as false: {note}",
                  by=by, now=now)  # fmt: skip


def overturn(journal: Journal, action: ActionRow, *, by: str, note: str, now: int) -> None:
    """A person says that an action was wrong: the rules that led to it by themselves fall back to asking."""
    if action.decision.mode is not Mode.AUTO:
        return
    did = said(ACTS[action.kind].words.to_do, action.target)
    fall_back(journal, action.pbx, journal.brakes.grounds(action.decision.because),
              f"{by} said that it was wrong to {did}: {note}", by=by, now=now)  # fmt: skip


def fall_back(journal: Journal, pbx: str, grounds: Sequence[Ground], why: str, *, by: str, now: int) -> None:
    """Whatever these rules lead to on a PBX is asked for from now on, until a person gives them their mode back."""
    fallen = {(one.rule, one.pbx) for one in journal.brakes.in_force(now) if one.kind is BrakeKind.FALLBACK}
    for rule in sorted({ground.rule for ground in grounds}):
        if (rule, pbx) not in fallen:
            journal.brakes.put(BrakeKind.FALLBACK, by=by, reason=why, now=now, pbx=pbx, rule=rule)
