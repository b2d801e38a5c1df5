"""Findings, actions, notifications, console users."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0001"
down_revision = None
ROWID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the first tables."""
    _account()
    _decision()
    _detection()
    _incident()
    _login_failure()
    _action()
    _console_session()
    _incident_detection()
    _notification()
    _action_history()


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_incident_id", "decision", ["incident_id"])


def _detection() -> None:
    op.create_table(
        "detection",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_detection"),
    )
    op.create_index("ix_detection_at", "detection", ["at"])


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_opened_at", "incident", ["opened_at"])
    op.create_index("ix_incident_status_at", "incident", ["status", "at"])


def _login_failure() -> None:
    op.create_table(
        "login_failure",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_login_failure"),
    )
    op.create_index("ix_login_failure_failures_last_at", "login_failure", ["failures", "last_at"])


def _action() -> None:
    op.create_table(
        "action",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("undo_by", sa.Text(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_action"),
        sa.UniqueConstraint("decision_id", name="uq_action_decision_id"),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_action_decision_id", ondelete="CASCADE"),
    )
    op.create_index("ix_action_incident_id", "action", ["incident_id"])
    op.create_index("ix_action_state_next_try_at", "action", ["state", "next_try_at"])


def _console_session() -> None:
    op.create_table(
        "console_session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_console_session"),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_console_session_account", ondelete="CASCADE"),
    )
    op.create_index("ix_console_session_account", "console_session", ["account"])
    op.create_index("ix_console_session_expires", "console_session", ["expires"])


def _incident_detection() -> None:
    op.create_table(
        "incident_detection",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("detection_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "detection_id", name="pk_incident_detection"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_detection_incident_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_incident_detection_detection_id", "incident_detection", ["detection_id"])


def _notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_notification_incident_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_notification_incident_id", "notification", ["incident_id"])
    op.create_index("ix_notification_state_next_try_at", "notification", ["state", "next_try_at"])


def _action_history() -> None:
    op.create_table(
        "action_history",
        sa.Column("seq", ROWID, nullable=False, autoincrement=True),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_action_history"),
        sa.UniqueConstraint("action_id", "n", name="uq_action_history_action_id_n"),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name="fk_action_history_action_id", ondelete="CASCADE"),
    )
    op.create_index("ix_action_history_announced_seq", "action_history", ["announced", "seq"])
