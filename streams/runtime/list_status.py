"""How a list from outside is doing, for people and metrics."""

from msgspec import Struct

from streams.store.list_copies import ListCopy


class ListStatus(Struct, frozen=True, kw_only=True):
    """Where a list comes from, how old it is (`at` in microseconds, None for never had) and what of it is used.

    `refused` counts its lines that are not, by why; `problem` is why it is not renewed, then the old one stays.
    """

    name: str
    source: str
    at: int | None = None
    entries: int = 0
    refused: dict[str, int] = {}
    problem: str | None = None

    @property
    def described(self) -> str:
        """What is used and what is not, in words."""
        why = ", ".join(f"{count:,} {why}" for why, count in self.refused.items())
        return f"{self.entries:,} used" + (f"; refused: {why}" if why else "")


def status_of(copy: ListCopy, problem: str | None = None) -> ListStatus:
    """How a list is doing of which this is the last copy."""
    return ListStatus(
        name=copy.name, source=copy.source, at=copy.at, entries=len(copy.networks), refused=copy.refused,
        problem=problem,
    )  # fmt: skip
