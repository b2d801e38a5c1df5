"""How far sources that are followed have been taken in."""

import sqlalchemy as sa
from alembic import op

revision = "stream_0003"
down_revision = "stream_0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "place",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_place"),
    )
