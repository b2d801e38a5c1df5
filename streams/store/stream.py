"""The embedded runtime's log, the outbox of findings and the dead letters."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from sqlalchemy import Engine, bindparam, delete, func, insert, select, update

from streams.store.database import insert_into, reading, writing
from streams.store.store_errors import Fenced
from streams.store.tables_stream import CounterTable, DeadLetterTable, LogTable, OutboxTable, PlaceTable

DEAD_LETTERS_KEPT = 100_000
REASON = 512
EXCERPT = 1_024
NOWHERE: Mapping[str, bytes] = MappingProxyType({})


class Letter(Struct, frozen=True, kw_only=True):
    """A record nobody could use, received at `received_at` (microseconds) by the connector `source`."""

    received_at: int
    source: str
    reason: str
    pbx: str | None = None
    field: str = ""
    excerpt: str = ""


class Waiting(Struct, frozen=True):
    """A finding on its way to the journal; `body` is its JSON."""

    seq: int
    finding_id: str
    revision: int
    type: str
    pbx: str
    body: bytes


class Counts(Struct, frozen=True, kw_only=True):
    """How much is in the stream's database; `dead_letters` counts those already cut, too."""

    logged: int
    undelivered: int
    dead_letters: int


class StreamStore:
    """The log has one writer: whoever appends after somebody else has appended is `Fenced`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._append = insert(LogTable)
        self._publish = insert_into(engine, OutboxTable).on_conflict_do_nothing()
        place = insert_into(engine, PlaceTable)
        self._place = place.on_conflict_do_update(index_elements=["name"], set_={"value": place.excluded.value})
        self._advance = (
            update(CounterTable)
            .where(CounterTable.name == "log", CounterTable.value == bindparam("known"))
            .values(value=bindparam("last"))
        )
        self._last = self._counted("log")

    def next_offset(self) -> int:
        """The offset of the next event to be appended; 1 in a new log."""
        return self._last + 1

    def append_and_publish(
        self,
        events: Sequence[tuple[str, bytes]],
        findings: Sequence[tuple[str, int, str, str, bytes]] = (),
        places: Mapping[str, bytes] = NOWHERE,
    ) -> int:
        """Make events `(pbx, JSON)` and findings `(id, revision, type, pbx, JSON)` durable together.

        With them `places`: how far the sources of these events, by their names, have been taken in. Returns the first
        event's offset; the others follow. A finding that waits already is ignored.
        Raises `Fenced` when another writer has appended, `UnavailableError` when nothing was written.
        """
        first = self._last + 1
        last = self._last + len(events)
        with writing(self._engine) as connection:
            if events:
                moved = connection.execute(self._advance, {"known": self._last, "last": last})
                if moved.rowcount != 1:
                    raise Fenced("another process writes this log")
                connection.execute(
                    self._append,
                    [
                        {"offset": offset, "pbx": pbx, "payload": payload}
                        for offset, (pbx, payload) in enumerate(events, first)
                    ],
                )
            if findings:
                connection.execute(
                    self._publish,
                    [
                        {"finding_id": id_, "revision": revision, "type": type_, "pbx": pbx, "body": body}
                        for id_, revision, type_, pbx, body in findings
                    ],
                )
            if places:
                connection.execute(self._place, [{"name": name, "value": value} for name, value in places.items()])
        self._last = last
        return first

    def place(self, name: str) -> bytes | None:
        """How far the source of this name has been taken in, as it was put last."""
        with reading(self._engine) as connection:
            return connection.execute(select(PlaceTable.value).where(PlaceTable.name == name)).scalar_one_or_none()

    def read(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` events behind offset `after`, oldest first, as `(offset, JSON)`."""
        query = (
            select(LogTable.offset, LogTable.payload)
            .where(LogTable.offset > after)
            .order_by(LogTable.offset)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [(offset, payload) for offset, payload in connection.execute(query)]

    def cut(self, upto: int) -> None:
        """Remove events up to and including offset `upto`; their offsets are never given out again."""
        with writing(self._engine) as connection:
            connection.execute(delete(LogTable).where(LogTable.offset <= upto))

    def undelivered(self, limit: int) -> list[Waiting]:
        """Up to `limit` findings in the order they were published."""
        query = select(
            OutboxTable.seq,
            OutboxTable.finding_id,
            OutboxTable.revision,
            OutboxTable.type,
            OutboxTable.pbx,
            OutboxTable.body,
        ).order_by(OutboxTable.seq)
        with reading(self._engine) as connection:
            return [Waiting(*row) for row in connection.execute(query.limit(limit))]

    def delivered(self, seqs: Sequence[int]) -> None:
        """Forget findings that the journal has."""
        if seqs:
            with writing(self._engine) as connection:
                connection.execute(delete(OutboxTable).where(OutboxTable.seq.in_(seqs)))

    def dead_letter(self, *letters: Letter) -> None:
        """Keep unusable records; beyond 100,000 the oldest go, and stay counted."""
        if not letters:
            return
        with writing(self._engine) as connection:
            total = connection.execute(
                update(CounterTable)
                .where(CounterTable.name == "dead_letter")
                .values(value=CounterTable.value + len(letters))
                .returning(CounterTable.value)
            ).scalar_one()
            rows = list(enumerate(letters, total - len(letters) + 1))[-DEAD_LETTERS_KEPT:]
            connection.execute(insert(DeadLetterTable), [_buried(number, letter) for number, letter in rows])
            connection.execute(delete(DeadLetterTable).where(DeadLetterTable.id <= total - DEAD_LETTERS_KEPT))

    def dead_letters(self, limit: int) -> list[Letter]:
        """The newest unusable records, newest first."""
        query = select(DeadLetterTable.received_at, DeadLetterTable.source, DeadLetterTable.reason, DeadLetterTable.pbx,
                       DeadLetterTable.field, DeadLetterTable.excerpt).order_by(DeadLetterTable.id.desc())  # fmt: skip
        with reading(self._engine) as connection:
            return [
                Letter(received_at=at, source=source, reason=reason, pbx=pbx, field=field, excerpt=excerpt)
                for at, source, reason, pbx, field, excerpt in connection.execute(query.limit(limit))
            ]

    def counts(self) -> Counts:
        """What is stored now."""
        with reading(self._engine) as connection:
            oldest = connection.execute(select(func.min(LogTable.offset))).scalar_one()
            last = connection.execute(select(CounterTable.value).where(CounterTable.name == "log")).scalar_one()
            waiting = connection.execute(select(func.count()).select_from(OutboxTable)).scalar_one()
        return Counts(
            logged=0 if oldest is None else last - oldest + 1,
            undelivered=waiting,
            dead_letters=self._counted("dead_letter"),
        )

    def _counted(self, name: str) -> int:
        with reading(self._engine) as connection:
            return connection.execute(select(CounterTable.value).where(CounterTable.name == name)).scalar_one()


def _buried(number: int, letter: Letter) -> dict[str, object]:
    return {
        "id": number,
        "received_at": letter.received_at,
        "source": letter.source[:REASON],
        "pbx": letter.pbx and letter.pbx[:EXCERPT],
        "reason": letter.reason[:REASON],
        "field": letter.field[:REASON],
        "excerpt": letter.excerpt[:EXCERPT],
    }
