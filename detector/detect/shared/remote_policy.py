"""Who may come in from outside: the guide's policy for remote registration and login, the same for both."""

from collections.abc import Callable
from functools import partial

from detector.detect.shared.attempts import Attempt, accepted, who
from detector.enrich.facts import Facts
from detector.enrich.networks import Networks
from detector.settings import values
from detector.settings.params import Params, Seconds


class RemotePolicy(Params):
    """`allowed` accounts alone (none: all), never `restricted` ones, and only from `addresses` (none: from anywhere).

    `pause` seconds before the same account from the same address is said again.
    """

    allowed: tuple[values.Short, ...] = ()
    restricted: tuple[values.Short, ...] = ()
    addresses: values.Networks = ()
    pause: Seconds = 3_600


Judge = Callable[[Attempt, Facts], str | None]


def judge(policy: RemotePolicy) -> Judge | None:
    """What says how an attempt that was let in breaks the policy; None for one that allows everything."""
    if not (policy.allowed or policy.restricted or policy.addresses):
        return None
    return partial(
        breach, frozenset(policy.allowed), frozenset(policy.restricted), Networks(policy.addresses)
    )  # fmt: skip


def breach(allowed: frozenset[str], restricted: frozenset[str], addresses: Networks,
           event: Attempt, facts: Facts) -> str | None:  # fmt: skip
    """Why this account may not come in from there, if it came in from outside."""
    place = facts.place
    if place is None or place.private or not accepted(event):
        return None
    names = {who(event, facts), facts.extension} - {""}
    if names & restricted:
        return "may not come in from outside"
    if allowed and not names & allowed:
        return "is none of those that may come in from outside"
    if addresses and place.address not in addresses:
        return "may come in from outside, but not from there"
    return None
