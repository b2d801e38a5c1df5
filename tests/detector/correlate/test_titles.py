"""An incident in one sentence: one or many, going on or over, with what is known of it."""

from typing import Any

import pytest

from detector.contract.findings import Subject
from detector.contract.vocabulary import Kind, Severity, Stage, Status, SubjectKind
from detector.correlate.case import Case, DoneBy
from detector.correlate.titles import compose_title

ONE = [Subject(SubjectKind.EXTENSION, "1007")]
TWO = [*ONE, Subject(SubjectKind.EXTENSION, "1009")]
FIVE = [Subject(SubjectKind.EXTENSION, str(number)) for number in range(1001, 1006)]
THIEF = [Subject(SubjectKind.SOURCE_IP, "203.0.113.77")]
NETWORK = [Subject(SubjectKind.SOURCE_IP, "203.0.113.0/24")]
GUESSER = [Subject(SubjectKind.SOURCE_IP, "198.51.100.9")]
ACCOUNTS = [Subject(SubjectKind.ACCOUNT, "1007"), Subject(SubjectKind.ACCOUNT, "1009")]
PBX = [Subject(SubjectKind.PBX, "hq")]
TRUNK = [Subject(SubjectKind.TRUNK, "carrier-a")]
PUMPED = [Stage.CREDENTIAL, Stage.PUMPING]


def case(severity: Severity = Severity.CRITICAL, **more: Any) -> Case:
    return Case(id="a", opened=0, updated=0, tenant="", currency="USD", severity=severity, **more)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (case(Severity.INFO, subjects=[*ONE, *THIEF]), "Extension 1007 came in from 203.0.113.77, a new place"),
        (case(Severity.INFO, subjects=THIEF), "Address 203.0.113.77 came in from 203.0.113.77, a new place"),
        (case(stages=[Stage.CREDENTIAL], subjects=[*NETWORK, *THIEF]), "Password guessing from 203.0.113.77"),
        (case(stages=[Stage.CREDENTIAL], subjects=NETWORK), "Password guessing from 203.0.113.0/24"),
        (case(kinds=[Kind.KNOWN_ATTACKER], rules=["source.listed"], subjects=THIEF),
         "An attacker named by a block list came from 203.0.113.77"),
        (case(kinds=[Kind.KNOWN_ATTACKER], rules=["source.listed", "fleet.known_source"], subjects=THIEF),
         "An attacker known from other PBXs came from 203.0.113.77"),
        (case(kinds=[Kind.KNOWN_ATTACKER], rules=["source.listed", "fleet.known_destination"], subjects=THIEF),
         "An attacker named by a block list came from 203.0.113.77"),
        (case(kinds=[Kind.KNOWN_ATTACKER], rules=["a rule of another version"], subjects=THIEF),
         "An attacker named by a block list came from 203.0.113.77"),
        (case(stages=PUMPED, subjects=[*ONE, *THIEF], countries=["SO"], per_minute=90),
         "Extension 1007 was taken over from 203.0.113.77 and is pumping calls to Somalia: 0.90 USD a minute"),
        (case(stages=PUMPED, subjects=TWO, countries=["SO"], status=Status.CLOSED),
         "Extensions 1007, 1009 were taken over and pumped calls to Somalia"),
        (case(stages=[Stage.PROBE], subjects=FIVE), "Extensions 1001, 1002, 1003 and 2 more are calling out"),
        (case(stages=[Stage.PROBE], subjects=ONE, entered=ONE),
         "Extension 1007 came in, a new place, and is calling out"),
        (case(stages=[Stage.PUMPING], subjects=[*TWO, *THIEF], entered=ONE, inside=THIEF, countries=["SO"]),
         "Extensions 1007, 1009 are pumping calls to Somalia; 1007 came in from 203.0.113.77, a new place"),
        (case(stages=PUMPED, subjects=[*ONE, *THIEF, *GUESSER], entered=ONE, inside=THIEF),
         "Extension 1007 was taken over from 203.0.113.77 and is pumping calls"),
        (case(stages=PUMPED, subjects=[*TWO, *THIEF, *GUESSER], entered=ONE),
         "Extensions 1007, 1009 are pumping calls; 1007 was taken over"),
        (case(kinds=[Kind.FORWARDING_FRAUD], subjects=[*FIVE, *THIEF], countries=["SO", "LV"],
              deeds={Kind.FORWARDING_FRAUD: DoneBy(extensions=["1002"], countries=["LV"])}),
         "Extension 1002 is forwarding calls to Latvia"),
        (case(kinds=[Kind.FORWARDING_FRAUD], stages=[Stage.PROBE], subjects=FIVE[:2],
              deeds={Kind.FORWARDING_FRAUD: DoneBy(extensions=["1007"])}),
         "Extensions 1001, 1002 are calling out"),
        (case(kinds=[Kind.WANGIRI], subjects=[*PBX, *ONE], deeds={Kind.WANGIRI: DoneBy()}),
         "PBX hq is rung once by numbers abroad that wait for calls back"),
        (case(stages=[Stage.CREDENTIAL], subjects=[*ACCOUNTS, *THIEF]),
         "Password guessing at accounts 1007, 1009 from 203.0.113.77"),
        (case(kinds=[Kind.ROBOCALLS], stages=[Stage.PUMPING], subjects=TWO, countries=["SO"]),
         "Extensions 1007, 1009 are sending robocalls"),
        (case(kinds=[Kind.FORWARDING_FRAUD], subjects=ONE, countries=["SO"], status=Status.CONTAINED),
         "Extension 1007 forwarded calls to Somalia"),
        (case(kinds=[Kind.DIAL_THROUGH], subjects=TRUNK),
         "Somebody over trunk carrier-a is dialling out through the PBX"),
        (case(said="The clock was set", subjects=ONE), "The clock was set"),
        (case(subjects=TRUNK), "A trunk breaks a rule"),
    ],
)  # fmt: skip
def test_what_an_incident_says(made: Case, said: str) -> None:
    assert compose_title(made) == said
