"""The table of records that wait on disk for Kafka."""

from sqlalchemy import Index
from sqlalchemy.orm import DeclarativeBase, Mapped

from streams.store.columns import TYPES, Counted, metadata


class SpoolBase(DeclarativeBase):
    """Everything `migrate(engine, "spool")` makes."""

    metadata = metadata()
    type_annotation_map = TYPES


class SpoolTable(SpoolBase):
    """One record of a lane, in the order of `seq`; `partitions` is how many the topic had that the lane leads to."""

    __tablename__ = "spool"
    seq: Mapped[Counted]
    lane: Mapped[str]
    partitions: Mapped[int]
    key: Mapped[bytes]
    value: Mapped[bytes]
    sealed: Mapped[bool]
    __table_args__ = (Index(None, "lane", "seq"),)
