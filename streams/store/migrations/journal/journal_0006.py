"""What keeps us from acting, orders given outside the console, whom an action hits, and what closed incidents were."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0006"
down_revision = "journal_0005"
ROWID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of brakes, orders and verdicts, and the column that says whom an action hits."""
    op.create_table(
        "brake",
        sa.Column("id", ROWID, nullable=False, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_brake"),
    )
    op.create_index("ix_brake_ended_at", "brake", ["ended_at"])
    op.create_table(
        "order_slip",
        sa.Column("id", ROWID, nullable=False, autoincrement=True),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_order_slip"),
    )
    op.create_index("ix_order_slip_taken_by", "order_slip", ["taken_by"])
    op.create_table(
        "verdict",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name="pk_verdict"),
    )
    op.create_table(
        "verdict_rule",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["verdict.incident_id"], name="fk_verdict_rule_incident_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("incident_id", "rule", name="pk_verdict_rule"),
    )
    op.add_column("action", sa.Column("blast", sa.LargeBinary(), nullable=True))
