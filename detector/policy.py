"""What to do about an incident: the narrowest action first, the next rung if the calls go on."""

from datetime import datetime, timedelta

from msgspec import Struct

from detector.contract.codec import from_micros
from detector.contract.findings import FOREVER, Act, Mode, Severity, Stage, Subject, SubjectKind
from detector.incidents import MODES, Case

SECOND = 1_000_000
HOUR = 3_600 * SECOND
REVIEW = timedelta(days=30)

HANG_UP_FOR = HOUR // 6
RESTRICT_FOR = 12 * HOUR
NUMBER_FOR = 72 * HOUR
ROUTE_FOR = 12 * HOUR
BANS: tuple[int | None, ...] = (HOUR, 24 * HOUR, None)
"""How long the first, second and every later block of an address lasts; None is for good, with a review."""


class Wish(Struct, frozen=True, kw_only=True):
    """One action that the policy wants. `length` in microseconds, None is open-ended.

    `for_good` makes an action in force open-ended too; otherwise a longer one waits until that has ended.
    """

    act: Act
    target: Subject
    rung: int
    length: int | None
    cuts_running: bool = False
    for_good: bool = False


class Sign(Struct, frozen=True, kw_only=True):
    """What of a detection the policy looks at."""

    stage: Stage
    severity: Severity
    subject: Subject
    extension: str = ""
    block: str = ""
    route: str = ""
    permanent: bool = False


def wishes(case: Case, sign: Sign, rung: int, bans: int) -> list[Wish]:
    """What one detection asks for, given how often its address was banned before.

    Guessing asks for a block of the address, or, where many guess at one account, of every one that is proven. A
    stolen extension and what it dials ask to hang up and restrict it and to block where it came in from; if calls
    still get through, for the numbers (rung 2) and the route (rung 3).
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
    return found


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


def allowed(mode: Mode, bases: list[str]) -> Mode:
    """Country, score, text or hearsay alone never contain (decision 12): at most somebody is asked."""
    solid = {basis for basis in bases if basis != "derived"}
    if mode is Mode.AUTO and "behaviour" not in solid and len(solid) < 2:
        return Mode.ASK
    return mode


def stronger(one: Mode, other: Mode) -> bool:
    """Whether `one` does more than `other`."""
    return MODES.index(one) > MODES.index(other)


def until(at: int, length: int | None) -> tuple[datetime, datetime | None]:
    """`(until, review_at)` of a decision made at `at`."""
    if length is None:
        return FOREVER, from_micros(at) + REVIEW
    return from_micros(at + length), None
