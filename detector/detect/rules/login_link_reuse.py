"""A login link or QR code that is good for once is presented again: somebody else has it (C18)."""

from detector.contract.events import Login
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.enrich.facts import Facts
from detector.memory.fields import Distinct, Memory, Window, digest
from detector.settings.params import Params, Seconds

KEPT = 4


@register
class LoginLinkReuse(Detector[Login]):
    """Fires when a one-time code or link is presented a second time within `memory`, and each time after.

    Critical when it is accepted then; a warning when it is refused at another place than before.

    Quiet when: it is presented once. Refused at the same place it is information: somebody clicked twice.
    Runbook: if it was accepted, end the sessions of the account and make new credentials; ask how the link was sent.
    """

    id = "login.link_reuse"
    control = "C18"
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.ACCESS
    attack = ("T1550",)
    reads = (Login,)
    needs = ("credential",)

    class Limits(Params):
        """`memory` seconds for which a code or link is remembered."""

        memory: Seconds = 30 * 86_400

    limits: Limits
    presented = Window("presented", learns=True)
    places = Distinct("places", learns=True)

    def inspect(self, event: Login, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.credential is None:
            return None
        link, length, place = event.credential, micros(self.limits.memory), facts.place
        places = 1
        if place is not None:
            places = self.places.add(memory, link, digest(place.key), facts.at, length, cap=KEPT)
        if self.presented.add(memory, link, facts.at, length, cap=2) < 2:
            return None
        refused = Severity.INFO if places < 2 else self.severity
        account, where = event.account or link[:64], f" from {place.address}" if place is not None else ""
        accepted = event.outcome == AccessOutcome.ACCEPTED
        return self.hit(
            account, f"A login link of {account} was {'accepted' if accepted else 'presented'} once more{where}",
            severity=Severity.CRITICAL if accepted else refused, places=places, method=event.method,
        )  # fmt: skip
