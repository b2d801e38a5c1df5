"""A storm over one PBX: decisions about anything, people's changes, refusals and kills at random moments, and time."""

from datetime import timedelta
from random import Random
from typing import Any

from detector.contract.lifecycle import FINAL, LEFT, TOUCHED
from detector.contract.vocabulary import Act, Mode, State, SubjectKind
from detector.decide.acts import ACTS
from detector.decide.guard import GuardFacts
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.config.installation import Installation, core_settings
from streams.containment.carry_out import order_of
from streams.pbxs.guarding.guard_facts import TargetFacts
from streams.pbxs.pbx_errors import GiveUp, Unreachable
from streams.sim import CallPlan
from streams.store.rows import ActionRow
from tests.streams.containment.test_executor import Desk, Fuse, Fused, Killed

DEVICE, STAFF = "1008", ("1003", "1007", "1012")
CARRIER, PROTECTED, PRIVATE = "198.51.100.250", "203.0.113.200", "10.1.2.3"
SPARED = frozenset({DEVICE, "Emergency", "911", "+1911", "112", CARRIER, PROTECTED, PRIVATE})
"""What must never be touched."""
PHONES = (SubjectKind.EXTENSION, (*STAFF, DEVICE))
TARGETS: dict[Act, tuple[SubjectKind, tuple[str, ...]]] = {
    Act.RESTRICT_EXTENSION: PHONES,
    Act.RESET_REGISTRATION: PHONES,
    Act.HANG_UP: PHONES,
    Act.LOCK_ROUTE: (SubjectKind.ROUTE, ("International", "National", "Emergency")),
    Act.BLOCK_NUMBER: (SubjectKind.DESTINATION, ("+25261", "+3712", "911", "+1911", "112")),
    Act.BLOCK_IP: (SubjectKind.SOURCE_IP, ("203.0.113.7", "203.0.113.8", CARRIER, PROTECTED, PRIVATE)),
    Act.DISABLE_TRUNK: (SubjectKind.TRUNK, ("carrier-a",)),
}
SETTINGS = {
    "defaults": {"region": "US", "access_digit": "9", "international_prefix": "011", "protected": [PROTECTED]},
    "pbxs": [{
        "id": "hq", "trunks": {"carrier-a": {"hosts": [CARRIER]}}, "routes": {"Emergency": {"emergency": True}},
        "extensions": {DEVICE: {"emergency_device": True}},
    }],
}  # fmt: skip
LONG = CallPlan(talk=36_000)
MOST_CALLS = 8


class StormDesk(Desk):
    """An executor whose guard knows what the settings say."""

    asked: TargetFacts

    async def live_facts(self, row: ActionRow) -> GuardFacts:
        return await self.asked.of(row)


class Storm:
    """Lets one thing happen after the other, drawn by seed; `log` tells what did."""

    def __init__(self, seed: int, office: Any, desk: StormDesk, wall: Any, make: Any) -> None:
        self.random = Random(seed)  # noqa: S311 - a storm that can be repeated, no secret
        self.office, self.desk, self.wall, self.make = office, desk, wall, make
        self.calls: list[str] = []
        self.names: list[str] = []
        self.theirs: set[tuple[Act, str]] = set()
        self.log: list[str] = []
        self.kills = self.refusals = 0
        office.add_route("Emergency", "911", *STAFF, DEVICE)
        installed = Installation.model_validate(SETTINGS)
        desk.asked = TargetFacts(installed.pbxs[0], Policies(core_settings(installed), catalogue()).of("hq"))
        self._passwords = {phone: office.sim.extension(phone).reg_password for phone in (*STAFF, DEVICE)}
        self._spared = self._look_at_spared()

    # --- what happens

    async def step(self) -> None:
        """The next thing, and the executor's turn."""
        happenings = (*[self._decide] * 4, self._lift, self._ask_undo, self._approve, self._change, self._call,
                      self._call_for_help, self._wait)  # fmt: skip
        self.random.choice(happenings)()
        await self._work()

    async def calm_down(self) -> None:
        """All ends are passed, nothing is in the way any more, and people ask for what was left as it is."""
        for _ in range(2):
            self.desk.now += timedelta(days=3)
            for row in self.rows():
                if row.state in LEFT:
                    self.desk.journal.actions.request_undo(row.id, "anna", now=self._now())
            await self.desk.work(20, seconds=120)

    def _decide(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            self._decide_one()

    def _decide_one(self) -> None:
        act = self.random.choice(list(TARGETS))
        kind, targets = TARGETS[act]
        name, target = f"dec-{len(self.names)}", self.random.choice(targets)
        until = self.desk.now + timedelta(minutes=self.random.randrange(5, 900))
        mode = self.random.choice((Mode.AUTO, Mode.AUTO, Mode.ASK))
        decision = self.make.decision(name, act, kind, target, at=self.desk.now, until=until, mode=mode)
        self.desk.journal.findings.record([decision])
        self.names.append(name)
        self.log.append(f"{name} is to {act} {target}, {mode}, until {until:%d %H:%M}")

    def _lift(self) -> None:
        for row in self._any_row():
            one = row.decision
            lifted = self.make.decision(one.id, one.action, one.target.kind, one.target.id, at=self.desk.now,
                                        until=one.until, mode=one.mode, revision=1, status="lifted")  # fmt: skip
            self.desk.journal.findings.record([lifted])
            self.log.append(f"{one.id} is lifted")

    def _ask_undo(self) -> None:
        for row in self._any_row():
            self.desk.journal.actions.request_undo(row.id, "anna", now=self._now())
            self.log.append(f"somebody undoes {row.decision.id}")

    def _approve(self) -> None:
        for row in self.rows():
            if row.state is State.REQUESTED:
                self.desk.journal.actions.approve(row.id, "anna", now=self._now())
                self.log.append(f"somebody approves {row.decision.id}")

    def _change(self) -> None:
        """A person changes something on the PBX, or the firewall is started anew."""
        sim, phone = self.office.sim, self.random.choice(STAFF)
        which = self.random.choice(("pin", "no pin", "switch", "rules", "firewall"))
        if which == "pin":
            self.office.change_route("International", pin_protect="single_pin", pin="2468")
            self.theirs.add((Act.LOCK_ROUTE, "International"))
        elif which == "no pin":
            self.office.change_route("National", pin_protect="disable", pin="")
        elif which == "switch":
            sim.change_extension(phone, disable_outb_call=self.random.randrange(2))
            self.theirs.add((Act.RESTRICT_EXTENSION, phone))
        elif which == "rules":
            for rule in list(sim.core.settings.blocked_numbers):
                sim.core.settings.blocked_numbers.remove(rule.id)
        else:
            self.wall.targets.clear()
        self.log.append(f"somebody changes {which} ({phone})")

    def _call(self) -> None:
        phone = self.random.choice(STAFF)
        self.office.sim.register(phone)
        if len(self.office.sim.calls) < MOST_CALLS:
            self.office.sim.dial(phone, "901125261234567", plan=LONG)

    def _call_for_help(self) -> None:
        phone = self.random.choice((*STAFF, DEVICE))
        self.office.sim.register(phone)
        attempt = self.office.sim.dial(phone, "911", plan=LONG)
        self.log.append(f"{phone} calls for help")
        assert attempt.placed, self.log
        self.calls.append(attempt.call_id)

    def _wait(self) -> None:
        self.desk.now += timedelta(minutes=self.random.randrange(1, 240))
        self.log.append(f"it is {self.desk.now:%d %H:%M}")

    async def _work(self) -> None:
        """First with a PBX that refuses, or a kill in the middle; then as a new process, which looks at all."""
        fuse = Fuse(self.random.choice((Killed, GiveUp, Unreachable)), after=self.random.random() < 0.5)
        fuse.strokes = self.random.choice((None, self.random.randrange(4), self.random.randrange(12)))
        journal: Any = Fused(self.desk.journal, fuse) if self.random.random() < 0.4 and fuse.error is Killed else None
        client: Any = self.office.means.client if journal else Fused(self.office.means.client, fuse)
        self.desk.started(journal=journal, hands=self.office.hands(self.wall, client=client))
        try:
            await self.desk.work()
        except Killed:
            self.kills += 1
            self.log.append("killed")
        self.refusals += fuse.error is not Killed and fuse.strokes is not None and fuse.strokes < 0
        self.desk.journal.actions.release("me")
        self.desk.started()
        await self.desk.work()
        await self.desk.executor.reconcile(["hq"])
        await self.desk.executor.drain()

    # --- what must hold

    def wrong(self) -> list[str]:
        """What is not as it must be, in words."""
        up, there, rows = self.office.sim.core.calls.up, self._there(), self.rows()
        stands = {
            (row.kind, held(row)) for row in rows if row.state is State.CONFIRMED and not row.undo_due(self._now())
        }
        ours = {(row.kind, held(row)) for row in rows if row.state in TOUCHED}
        cut = [f"the emergency call {call} was cut" for call in self.calls if call not in up]
        touched = [f"{act} of {what}" for act, what in sorted(there) if what in SPARED]
        spared = [] if self._look_at_spared() == self._spared else ["what is spared was changed"]
        missing = [f"{act} of {what} is confirmed, and not there" for act, what in sorted(stands - there)
                   if act is not Act.HANG_UP]  # fmt: skip
        unwanted = [f"{act} of {what} is there, and nobody's" for act, what in sorted(there - ours - self.theirs)]
        return [*cut, *touched, *spared, *missing, *unwanted]

    def left_over(self) -> list[str]:
        """What is not over in the end, but for what a person took in hand."""
        rows = [row for row in self.rows() if row.state not in FINAL | {State.DRIFTED} and ACTS[row.kind].undoable]
        found = [f"{row.decision.id}, {row.kind} of {row.target.id}, is {row.state}: {row.error}" for row in rows]
        drifted = {(row.kind, held(row)) for row in self.rows() if row.state is State.DRIFTED}
        there = sorted(self._there() - drifted - self.theirs)
        return [*found, *(f"{act} of {what} is still there" for act, what in there)]

    def _there(self) -> set[tuple[Act, str]]:
        """What the PBX and the firewall hold, whoever wanted it."""
        sim, settings = self.office.sim, self.office.sim.core.settings
        return {
            *((Act.RESTRICT_EXTENSION, one.number) for one in settings.extensions if one.disable_outb_call),
            *((Act.RESET_REGISTRATION, phone) for phone, was in self._passwords.items()
              if sim.extension(phone).reg_password != was),
            *((Act.LOCK_ROUTE, route.name) for route in settings.routes if route.pin_protect == "single_pin"),
            *((Act.BLOCK_NUMBER, rule.name) for rule in settings.blocked_numbers if rule.name.startswith("ringfence")),
            *((Act.DISABLE_TRUNK, trunk.name) for trunk in settings.trunks if not trunk.enable),
            *((Act.BLOCK_IP, target.removesuffix("/32")) for target in self.wall.targets),
        }  # fmt: skip

    def _look_at_spared(self) -> object:
        device = self.office.sim.extension(DEVICE)
        return device.disable_outb_call, device.reg_password, self.office.sim.route("Emergency").model_dump()

    def rows(self) -> list[ActionRow]:
        """All actions there are."""
        return [self.desk.row(name) for name in self.names]

    def _any_row(self) -> list[ActionRow]:
        return [self.desk.row(self.random.choice(self.names))] if self.names else []

    def _now(self) -> int:
        return round(self.desk.now.timestamp() * 1_000_000)


def held(row: ActionRow) -> str:
    """What an action holds, as it is called where it stands."""
    return f"ringfence-{order_of(row).key}" if row.kind is Act.BLOCK_NUMBER else row.target.id
