"""Block lists as they were in force."""

import sqlalchemy as sa
from alembic import op

revision = "stream_0002"
down_revision = "stream_0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "block_list",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("networks", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("modified", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_block_list"),
    )
