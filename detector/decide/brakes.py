"""Brakes: what a person, or a verdict, keeps Ringfence from doing by itself, and what nobody is to be told of."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from msgspec import Struct

from detector.contract.findings import Subject


class BrakeKind(StrEnum):
    """A stop leaves everything to people; a mute keeps quiet, too; a rule that fell back was found to be wrong."""

    STOP = "stop"
    MUTE = "mute"
    FALLBACK = "fallback"


class Brake(Struct, frozen=True, kw_only=True):
    """What is kept from being done; an empty `pbx`, `rule` or `subject` is any. Times in microseconds.

    `until` None is until a person ends it; `ended_by` says who did, None while it was not ended by hand.
    """

    id: int
    kind: BrakeKind
    pbx: str = ""
    rule: str = ""
    subject: str = ""
    reason: str
    by: str
    at: int
    until: int | None = None
    ended_by: str | None = None
    ended_at: int | None = None

    def in_force(self, now: int) -> bool:
        """Whether it holds at `now`."""
        return self.ended_at is None and (self.until is None or self.until > now)


class Ground(Struct, frozen=True):
    """What a detection contributes: the rule that fired, and about whom."""

    rule: str
    subject: str


def find_brake(brakes: Collection[Brake], pbx: str, target: Subject, grounds: Sequence[Ground]) -> Brake | None:
    """The first of these that keeps us from acting on `target` by ourselves, on these grounds; None if none does.

    One stopped rule among several is enough: what the others would have decided alone, nobody knows.
    """
    return next((one for one in brakes if one.pbx in {"", pbx} and _covers(one, target, grounds)), None)


def quiet(brakes: Collection[Brake], pbx: str, grounds: Sequence[Ground]) -> bool:
    """Whether nobody is told: all that was seen is muted."""
    mutes = [one for one in brakes if one.kind is BrakeKind.MUTE and one.pbx in {"", pbx}]
    return bool(grounds) and all(any(_mutes(mute, ground) for mute in mutes) for ground in grounds)


def scope(brake: Brake) -> str:
    """What it is about, in words."""
    parts = [f"rule {brake.rule}"] * bool(brake.rule) + [f"subject {brake.subject}"] * bool(brake.subject)
    parts += [f"on PBX {brake.pbx}"] if brake.pbx else []
    return " ".join(parts) or "everything"


def why(brake: Brake) -> str:
    """Why something was not done by itself, in a sentence without its end."""
    if brake.kind is BrakeKind.FALLBACK:
        return f"rule {brake.rule} fell back to asking: {brake.reason}"
    did = "muted" if brake.kind is BrakeKind.MUTE else "stopped acting on"
    return f"{brake.by} {did} {scope(brake)}: {brake.reason}"


def _covers(brake: Brake, target: Subject, grounds: Sequence[Ground]) -> bool:
    if brake.kind is BrakeKind.MUTE:
        about = bool(brake.subject) and not brake.rule and brake.subject == target.id
        return about or (bool(grounds) and all(_mutes(brake, ground) for ground in grounds))
    return not brake.rule or any(ground.rule == brake.rule for ground in grounds)


def _mutes(brake: Brake, ground: Ground) -> bool:
    return brake.rule in {"", ground.rule} and brake.subject in {"", ground.subject}
