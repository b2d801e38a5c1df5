"""Who holds a role that can change everything (C20)."""

from detector.audit.posture import Posture, UnknownError, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

MIGHTY = {"super administrator", "administrator"}
MODEST = {"supervisor", "operator", "employee", "human resource", "accounting", "hotel manager"}


@register
class AdministratorsCheck(PostureCheck):
    """Only administrators have an administrator's role."""

    id = "administrators"
    control = "C20"
    title = "Only administrators have an administrator's role"
    severity = Severity.CRITICAL
    reason = "Every account that can change everything is one whose password is worth guessing."
    steps = (
        "Extension and Trunk > Role: make a role with only what is needed.",
        "Extension and Trunk > Extension > (extension) > User: give that role to everybody who need not administrate.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        wanted = told(posture.declared.administrators, "administrators")
        extensions = posture.extensions.known()
        holders = [e for e in extensions if (e.role or "").casefold() in MIGHTY]
        evidence = [f"{e.number}: {e.role}" for e in holders]
        if holders:
            others = [e for e in holders if e.number not in wanted.known()]
            if others:
                evidence = [f"{e.number}: {e.role}" for e in others]
                return self.weak(
                    f"{len(others)} have an administrator's role unasked", posture.extensions, wanted, evidence=evidence
                )
        unseen = [e.number for e in extensions if e.role is None or e.role.casefold() not in MIGHTY | MODEST]
        if unseen:
            raise UnknownError(f"what the roles of {', '.join(unseen[:5])} permit is not shown by the API")
        return self.good(f"{len(holders)} administrators, all of them wanted", posture.extensions, evidence=evidence)
