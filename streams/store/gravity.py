"""How grave an incident is, as one number by which the database can sort."""

from detector.contract.findings import Incident
from detector.contract.vocabulary import SEVERITIES, STAGES, Severity, Stage

COST_BITS = 40
STAGE_BITS = 4
HIGHEST_COST = (1 << COST_BITS) - 1
MINUTES = 60


def weigh(incident: Incident) -> int:
    """Severity before stage before money: what it has cost, and what another hour would. A drill weighs nothing."""
    if incident.drill:
        return 0
    cost = incident.loss.spent + MINUTES * incident.loss.per_minute
    return floor_of(incident.severity, incident.stage) + min(max(cost, 0), HIGHEST_COST)


def floor_of(severity: Severity, stage: Stage) -> int:
    """What an incident of this severity and stage weighs at least."""
    return (SEVERITIES.index(severity) << STAGE_BITS | STAGES.index(stage)) << COST_BITS
