"""Addresses that attacked other PBXs are dropped here (C05)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class SharedBlocklistCheck(PostureCheck):
    """The global anti-hacking list is in use."""

    id = "shared_blocklist"
    control = "C05"
    title = "The global anti-hacking list is in use"
    severity = Severity.INFO
    reason = "An address that attacked other PBXs will come here, too."
    steps = ("Security > Security Rules > Blocked IPs: join the Global Anti-hacking IP Blocklist.",)

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        shared_blocklist = told(posture.declared.shared_blocklist, "shared_blocklist")
        if not shared_blocklist.known():
            return self.weak("addresses that attacked other PBXs may still knock here", shared_blocklist)
        return self.good("addresses that attacked other PBXs are dropped", shared_blocklist)
