"""What PBXs saw attack, and which of it was told to the whole fleet."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0004"
down_revision = "journal_0003"


def upgrade() -> None:
    """Make the tables of sightings and of the fleet list."""
    op.create_table(
        "sighting",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "pbx", name="pk_sighting"),
    )
    op.create_index("ix_sighting_last_at", "sighting", ["last_at"])
    op.create_table(
        "fleet_entry",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pbxs", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_fleet_entry"),
    )
    op.create_index("ix_fleet_entry_announced", "fleet_entry", ["announced"])
    op.create_index("ix_fleet_entry_until", "fleet_entry", ["until"])
