"""The sorts of attack that rules name, and what the title of an incident says of each."""

from typing import Final

from msgspec import Struct

from detector.contract.vocabulary import Kind, Stage


class AttackKind(Struct, frozen=True):
    """`name` as findings give it; `tells` is the stage past which an incident is more than this.

    `doing` and `did` say it of a subject, in the present and when it is over; where they are empty the title says what
    the stages do. `abroad`: it is about calls to other countries, which are then named.
    """

    name: Kind
    tells: Stage
    doing: str = ""
    did: str = ""
    abroad: bool = False


KNOWN_ATTACKER: Final = AttackKind(Kind.KNOWN_ATTACKER, Stage.RECON)
ENUMERATION: Final = AttackKind(Kind.ENUMERATION, Stage.RECON)
ADMIN_TAKEOVER: Final = AttackKind(Kind.ADMIN_TAKEOVER, Stage.ACCESS)
WANGIRI: Final = AttackKind(
    Kind.WANGIRI, Stage.RECON, "is rung once by numbers abroad that wait for calls back",
    "was rung once by numbers abroad that waited for calls back",
)  # fmt: skip
PIN_GUESSING: Final = AttackKind(Kind.PIN_GUESSING, Stage.CREDENTIAL, "is guessing PINs", "guessed PINs")
PREFIX_HUNT: Final = AttackKind(
    Kind.PREFIX_HUNT, Stage.PROBE, "is hunting for a way to dial out", "hunted for a way to dial out", abroad=True
)
SLOW_PUMPING: Final = AttackKind(
    Kind.SLOW_PUMPING, Stage.PUMPING, "is pumping calls night by night", "pumped calls night by night", abroad=True
)
FORWARDING_FRAUD: Final = AttackKind(
    Kind.FORWARDING_FRAUD, Stage.PUMPING, "is forwarding calls", "forwarded calls", abroad=True
)
DIAL_THROUGH: Final = AttackKind(
    Kind.DIAL_THROUGH, Stage.PUMPING, "is dialling out through the PBX", "dialled out through the PBX", abroad=True
)
ROBOCALLS: Final = AttackKind(Kind.ROBOCALLS, Stage.PUMPING, "is sending robocalls", "sent robocalls")

KINDS: Final = {kind.name: kind for kind in vars().copy().values() if isinstance(kind, AttackKind)}
