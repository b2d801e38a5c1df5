"""How grave an incident is, so that the gravest are found without reading all."""

import json

import sqlalchemy as sa
from alembic import op

revision = "journal_0008"
down_revision = "journal_0007"
SEVERITIES = ("info", "warning", "critical")
STAGES = ("recon", "credential", "access", "probe", "pumping")
LIVE = ("open", "contained")
HIGHEST_COST = (1 << 40) - 1


def upgrade() -> None:
    """Add the column, and weigh the incidents that are live."""
    op.add_column("incident", sa.Column("gravity", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_incident_status_gravity", "incident", ["status", "gravity"])
    incident = sa.table("incident", sa.column("id"), sa.column("status"), sa.column("body"), sa.column("gravity"))
    connection = op.get_bind()
    live = sa.select(incident.c.id, incident.c.body).where(incident.c.status.in_(LIVE))
    for row in connection.execute(live).all():
        weight = _weigh(json.loads(row.body))
        connection.execute(incident.update().where(incident.c.id == row.id).values(gravity=weight))


def _weigh(body: dict[str, object]) -> int:
    loss = body["loss"]
    assert isinstance(loss, dict)
    if body["drill"]:
        return 0
    cost = min(max(loss["spent"] + 60 * loss["per_minute"], 0), HIGHEST_COST)
    return int((SEVERITIES.index(str(body["severity"])) << 4 | STAGES.index(str(body["stage"]))) << 40) + int(cost)
