"""What rules about attempts to get in have in common: what was refused, whose name was tried, how well it is known."""

from detector.contract.events import Event, Login, Registration
from detector.contract.findings import Subject
from detector.contract.vocabulary import AccessOutcome, Basis, Party, SubjectKind
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Window

Attempt = Registration | Login
ACCEPTED, REJECTED, TRUNK = AccessOutcome.ACCEPTED, AccessOutcome.REJECTED, Party.TRUNK
JUDGED = frozenset({ACCEPTED, REJECTED})
"""A credential was given, and judged."""
ATTEMPTED = JUDGED | {AccessOutcome.CHALLENGED}
"""Somebody tried to get in."""
ROLE = "administrator"
APP = "linkus"
"""Devices and surfaces of the PBX's own apps begin so: one person has several."""


def refused(event: Attempt) -> bool:
    """Whether a credential was refused; a trunk's registration is the carrier's affair, a challenge no failure."""
    return event.outcome == REJECTED and not (type(event) is Registration and event.party == TRUNK)


def accepted(event: Attempt) -> bool:
    """Whether somebody was let in; a trunk is nobody."""
    return event.outcome == ACCEPTED and not (type(event) is Registration and event.party == TRUNK)


def of_trunk(event: Attempt) -> bool:
    """Whether a trunk registers, which is the carrier's affair."""
    return type(event) is Registration and event.party == TRUNK


def who(event: Attempt, facts: Facts) -> str:
    """The account that was tried, or the extension where no account is named."""
    return event.account or facts.extension


def names(event: Attempt) -> tuple[str, ...]:
    """The accounts that an event stands for."""
    return event.accounts or ((event.account,) if event.account else ())


def by_app(event: Attempt) -> bool:
    """Whether it came through one of the PBX's own apps."""
    name = event.device if isinstance(event, Registration) else event.surface
    return (name or "").startswith(APP)


def is_administrator(event: Login) -> bool:
    """Whether the PBX said so of who logged in."""
    return ROLE in (event.role or "").lower()


def vouched(event: Event) -> bool:
    """Whether this was reported as such; what was parsed out of free text counts, but alone it contains nobody."""
    return event.trust is None


def resting(solid: int, limit: int) -> Basis | None:
    """What a firing rests on, given how much of it is vouched for."""
    return None if solid >= limit else Basis.TEXT


def of_network(network: str) -> tuple[Subject, ...]:
    """What attempts out of one network share, so that they become one incident."""
    return (Subject(SubjectKind.SOURCE_IP, network),)


class Failures:
    """Counts refused attempts within a time: all of them, and beside them those that something better vouches for.

    When all are enough together these begin anew; what is vouched for goes on counting until that is enough by itself,
    which a `Tally` does not.
    """

    def __init__(self) -> None:
        self._all, self._solid = Window("failed"), Window("solid")

    def __set_name__(self, owner: type, attribute: str) -> None:
        for window in (self._all, self._solid):
            window.__set_name__(owner, attribute)

    def add(self, memory: Memory, subject: str, event: Attempt, at: int, length: int, *, cap: int) -> tuple[int, int]:
        """How many lie in the window with this one, and how many of them are vouched for; see `Window.add`."""
        failed = self._all.add(memory, subject, at, length, cap=cap, count=event.count)
        if not vouched(event):
            return failed, 0
        solid = self._solid.add(memory, subject, at, length, cap=cap, count=event.count)
        return max(failed, solid), solid

    def clear(self, memory: Memory, subject: str, *, solid: bool) -> None:
        """Start over; with what is vouched for, where that is `solid` enough."""
        self._all.clear(memory, subject)
        if solid:
            self._solid.clear(memory, subject)


class Tally:
    """Counts attempts within a time, those read out of free text apart from the others."""

    def __init__(self, name: str) -> None:
        self._windows = Window(name), Window(f"{name} text")

    def __set_name__(self, owner: type, attribute: str) -> None:
        for window in self._windows:
            window.__set_name__(owner, attribute)

    def add(self, memory: Memory, subject: str, event: Attempt, at: int, length: int, *, cap: int) -> tuple[int, int]:
        """How many lie in the window with this one, and how many of them are vouched for; see `Window.add`."""
        solid, text = self._windows if vouched(event) else self._windows[::-1]
        mine = solid.add(memory, subject, at, length, cap=cap, count=event.count)
        if not mine:
            return 0, 0
        other = text.count(memory, subject, at, length)
        return mine + other, mine if vouched(event) else other

    def clear(self, memory: Memory, subject: str) -> None:
        """Start over."""
        for window in self._windows:
            window.clear(memory, subject)
