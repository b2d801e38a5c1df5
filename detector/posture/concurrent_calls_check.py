"""How many calls a trunk carries at once (C28)."""

from detector.audit.posture import Posture, UnknownError, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class ConcurrentCallsCheck(PostureCheck):
    """Each trunk has a limit of calls."""

    id = "concurrent_calls"
    control = "C28"
    title = "Each trunk has a limit of calls"
    severity = Severity.WARNING
    reason = "The limit of a trunk is the limit of what a night can cost."
    steps = (
        "Extension and Trunk > Trunk > (trunk) > Advanced: set Maximum Concurrent Calls to what is needed.",
        "Ask the carrier for a limit, too, in calls and in money.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        limits = told(posture.declared.trunk_calls, "trunk_calls")
        trunks = [trunk.name for trunk in posture.trunks.known() if trunk.enabled]
        unlimited = [name for name in trunks if limits.known().get(name) == 0]
        if unlimited:
            return self.weak("trunks carry any number of calls", posture.trunks, limits, evidence=unlimited)
        unsaid = [name for name in trunks if name not in limits.known()]
        if unsaid:
            raise UnknownError(f"the settings file does not say it of {', '.join(unsaid[:5])}: trunk_calls")
        evidence = [f"{name}: {limits.known()[name]}" for name in trunks]
        return self.good("every trunk has a limit", posture.trunks, limits, evidence=evidence)
