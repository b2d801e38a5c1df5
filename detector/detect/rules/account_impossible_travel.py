"""One account is let in from two countries within a time in which nobody travels between them (C14, C21)."""

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, accepted, by_app, who
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.facts import Facts
from detector.enrich.habits import in_use, unpack_country
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds


@register
class AccountImpossibleTravel(Detector[Registration | Login]):
    """Fires when an account is accepted in a second country within `window`: information, for people do travel.

    A warning when it is accepted in both in turn, now abroad and not by the PBX's own app: then two are active. Each is
    said once in `pause`. It is one more view of a new place, so beside that it adds no certainty.

    Quiet when: the account was accepted from that address on an earlier day; the country is not known; a trunk.
    Runbook: ask the owner where they are; if not there, change the password and end the other session.
    """

    id = "account.impossible_travel"
    control = "C14"
    also = ("C21",)
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.ACCESS
    basis = Basis.DERIVED
    attack = ("T1078",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.ACCEPTED,)
    needs = ("source_ip", "account|extension")

    class Limits(Params):
        """`window` seconds between the two countries; `pause` seconds before it is said again."""

        window: Seconds = 14_400
        pause: Seconds = 86_400

    limits: Limits
    said = Once("said")

    def prepare(self) -> None:  # noqa: D102
        self.window = micros(self.limits.window)

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if place is None or place.country is None or facts.known_place or not accepted(event):
            return None
        account = who(event, facts)
        if not account:
            return None
        seen: dict[str, int] = {}
        for from_, at in in_use.seen(memory, account).items():
            if (country := unpack_country(from_)) and abs(facts.at - at) < self.window:
                seen[country] = max(at, seen.get(country, at))
        here = seen.pop(place.country, facts.at)
        if not seen:
            return None
        other, last = max(seen.items(), key=lambda pair: pair[::-1])
        both = here < last < facts.at
        odd = both and not by_app(event) and place.country != facts.profile.region
        severity = self.severity if odd else Severity.INFO
        if not self.said.passed(memory, f"{account}\x1f{severity}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            account, f"Account {account} was let in from {country_name(place.country)} and {country_name(other)}",
            severity=severity, country=place.country, other=other, window=self.limits.window, both_active=both,
        )  # fmt: skip
