"""What to do about an incident: the narrowest action first, the next rung if the calls go on."""

from datetime import datetime, timedelta

from msgspec import Struct

from detector.contract.codec import from_micros
from detector.contract.findings import FOREVER, Subject
from detector.contract.lifecycle import SETTLED
from detector.contract.vocabulary import MODES, Act, Mode, Severity, Stage, State, SubjectKind
from detector.correlate.case import Case
from detector.correlate.ends import find_in_force
from detector.decide.acts import ACTS

REVIEW = timedelta(days=30)


class Wish(Struct, frozen=True, kw_only=True):
    """One action that the policy wants. `length` in microseconds, None is open-ended.

    `for_good` makes an action in force open-ended too; otherwise a longer one waits until that has ended.
    """

    act: Act
    target: Subject
    rung: int
    length: int | None
    for_good: bool = False


class Sign(Struct, frozen=True, kw_only=True):
    """What of a detection the policy looks at.

    `extension` made the calls or was entered; `broken_in`: by somebody who guessed; `origins` are the addresses that
    broke in from which the subject was entered or misused; `usual`: its block of numbers is called every day;
    `overlong` is the call that is up for too long, and is only to be ended.
    """

    stage: Stage
    severity: Severity
    subject: Subject
    extension: str = ""
    block: str = ""
    route: str = ""
    trunk: str = ""
    permanent: bool = False
    overlong: str = ""
    broken_in: bool = False
    usual: bool = False
    origins: tuple[Subject, ...] = ()

    @property
    def about(self) -> Subject:
        """Whose doing it is: the extension's, but for what is said of a number that many call."""
        if self.extension and self.subject.kind is not SubjectKind.DESTINATION:
            return Subject(SubjectKind.EXTENSION, self.extension)
        return self.subject


def wishes(case: Case, sign: Sign, rung: int, bans: int) -> list[Wish]:
    """What one detection asks for, given how often its address was banned before.

    Guessing asks for a block of the address, or, where many guess at one account, of every one that did. A stolen
    extension and what it dials ask to hang up and restrict it and to block where it came in from; a number that many
    call, or calls of nobody, to cut it off; a call that is too long, to end it. If whoever is contained still gets
    calls through, they ask for the numbers (rung 2), the route (rung 3, for a number 2) and the trunk (rung 4); if the
    thief comes in again, for a new registration password. The last two are never without a person.
    """
    if sign.severity is Severity.INFO:
        return []
    if sign.stage in {Stage.RECON, Stage.CREDENTIAL}:
        if sign.subject.kind is SubjectKind.SOURCE_IP:
            return [ban(sign.subject, bans, for_good=sign.permanent)]
        return [ban(source, bans) for source in sign.origins] if sign.severity is Severity.CRITICAL else []
    if sign.overlong:
        return [wish(Act.HANG_UP, Subject(SubjectKind.CALL, sign.overlong), 1)]
    if sign.severity is not Severity.CRITICAL and not sign.broken_in:
        return []
    found = [*extension_wishes(sign), *number_wishes(sign), *(ban(source, bans) for source in sign.origins)]
    if rung >= 2 and sign.block and sign.subject.kind is not SubjectKind.DESTINATION:
        found.append(wish(Act.BLOCK_NUMBER, Subject(SubjectKind.DESTINATION, sign.block), 2))
    if rung >= (2 if sign.about.kind is SubjectKind.DESTINATION else 3) and sign.route:
        found.append(wish(Act.LOCK_ROUTE, Subject(SubjectKind.ROUTE, sign.route), 3))
    if rung >= 4 and sign.trunk:
        found.append(wish(Act.DISABLE_TRUNK, Subject(SubjectKind.TRUNK, sign.trunk), 4))
    return found + new_password(case, sign)


def wish(act: Act, target: Subject, rung: int, *, before: int = 0, for_good: bool = False) -> Wish:
    """One act, for as long as the next one lasts after `before` others on this target."""
    lasts = ACTS[act].lasts
    return Wish(
        act=act, target=target, rung=rung, for_good=for_good,
        length=None if for_good else lasts[min(before, len(lasts) - 1)],
    )  # fmt: skip


def new_password(case: Case, sign: Sign) -> list[Wish]:
    """For an extension that was entered, where blocking the address failed or did not keep the thief out."""
    target = Subject(SubjectKind.EXTENSION, sign.extension)
    blocks = [
        name for name, decision in case.decisions.items()
        if decision.action is Act.BLOCK_IP and decision.target in sign.origins
    ]  # fmt: skip
    states = {case.states.get(name) for name in blocks}
    came_again = sign.stage is Stage.ACCESS and State.CONFIRMED in states
    if target not in case.entered or not (came_again or State.FAILED in states):
        return []
    return [wish(Act.RESET_REGISTRATION, target, 2)]


def with_backup(wanted: list[tuple[Wish, Mode]], pbx: str) -> list[tuple[Wish, Mode]]:
    """The same with a backup of the PBX before the first change of its configuration, as far as the furthest goes."""
    changes = [index for index, (wished, _) in enumerate(wanted) if ACTS[wished.act].changes_settings]
    if not changes:
        return wanted
    mode = max((wanted[index][1] for index in changes), key=MODES.index)
    backup = wish(Act.BACKUP_PBX, Subject(SubjectKind.PBX, pbx), 1), mode
    return [*wanted[: changes[0]], backup, *wanted[changes[0] :]]


def extension_wishes(sign: Sign) -> list[Wish]:
    """First rung of an extension: cut its calls, then keep it from making more; of a call from outside: cut it."""
    if not sign.extension:
        return [wish(Act.HANG_UP, sign.subject, 1)] if sign.subject.kind is SubjectKind.CALL else []
    target = Subject(SubjectKind.EXTENSION, sign.extension)
    hang_up = [] if sign.stage is Stage.ACCESS else [wish(Act.HANG_UP, target, 1)]
    return [*hang_up, wish(Act.RESTRICT_EXTENSION, target, 1)]


def number_wishes(sign: Sign) -> list[Wish]:
    """First rung of a number that many call, or calls that no extension makes: cut them, then let nobody call there.

    Such calls have nobody who could be restricted, and each is another one: what they share is where they go.
    """
    nobody = sign.subject.kind is SubjectKind.CALL and not sign.extension and sign.stage is Stage.PUMPING
    pumped = nobody or sign.subject.kind is SubjectKind.DESTINATION
    if not pumped or sign.severity is not Severity.CRITICAL or not sign.block:
        return []
    target = Subject(SubjectKind.DESTINATION, sign.block)
    return [wish(Act.HANG_UP, target, 1), wish(Act.BLOCK_NUMBER, target, 1)]


def ban(source: Subject, bans: int, *, for_good: bool = False) -> Wish:
    """Block an address, longer each time."""
    return wish(Act.BLOCK_IP, source, 1, before=bans, for_good=for_good)


def pending(case: Case) -> bool:
    """Whether something that was decided in mode auto, and contains, is not yet settled."""
    return any(
        decision.mode is Mode.AUTO and decision.refused is None and ACTS[decision.action].contains
        and case.states.get(decision.id) not in SETTLED
        for decision in find_in_force(case)
    )  # fmt: skip


def at_most(mode: Mode, ceiling: Mode) -> Mode:
    """The weaker of the two."""
    return min(mode, ceiling, key=MODES.index)


def stronger(one: Mode, other: Mode) -> bool:
    """Whether `one` does more than `other`."""
    return MODES.index(one) > MODES.index(other)


def until(at: int, length: int | None) -> tuple[datetime, datetime | None]:
    """`(until, review_at)` of a decision made at `at`."""
    if length is None:
        return FOREVER, from_micros(at) + REVIEW
    return from_micros(at + length), None
