"""Findings as they come from Kafka, on their way into the journal."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from detector.contract.codec import Rejected, reject
from detector.contract.findings import AnyFinding
from streams.kafka.read.inbox import Value
from streams.kafka.seal import Seals
from streams.store.journal.journal import Journal

ONE = msgspec.json.Decoder(AnyFinding)
MANY = msgspec.json.Decoder(list[AnyFinding])


class FoundKeeper:
    """Keeps findings in the journal, where each counts once, and says so to `kept`.

    Only what is under our seal is believed: what is done to telephones follows from it.
    """

    def __init__(self, journal: Journal, seals: Seals, kept: Callable[[], None], topic: str) -> None:
        self._journal = journal
        self._seals = seals
        self._kept = kept
        self._topic = topic
        self.findings = 0

    async def keep(self, values: Sequence[Value]) -> Sequence[Rejected]:
        """Record an object or an array a value; what is unreadable comes back. Raises `UnavailableError`."""
        rejected: list[Rejected] = []
        readable: list[AnyFinding] = []
        for value, headers in values:
            if not self._seals.sealed(value, headers, self._topic):
                rejected.append(reject("not under our seal", value))
                continue
            try:
                readable += MANY.decode(value) if value[:1] == b"[" else [ONE.decode(value)]
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                rejected.append(reject(str(error), value))
        rejected += await asyncio.to_thread(lambda: list(self._recorded(readable)))
        self.findings += len(readable)
        if readable:
            self._kept()
        return rejected

    def _recorded(self, findings: Sequence[AnyFinding]) -> Iterator[Rejected]:
        """All in one transaction; where the database refuses that, each in its own, so that one stops no other."""
        try:
            self._journal.findings.record(findings)
        except SQLAlchemyError as error:
            if len(findings) == 1:
                yield reject(f"the database refuses it: {type(error).__name__}", msgspec.json.encode(findings[0]))
                return
            for finding in findings:
                yield from self._recorded([finding])
