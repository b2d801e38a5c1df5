"""A sound PBX to judge, and hands to make it weak or unknown."""

from typing import Any

from msgspec.structs import replace

from detector.audit.declared import Declared
from detector.audit.posture import BlockedPosture, ExtensionPosture, Fact, Posture, RoutePosture, TrunkPosture
from detector.audit.posture_check import Judgement, checks
from streams.sim.weaknesses import portal

UNSEEN: Fact[Any] = Fact(None, "the API application may not read it")
SOUND = ExtensionPosture(
    number="1000", role="Employee", concurrent_registrations=1, remote=False, user_agents_limited=False,
    addresses_limited=False, outbound_disabled=False, max_call_seconds=-1, password_flaws=(),
)  # fmt: skip
REMOTE = replace(SOUND, number="1003", remote=True, user_agents_limited=True, addresses_limited=True)
ADMINISTRATOR = replace(SOUND, number="1000", role="Super Administrator")
NATIONAL = RoutePosture(name="National", patterns=("9NXX.",), members=("1000", "1003", "1004", "1005"))
ABROAD = RoutePosture(name="International", patterns=("9011.",), members=("1000",), pin="pin_list", abroad=True)
STAFF = (ADMINISTRATOR, REMOTE, replace(SOUND, number="1004"), replace(SOUND, number="1005"))


def read(value: Any) -> Fact[Any]:
    return Fact(value, "API")


def posture(said: dict[str, Any] | None = None, **facts: Any) -> Posture:
    """A sound PBX, but for `facts` and what the portal says; None there is not said."""
    declared = {key: one for key, one in (portal(frozenset(), "37.23.0.123") | (said or {})).items() if one is not None}
    base = {
        "firmware": "37.23.0.123", "web_port": 15443, "extensions": STAFF, "passwords": True,
        "routes": (NATIONAL, ABROAD), "trunks": (TrunkPosture(name="carrier-a"),),
        "blocked": (BlockedPosture(name="Premium", direction="outbound", numbers=("91900.",)),),
        "premium_blocked": True, "backup_age": 2.0,
    }  # fmt: skip
    made = {name: one if isinstance(one, Fact) else read(one) for name, one in (base | facts).items()}
    return Posture(pbx="hq", declared=Declared.model_validate(declared), **made)


def with_extension(**changes: Any) -> tuple[ExtensionPosture, ...]:
    """The staff, the last of them changed."""
    return (*STAFF[:-1], replace(STAFF[-1], **changes))


def with_route(**changes: Any) -> tuple[RoutePosture, ...]:
    """The routes, that abroad changed."""
    return NATIONAL, replace(ABROAD, **changes)


def judge(check: str, of: Posture) -> Judgement:
    return checks()[check]().judge(of)


def verdict(check: str, of: Posture) -> str:
    """`good`, `unknown` or the severity of the weakness."""
    made = judge(check, of)
    return str(made.severity) if made.verdict == "weak" else str(made.verdict)
