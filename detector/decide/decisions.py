"""Decisions of one event: what is wanted, in which mode, refused by the guard or not, until when."""

from msgspec.structs import replace

from detector.contract.codec import from_micros, to_micros
from detector.contract.findings import FOREVER, Decision, Subject
from detector.contract.ids import derive_id
from detector.contract.lifecycle import SETTLED
from detector.contract.vocabulary import MODES, Act, DecisionStatus, Mode, Stage, SubjectKind
from detector.correlate.case import Case
from detector.correlate.ends import find_in_force, holds
from detector.correlate.pbx_state import PbxState
from detector.decide import policy
from detector.decide.acts import ACTS
from detector.decide.grounds import may_act
from detector.decide.guard import GuardFacts, veto
from detector.decide.policy import Sign, Wish, with_backup
from detector.enrich.habits import has_sent_calls, is_known_good
from detector.enrich.premises import Premises
from detector.memory.fields import Window

DAY_MICROS = 24 * 3_600 * 1_000_000
BANS_FOR_MICROS = 30 * DAY_MICROS
OVERTURNED_FOR_MICROS = DAY_MICROS
MAX_DECISIONS = 200
MAX_BLOCKS = 150
"""So many may be about addresses that only guess, so that there is room for who came in and whom they entered."""
TIMER = "decision"
"""Owner of the timers on which decisions end."""
bans = Window("bans")
overturned = Window("overturned")


class Decisions:
    """Makes, strengthens, lifts and overturns decisions; `take` hands over those that changed."""

    __slots__ = ("changed", "premises", "state")

    def __init__(self, state: PbxState, premises: Premises) -> None:
        self.state = state
        self.premises = premises
        self.changed: dict[str, Decision] = {}

    def take(self) -> list[Decision]:
        """Every decision that changed, once, in the order of its first change."""
        changed = list(self.changed.values())
        self.changed.clear()
        return changed

    def decide(self, case: Case, sign: Sign, mode: Mode, because: str, at: int) -> None:
        """What a sign asks for, where it is not decided already."""
        state = self.state
        banned = bans.count(state.memory, sign.subject.id, max(at, state.now), BANS_FOR_MICROS)
        wanted = [
            (wish, self._find_mode(wish, sign, mode, at))
            for wish in policy.wishes(case, sign, state.dossiers.rung(sign.about), banned)
        ]
        for wish, earned in with_backup(wanted, state.pbx):
            self._want(case, wish, earned, because, at)

    def _find_mode(self, wish: Wish, sign: Sign, mode: Mode, at: int) -> Mode:
        """How far a wish goes without a person: as far as the rule has earned, its act may, and evidence bears."""
        mode = policy.at_most(mode, ACTS[wish.act].ceiling)
        if mode is not Mode.AUTO:
            return mode
        sure = may_act(wish.target, sign.about, max(at, self.state.now), self.state.dossiers, usual=sign.usual)
        return mode if sure else Mode.ASK

    def find_mode_of(self, case: Case, subject: Subject) -> Mode:
        """The furthest that anything in force goes without a person that was decided of a subject."""
        mine = [decision.mode for decision in find_in_force(case) if decision.target == subject]
        return max(mine, key=MODES.index, default=Mode.ASK)

    def lift(self, case: Case, name: str, at: int) -> None:
        """A decision has reached its end; with the last one on a subject ends what was known of it.

        But an address stays known as long as its evidence is recent: blocks are short, and guessers come again.
        """
        decision = case.decisions.get(name)
        if decision is not None and decision.status is DecisionStatus.ACTIVE and to_micros(decision.until) <= at:
            self._lift(case, decision, at)

    def lift_all(self, case: Case, at: int) -> None:
        """A person closed the incident: everything it holds is let go, but a stolen password stays out of use."""
        for decision in find_in_force(case):
            if not ACTS[decision.action].outlives_incident:
                self._lift(case, decision, at)

    def overturn(self, case: Case, name: str, at: int) -> None:
        """A person undid this decision: it is lifted, not made again for a day, and what it rested on is void."""
        decision = case.decisions.get(name)
        if decision is not None and decision.status is DecisionStatus.ACTIVE:
            undone = name_act(decision.action, decision.target)
            overturned.add(self.state.memory, undone, at, OVERTURNED_FOR_MICROS, cap=1)
            self._lift(case, decision, at)
            self.state.dossiers.forget([decision.target])

    def move(self, decisions: list[Decision], older: Case, at: int) -> None:
        """Decisions of a merged incident belong to the older one."""
        for decision in decisions:
            self._put(
                older,
                replace(decision, incident=older.id, at=from_micros(at), revision=decision.revision + 1),
            )

    def _lift(self, case: Case, decision: Decision, at: int) -> None:
        lifted = DecisionStatus.LIFTED
        self._put(case, replace(decision, status=lifted, at=from_micros(at), revision=decision.revision + 1))
        target = decision.target
        if target.kind is not SubjectKind.SOURCE_IP and not holds(case, target):
            self.state.dossiers.retire(target)

    def _want(self, case: Case, wish: Wish, mode: Mode, because: str, at: int) -> None:
        traits = ACTS[wish.act]
        same = [d for d in case.decisions.values() if d.action is wish.act and d.target == wish.target]
        active = next((d for d in reversed(same) if d.status is DecisionStatus.ACTIVE), None)
        if active is not None and not (traits.repeated and case.states.get(active.id) in SETTLED):
            self._strengthen(case, active, wish, mode, because, at)
            return
        memory = self.state.memory
        undone = overturned.count(
            memory, name_act(wish.act, wish.target), max(at, self.state.now), OVERTURNED_FOR_MICROS
        )
        if undone or not self._make_room(case, wish.target):
            return
        case.decided += 1
        until, review_at = policy.until(at, wish.length)
        refused = veto(wish.act, wish.target, self._gather_facts(case, wish.target))
        name = derive_id("decision", case.id, wish.act, wish.target.kind, wish.target.id, case.decided)
        decision = Decision(
            id=name, pbx=self.state.pbx, tenant=case.tenant, at=from_micros(at), incident=case.id,
            because=(because,), action=wish.act, rung=wish.rung, target=wish.target, until=until,
            review_at=review_at, mode=mode, status=DecisionStatus.ACTIVE, cuts_running=traits.cuts_running,
            keeps=traits.keeps, refused=refused, drill=case.drill,
            sends_calls=wish.target.kind is SubjectKind.SOURCE_IP and has_sent_calls(memory, wish.target.id),
        )  # fmt: skip
        self._put(case, decision)
        if until != FOREVER:
            self.state.timers.wake(TIMER, decision.id, to_micros(until))
        if len(traits.lasts) > 1 and decision.refused is None:
            bans.add(memory, wish.target.id, at, BANS_FOR_MICROS, cap=len(traits.lasts))

    def _make_room(self, case: Case, target: Subject) -> bool:
        """Whether one more can be remembered; what was lifted long ago makes room, and those who guess leave some."""
        guesses = target.kind is SubjectKind.SOURCE_IP and target not in case.inside
        if len(case.decisions) < (MAX_BLOCKS if guesses else MAX_DECISIONS):
            return True
        lifted = next(
            (name for name, decision in case.decisions.items() if decision.status is DecisionStatus.LIFTED), None
        )
        if lifted is None:
            return False
        del case.decisions[lifted]
        self.state.cases.by_decision.pop(lifted, None)
        return True

    def _strengthen(self, case: Case, active: Decision, wish: Wish, mode: Mode, because: str, at: int) -> None:
        """A stronger mode, or for good instead of for a while."""
        for_good = wish.for_good and active.until != FOREVER
        stronger = policy.stronger(mode, active.mode)
        if not (for_good or stronger):
            return
        until, review_at = policy.until(at, None) if for_good else (active.until, active.review_at)
        because_all = (*active.because, because) if because not in active.because else active.because
        self._put(case, replace(
            active, mode=mode if stronger else active.mode, because=because_all[-32:], until=until,
            rung=max(active.rung, wish.rung) if stronger else active.rung, review_at=review_at,
            at=from_micros(at), revision=active.revision + 1,
        ))  # fmt: skip

    def _put(self, case: Case, decision: Decision) -> None:
        case.decisions[decision.id] = decision
        self.state.cases.by_decision[decision.id] = case.id
        self.state.cases.dirty.add(case.id)
        self.changed[decision.id] = decision

    def _gather_facts(self, case: Case, target: Subject) -> GuardFacts:
        profile = self.premises.profile
        is_extension = target.kind is SubjectKind.EXTENSION
        return GuardFacts(
            protected=profile.protected, trunk_addresses=self.premises.trunk_addresses,
            known_good=is_known_good(self.state.memory, target.id, case.opened),
            subject_of_incident=Stage.ACCESS in case.stages and target in case.proven,
            emergency_device=is_extension and profile.extension(target.id).emergency_device,
            emergency_path=profile.spares_emergency
            or any(r.emergency for name, r in profile.routes.items() if name != target.id),
            emergency=self.premises.plan.emergency,
        )  # fmt: skip


def name_act(act: Act, target: Subject) -> str:
    """Names an action on a target in memory."""
    return f"{act}\x1f{target.kind}\x1f{target.id}"
