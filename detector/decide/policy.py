"""What to do about an incident: the narrowest action first, the next rung if the calls go on."""

from datetime import datetime, timedelta

from msgspec import Struct

from detector.contract.codec import from_micros
from detector.contract.findings import FOREVER, Subject
from detector.contract.vocabulary import MODES, Act, Basis, Mode, Severity, Stage, State, SubjectKind
from detector.correlate.case import Case

SECOND = 1_000_000
HOUR = 3_600 * SECOND
CHANGES = frozenset(
    {Act.RESTRICT_EXTENSION, Act.RESET_REGISTRATION, Act.LOCK_ROUTE, Act.BLOCK_NUMBER, Act.DISABLE_TRUNK}
)
"""What changes the PBX's configuration, and so waits a moment for a backup of it (C31)."""
KEEPS: dict[Act, tuple[str, ...]] = {Act.RESET_REGISTRATION: (), Act.DISABLE_TRUNK: ("emergency", "internal")}
"""What an action leaves working where that is not emergency, internal and inbound calls."""
REVIEW = timedelta(days=30)

HANG_UP_FOR = HOUR // 6
RESTRICT_FOR = 12 * HOUR
NUMBER_FOR = 72 * HOUR
ROUTE_FOR = 12 * HOUR
TRUNK_FOR = HOUR
BANS: tuple[int | None, ...] = (HOUR, 24 * HOUR, None)
"""How long the first, second and every later block of an address lasts; None is for good, with a review."""


class Wish(Struct, frozen=True, kw_only=True):
    """One action that the policy wants. `length` in microseconds, None is open-ended.

    `for_good` makes an action in force open-ended too; otherwise a longer one waits until that has ended. `ceiling` is
    the most that is done of it without a person, whatever the rule has earned.
    """

    act: Act
    target: Subject
    rung: int
    length: int | None
    cuts_running: bool = False
    for_good: bool = False
    ceiling: Mode = Mode.AUTO


class Sign(Struct, frozen=True, kw_only=True):
    """What of a detection the policy looks at."""

    stage: Stage
    severity: Severity
    subject: Subject
    extension: str = ""
    block: str = ""
    route: str = ""
    trunk: str = ""
    permanent: bool = False


def wishes(case: Case, sign: Sign, rung: int, bans: int) -> list[Wish]:
    """What one detection asks for, given how often its address was banned before.

    Guessing asks for a block of the address, or, where many guess at one account, of every one that is proven. A
    stolen extension and what it dials ask to hang up and restrict it and to block where it came in from; if calls
    still get through, for the numbers (rung 2), the route (rung 3) and the trunk (rung 4); if the thief comes in
    again, for a new registration password. The last two are never without a person.
    """
    if sign.severity is Severity.INFO:
        return []
    if sign.stage in {Stage.RECON, Stage.CREDENTIAL}:
        if sign.subject.kind is SubjectKind.SOURCE_IP:
            return [ban(sign.subject, bans, for_good=sign.permanent)]
        return [ban(source, bans) for source in case.proven] if sign.severity is Severity.CRITICAL else []
    if sign.severity is not Severity.CRITICAL and not case.broken_in():
        return []
    found = extension_wishes(sign) + [
        ban(source, bans) for source in case.proven if source.kind is SubjectKind.SOURCE_IP
    ]
    if rung >= 2 and sign.block:
        found.append(
            Wish(
                act=Act.BLOCK_NUMBER,
                target=Subject(SubjectKind.DESTINATION, sign.block),
                rung=2,
                length=NUMBER_FOR,
            )
        )
    if rung >= 3 and sign.route:
        found.append(Wish(act=Act.LOCK_ROUTE, target=Subject(SubjectKind.ROUTE, sign.route), rung=3, length=ROUTE_FOR))
    if rung >= 4 and sign.trunk:
        trunk = Subject(SubjectKind.TRUNK, sign.trunk)
        found.append(Wish(act=Act.DISABLE_TRUNK, target=trunk, rung=4, length=TRUNK_FOR, ceiling=Mode.ASK))
    return found + new_password(case, sign)


def new_password(case: Case, sign: Sign) -> list[Wish]:
    """For an extension that was entered, where blocking the address failed or did not keep the thief from coming again.

    Open-ended, for a stolen password must not come back by itself; and never without a person, for until the
    telephone has the new password it is out of order, for emergency calls too.
    """
    target = Subject(SubjectKind.EXTENSION, sign.extension)
    blocks = [name for name, decision in case.decisions.items() if decision.action is Act.BLOCK_IP]
    states = {case.states.get(name) for name in blocks}
    came_again = sign.stage is Stage.ACCESS and State.CONFIRMED in states
    if target not in case.entered or not (came_again or State.FAILED in states):
        return []
    return [Wish(act=Act.RESET_REGISTRATION, target=target, rung=2, length=None, ceiling=Mode.ASK)]


def with_backup(wanted: list[Wish], pbx: str) -> list[Wish]:
    """The same with a backup of the PBX before the first change of its configuration."""
    at = next((index for index, wish in enumerate(wanted) if wish.act in CHANGES), None)
    if at is None:
        return wanted
    backup = Wish(act=Act.BACKUP_PBX, target=Subject(SubjectKind.PBX, pbx), rung=1, length=None)
    return [*wanted[:at], backup, *wanted[at:]]


def extension_wishes(sign: Sign) -> list[Wish]:
    """First rung of an extension: cut its calls, then keep it from making more; of a call from outside: cut it."""
    if not sign.extension:
        if sign.subject.kind is not SubjectKind.CALL:
            return []
        return [Wish(act=Act.HANG_UP, target=sign.subject, rung=1, length=HANG_UP_FOR, cuts_running=True)]
    target = Subject(SubjectKind.EXTENSION, sign.extension)
    hang_up = [] if sign.stage is Stage.ACCESS else [
        Wish(act=Act.HANG_UP, target=target, rung=1, length=HANG_UP_FOR, cuts_running=True)
    ]  # fmt: skip
    return [*hang_up, Wish(act=Act.RESTRICT_EXTENSION, target=target, rung=1, length=RESTRICT_FOR)]


def ban(source: Subject, bans: int, *, for_good: bool = False) -> Wish:
    """Block an address, longer each time."""
    length = None if for_good else BANS[min(bans, len(BANS) - 1)]
    return Wish(act=Act.BLOCK_IP, target=source, rung=1, length=length, for_good=for_good)


def allowed(mode: Mode, bases: list[Basis]) -> Mode:
    """Country, score, text or hearsay alone never contain (decision 12): at most somebody is asked."""
    solid = set(bases) - {Basis.DERIVED}
    if mode is Mode.AUTO and Basis.BEHAVIOUR not in solid and len(solid) < 2:
        return Mode.ASK
    return mode


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
