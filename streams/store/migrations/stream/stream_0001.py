"""Log, outbox, dead letters and checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "stream_0001"
down_revision = None
ROWID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "log",
        sa.Column("offset", ROWID, autoincrement=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("offset", name="pk_log"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", ROWID, autoincrement=True),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("finding_id", "revision", name="uq_outbox_finding_id_revision"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", ROWID, autoincrement=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    counter = sa.table("counter", sa.column("name", sa.Text()), sa.column("value", sa.BigInteger()))
    op.bulk_insert(counter, [{"name": "log", "value": 0}, {"name": "dead_letter", "value": 0}])
    op.create_table(
        "partition",
        sa.Column("partition", ROWID, autoincrement=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partition", name="pk_partition"),
    )
    op.create_table(
        "page",
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partition", "key", name="pk_page"),
        sqlite_with_rowid=False,
    )
