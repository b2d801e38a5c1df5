"""From where an account registers: how much of country, network and user agent was never seen for it."""

from array import array
from hashlib import blake2b

from detector.engine.memory import Memory
from detector.enrich.addresses import Place

FIELD = "places"
KEPT = 24
"""Traits kept an account; the one seen least recently makes room."""


class Places:
    """Score before learning: the share of known traits of this registration that are new, from 0 to 1.

    A trait is the country, the network (IPv4 /24, IPv6 /48 or the autonomous system) or the user agent without its
    digits. Cold until the account was accepted at least once: then the score is None. One record an account: trait
    digests of 64 bits, least recently seen first, at most 24, so under 200 bytes.
    """

    def score(self, memory: Memory, account: str, place: Place, agent: str | None) -> float | None:
        """How new; None while nothing is known of the account."""
        record = memory.get(FIELD, account)
        if record is None:
            return None
        traits = digests(place, agent)
        return sum(trait not in record for trait in traits) / len(traits)

    def learn(self, memory: Memory, account: str, place: Place, agent: str | None) -> None:
        """From now on this place is known."""
        record = memory.get(FIELD, account)
        if record is None:
            record = array("q")
        for trait in digests(place, agent):
            if trait in record:
                record.remove(trait)
            record.append(trait)
        del record[:-KEPT]
        memory.put(FIELD, account, record)


def digests(place: Place, agent: str | None) -> list[int]:
    """The traits that are known of a registration; versions in user agents are left out, phones are updated."""
    traits = [f"network {place.network}"]
    if place.country or place.private:
        traits.append(f"country {place.country}")
    if agent:
        traits.append("agent " + "".join(c for c in agent if not c.isdigit())[:64])
    return [int.from_bytes(blake2b(t.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
            for t in traits]  # fmt: skip
