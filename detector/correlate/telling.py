"""An incident as everybody else is told of it."""

from detector.contract.codec import from_micros
from detector.contract.findings import Incident
from detector.correlate.case import Case
from detector.correlate.money import sum_up
from detector.correlate.titles import compose_title


def tell(case: Case, pbx: str, at: int) -> Incident:
    """The incident as it is now, with the next revision."""
    case.revision += 1
    return Incident(
        id=case.id, pbx=pbx, tenant=case.tenant, at=from_micros(at), revision=case.revision,
        opened_at=from_micros(case.opened), status=case.status, stage=case.stage, kind=case.kind(),
        severity=case.severity, title=compose_title(case), subjects=tuple(case.subjects),
        detections=tuple(case.detections), merged_into=case.merged_into, loss=sum_up(case), drill=case.drill,
        reopened=case.reopened, related=tuple(case.related),
    )  # fmt: skip
