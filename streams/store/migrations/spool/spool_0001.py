"""Records that wait for Kafka."""

import sqlalchemy as sa
from alembic import op

revision = "spool_0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "spool",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("partitions", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_spool"),
    )
    op.create_index("ix_spool_lane_seq", "spool", ["lane", "seq"])
