"""Tables of what the guard must remember: what people allow, and where names of carriers were once found."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from streams.store.columns import Counted
from streams.store.tables_journal import JournalBase


class AllowTable(JournalBase):
    """What a person put on the allow-list: of one PBX, or of all where `pbx` is None; `ended_by` took it off again."""

    __tablename__ = "allow_entry"
    __table_args__ = (Index(None, "until"),)
    id: Mapped[Counted]
    pbx: Mapped[str | None]
    value: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[int]
    until: Mapped[int]
    ended_by: Mapped[str | None]
    ended_at: Mapped[int | None]


class KnownAddressTable(JournalBase):
    """An address that a host name stood for when it was looked up last."""

    __tablename__ = "known_address"
    name: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[int]
