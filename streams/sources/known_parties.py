"""The names of channels that the configuration tells of, for whatever reads records of a PBX."""

from detector.formats.parties import TRUNK_CONTEXTS, Parties
from streams.config.installation import InstalledPbx


def known_parties(pbx: InstalledPbx) -> Parties:
    """Which names of its channels the configuration says are trunks, and which extensions."""
    members = {member for group in pbx.groups.values() for member in group.members}
    return Parties(
        trunks=frozenset(pbx.trunks), extensions=frozenset(pbx.extensions) | members,
        trunk_contexts=TRUNK_CONTEXTS | frozenset(pbx.trunk_contexts),
    )  # fmt: skip
