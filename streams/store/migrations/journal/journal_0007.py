"""Which firewall fetched which list of addresses, and which actions wait for somebody outside."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0007"
down_revision = "journal_0006"


def upgrade() -> None:
    """Make the table of fetches, and give actions what they wait for."""
    op.create_table(
        "feed_fetch",
        sa.Column("firewall", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("listed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("firewall", name="pk_feed_fetch"),
    )
    op.add_column("action", sa.Column("begun_at", sa.BigInteger(), nullable=True))
    op.add_column("action", sa.Column("waits", sa.Boolean(), nullable=False, server_default=sa.false()))
