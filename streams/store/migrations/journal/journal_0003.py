"""Which gateway has which PBX, and when an incident was last written."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0003"
down_revision = "journal_0002"


def upgrade() -> None:
    """Make the tables of gateways and of their sessions with PBXs."""
    op.create_table(
        "gateway",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_gateway"),
    )
    op.create_table(
        "pbx_session",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("pbx", name="pk_pbx_session"),
    )
    op.create_index("ix_pbx_session_owner", "pbx_session", ["owner"])
    op.add_column("incident", sa.Column("written", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_incident_written", "incident", ["written"])
