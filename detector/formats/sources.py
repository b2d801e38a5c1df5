"""Every source of events there is, with what it gives: the formats say so."""

from functools import cache

from detector.contract.visibility import Source
from detector.formats.format import formats


@cache
def sources() -> dict[str, Source]:
    """All sources by name, in the order of the formats that read them."""
    return {source.name: source for kind in formats().values() for source in kind.sources}
