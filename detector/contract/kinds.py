"""The sorts of attack that rules name, and what the title of an incident says of each."""

from typing import Final

from msgspec import Struct

from detector.contract.vocabulary import Stage


class AttackKind(Struct, frozen=True):
    """`name` as findings give it; `tells` is the stage past which an incident is more than this.

    `doing` and `did` say it of a subject, in the present and when it is over; where they are empty the title says what
    the stages do.
    """

    name: str
    tells: Stage
    doing: str = ""
    did: str = ""

    @property
    def calls(self) -> bool:
        """Whether it is about calls abroad of whoever does it."""
        return self.tells in {Stage.PROBE, Stage.PUMPING} and self.name != "robocalls"


KNOWN_ATTACKER: Final = AttackKind("known_attacker", Stage.RECON)
ENUMERATION: Final = AttackKind("enumeration", Stage.RECON)
ADMIN_TAKEOVER: Final = AttackKind("admin_takeover", Stage.ACCESS)
WANGIRI: Final = AttackKind(
    "wangiri", Stage.RECON, "is rung once by numbers abroad that wait for calls back",
    "was rung once by numbers abroad that waited for calls back",
)  # fmt: skip
PIN_GUESSING: Final = AttackKind("pin_guessing", Stage.CREDENTIAL, "is guessing PINs", "guessed PINs")
PREFIX_HUNT: Final = AttackKind(
    "prefix_hunt", Stage.PROBE, "is hunting for a way to dial out", "hunted for a way to dial out"
)
SLOW_PUMPING: Final = AttackKind(
    "slow_pumping", Stage.PUMPING, "is pumping calls night by night", "pumped calls night by night"
)
FORWARDING_FRAUD: Final = AttackKind("forwarding_fraud", Stage.PUMPING, "is forwarding calls", "forwarded calls")
DIAL_THROUGH: Final = AttackKind(
    "dial_through", Stage.PUMPING, "is dialling out through the PBX", "dialled out through the PBX"
)
ROBOCALLS: Final = AttackKind("robocalls", Stage.PUMPING, "is sending robocalls", "sent robocalls")

KINDS: Final = {kind.name: kind for kind in vars().copy().values() if isinstance(kind, AttackKind)}
