"""From where an account registers: how much of country, network and user agent was never seen for it."""

from array import array
from functools import lru_cache
from hashlib import blake2b

from detector.enrich.addresses import Place
from detector.memory.fields import Memory, Record

FIELD = "places"
KEPT = 16
"""Traits kept an account; the one seen least recently makes room."""


class Places:
    """Score before learning: the share of known traits of this registration that are new, from 0 to 1.

    A trait is the country, the network (IPv4 /24, IPv6 /48 or the autonomous system) or the user agent without its
    digits. Cold until the account was accepted at least once: then the score is None. One record an account: trait
    digests of 64 bits, least recently seen first, at most 16, so 192 bytes.
    """

    def score(self, memory: Memory, account: str, place: Place, agent: str | None) -> float | None:
        """How new; None while nothing is known of the account."""
        record = memory.get(FIELD, account)
        if record is None:
            return None
        traits = digests(place.network, place.country, place.private, agent)
        return sum(trait not in record for trait in traits) / len(traits)

    def learn(self, memory: Memory, account: str, place: Place, agent: str | None) -> None:
        """From now on this place is known."""
        record = memory.get(FIELD, account)
        if record is None:
            record = array("q")
        traits = digests(place.network, place.country, place.private, agent)
        if record[-len(traits) :] == traits:
            memory.touch(FIELD, account)
            return
        for trait in traits:
            if trait in record:
                record.remove(trait)
            record.append(trait)
        del record[:-KEPT]
        memory.put(FIELD, account, record)


@lru_cache(maxsize=1_024)
def digests(network: str, country: str | None, private: bool, agent: str | None) -> Record:
    """The traits that are known of a registration; versions in user agents are left out, phones are updated."""
    traits = [f"network {network}"]
    if country or private:
        traits.append(f"country {country}")
    if agent:
        traits.append(f"agent {unversioned(agent)}")
    return array("q", map(digest, traits))


def unversioned(agent: str) -> str:
    """A user agent without its digits, at most 64 characters."""
    return "".join(char for char in agent if not char.isdigit())[:64]


def digest(trait: str) -> int:
    """64 bits that stand for a trait."""
    hashed = blake2b(trait.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hashed, "big", signed=True)
