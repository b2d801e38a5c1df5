"""One attempt, many lines: both logs' lines of it are paired, and the requests of one dialogue are folded."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

import msgspec
from msgspec import Struct

from detector.contract.events import MAX_COUNT, Call, Login, Notice, Registration

PAIR_WITHIN = timedelta(seconds=1)
DIALOGUE = timedelta(seconds=10)
PATIENCE = timedelta(seconds=5)
FORGIVEN = 2
FORGIVABLE = frozenset({"unknown_account", "bad_password"})
MAX_OPEN = 4_096
SHOWN_CALLID = 255


class LogKind(Enum):
    """Which of the two logs a line is from."""

    MESSAGES = "messages"
    SECURITY = "security"


class Step(Enum):
    """What a line is within its attempt."""

    WHOLE = "all of it"
    REQUEST = "one of up to two requests: without credentials and with them"
    ANSWER = "credentials that were judged: never fewer than the attempts"
    CHALLENGE = "the ordinary question for credentials"


WHOLE, MESSAGES, SECURITY = Step.WHOLE, LogKind.MESSAGES, LogKind.SECURITY
"""Asked of every line; to ask their classes for them takes several times as long."""


AttemptEvent = Registration | Call | Login | Notice
Counted = TypeVar("Counted", Registration, Login)


class Draft(Struct, frozen=True, gc=False):
    """An event that may be one of several about the same attempt.

    `twin` is shared with the other log's line about it (empty: it has none), `dialogue` with the other steps; `times`
    says how often the line was written.
    """

    event: AttemptEvent
    log: LogKind
    twin: tuple[str, ...] = ()
    step: Step = WHOLE
    dialogue: tuple[str, ...] = ()
    times: int = 1


class Silence(Enum):
    """A line that is understood, and tells nothing of use."""

    KNOWN = "known"


class _Half(Struct, gc=False):
    moment: datetime
    draft: Draft
    held: bool
    met: bool = False


class Twins:
    """Lets one of two lines about the same attempt through: the security event, unless the other one says more.

    Every line is met by at most one, so that ten attempts in a second stay ten. Lines of `messages` are held
    back up to a second, but only in streams that have shown security events. `open` has what may meet its twin.
    """

    def __init__(self) -> None:
        self.open: deque[_Half] = deque()
        self._waiting: dict[tuple[str, ...], list[_Half]] = {}
        self._security_seen = False
        self.holding = 0

    def admit(self, moment: datetime, draft: Draft) -> Draft | None:
        """What may go on now that `draft`, logged at `moment`, is here: the draft, or nothing."""
        security = draft.log is SECURITY
        self._security_seen |= security
        if not draft.twin:
            return draft
        waiting = self._waiting.get(draft.twin)
        if waiting and waiting[0].draft.log is not draft.log:
            half = self._meet(waiting, draft.twin)
            return _fuller(half.draft, draft) if security and half.held else None
        held = not security and self._security_seen
        half = _Half(moment=moment, draft=draft, held=held)
        self.open.append(half)
        if waiting is None:
            self._waiting[draft.twin] = [half]
        else:
            waiting.append(half)
        self.holding += held
        return None if held else draft

    def advance(self, moment: datetime) -> list[tuple[datetime, Draft]]:
        """What was held and has not met its twin in time, each with the moment it was logged."""
        released: list[tuple[datetime, Draft]] = []
        while self.open and (len(self.open) > MAX_OPEN or abs(moment - self.open[0].moment) > PAIR_WITHIN):
            self._let_go(released)
        return released

    def release(self) -> list[tuple[datetime, Draft]]:
        """All that is held."""
        released: list[tuple[datetime, Draft]] = []
        while self.open:
            self._let_go(released)
        return released

    def _let_go(self, released: list[tuple[datetime, Draft]]) -> None:
        half = self.open.popleft()
        if half.met:
            return
        self._meet(self._waiting[half.draft.twin], half.draft.twin)
        if half.held:
            released.append((half.moment, half.draft))

    def _meet(self, waiting: list[_Half], twin: tuple[str, ...]) -> _Half:
        half = waiting.pop(0)
        half.met = True
        self.holding -= half.held
        if not waiting:
            del self._waiting[twin]
        return half


def _fuller(messages: Draft, security: Draft) -> Draft:
    """Of two lines that met the one to tell: only `messages` has the method of a probe, and the trunk that called."""
    event = messages.event
    fuller = isinstance(event, Notice) or (isinstance(event, Call) and event.trunk_in is not None)
    return messages if fuller and not isinstance(security.event, Notice) else security


class _Held(Struct, gc=False):
    """A refusal that may be forgiven yet, of its dialogue or its phone; `settled` once it was, or was told."""

    moment: datetime
    event: Registration
    settled: bool = False


class _Dialogue(Struct, gc=False):
    moment: datetime
    account: str | None = None
    requests: int = 0
    answers: int = 0
    counted: int = 0
    held: tuple[_Held, ...] = ()

    @property
    def attempts(self) -> int:
        """As many as credentials were judged, and one for every two requests."""
        return max(self.answers, (self.requests + 1) // 2)


class Attempts:
    """Folds the steps of one dialogue into attempts: as many as answers, and one for every two requests.

    A dialogue that ends in success had no failure: up to `FORGIVEN` refusals of one are held back for `PATIENCE` and
    forgotten if it is accepted then, as a phone's is that comes with an old nonce or, behind a NAT, by another name.
    So are those of an account that is accepted from the same address. Who is refused more often guesses, and is told
    at once. `waiting` has what is held back, `holding` how many of that are not settled.
    """

    def __init__(self) -> None:
        self._dialogues: OrderedDict[tuple[str, ...], _Dialogue] = OrderedDict()
        self.waiting: deque[_Held] = deque()
        self.holding = 0

    def fold(self, moment: datetime, draft: Draft) -> list[AttemptEvent]:
        """The events that may be told now that `draft` is here; none if it belongs to an attempt that was told."""
        event = draft.event
        if type(event) is not Registration:
            return [counted(event, draft.times)] if type(event) is Login else [event]
        if event.outcome == "rejected":
            return self._whole(moment, draft, event) if draft.step is WHOLE else self._step(moment, draft, event)
        if draft.step is Step.CHALLENGE:
            return [] if event.account is None and self._known(moment, draft.dialogue) is not None else [event]
        if event.outcome != "accepted":
            return [counted(event, draft.times)]
        if self.holding:
            self._forgive(moment, draft.dialogue)
            self._forgive(moment, _phone(event))
        return [event]

    def advance(self, moment: datetime) -> list[AttemptEvent]:
        """What was held back, and was not accepted in time."""
        told: list[AttemptEvent] = []
        waiting = self.waiting
        while waiting and (abs(moment - waiting[0].moment) > PATIENCE or len(waiting) > MAX_OPEN):
            self._settle(waiting.popleft(), told)
        return told

    def release(self) -> list[AttemptEvent]:
        """All that is held back."""
        told: list[AttemptEvent] = []
        while self.waiting:
            self._settle(self.waiting.popleft(), told)
        return told

    def _whole(self, moment: datetime, draft: Draft, event: Registration) -> list[AttemptEvent]:
        """A refusal that is an attempt by itself: one of those of this account from this address."""
        event = event if draft.times == 1 else counted(event, draft.times)
        if event.reason not in FORGIVABLE or not event.account or not event.source_ip:
            return [event]
        phone = self._of_phone(moment, event)
        phone.counted += draft.times
        return self._hold(moment, (phone,), event)

    def _step(self, moment: datetime, draft: Draft, event: Registration) -> list[AttemptEvent]:
        """One of several lines of an attempt."""
        known = self._known(moment, draft.dialogue)
        if known is None or (event.account and known.account and event.account != known.account):
            known = None
        known = self._remember(draft.dialogue, known, moment)
        unknown_account = event.account is None and known.account is not None
        known.account = event.account or known.account
        known.requests += draft.times * (draft.step is Step.REQUEST)
        known.answers += draft.times * (draft.step is Step.ANSWER)
        new = known.attempts - known.counted
        if new <= 0:
            return []
        known.counted += new
        if unknown_account:
            event = msgspec.structs.replace(event, account=known.account, reason="unknown_account")
        event = counted(event, new)
        if event.reason not in FORGIVABLE:
            return [event]
        if not event.account or not event.source_ip:
            return self._hold(moment, (known,), event)
        phone = self._of_phone(moment, event)
        phone.counted += new
        return self._hold(moment, (known, phone), event)

    def _hold(self, moment: datetime, whose: tuple[_Dialogue, ...], event: Registration) -> list[AttemptEvent]:
        for each in whose:
            if each.counted > FORGIVEN:
                told: list[AttemptEvent] = []
                for one in whose:
                    self._let_go(one, told)
                told.append(event)
                return told
        held = _Held(moment, event)
        for each in whose:
            each.held += (held,)
        self.waiting.append(held)
        self.holding += 1
        return []

    def _of_phone(self, moment: datetime, event: Registration) -> _Dialogue:
        """What is held of this account from this address."""
        key = _phone(event)
        return self._remember(key, self._known(moment, key), moment)

    def _let_go(self, dialogue: _Dialogue, told: list[AttemptEvent]) -> None:
        for held in dialogue.held:
            self._settle(held, told)
        dialogue.held = ()

    def _settle(self, held: _Held, told: list[AttemptEvent]) -> None:
        if not held.settled:
            held.settled = True
            self.holding -= 1
            told.append(held.event)

    def _forgive(self, moment: datetime, key: tuple[str, ...]) -> None:
        known = self._known(moment, key)
        if known is not None:
            self._let_go(known, [])

    def _known(self, moment: datetime, key: tuple[str, ...]) -> _Dialogue | None:
        known = self._dialogues.get(key)
        return known if known is not None and abs(moment - known.moment) <= DIALOGUE else None

    def _remember(self, key: tuple[str, ...], known: _Dialogue | None, moment: datetime) -> _Dialogue:
        """What is `known` of it, seen at this moment; a new one if nothing is."""
        if known is None:
            known = self._dialogues[key] = _Dialogue(moment=moment)
            if len(self._dialogues) > MAX_OPEN:
                self._dialogues.popitem(last=False)
        known.moment = moment
        self._dialogues.move_to_end(key)
        return known


def counted(event: Counted, times: int) -> Counted:
    """The event with how many attempts it stands for."""
    return event if times == 1 else msgspec.structs.replace(event, count=min(times, MAX_COUNT))


def _phone(event: Registration) -> tuple[str, ...]:
    return ("phone", event.account or "", event.source_ip or "")
