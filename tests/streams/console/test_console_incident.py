"""An incident page says what to do now, who said what, and who was told."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from detector.contract.findings import FOREVER, Subject
from detector.contract.vocabulary import Act, Mode, Severity, State, Status, SubjectKind
from detector.detect.catalogue import detectors
from streams.console.advice import runbook
from tests.lives import lead

EVIL = "<script>alert(1)</script>\u202e"


def section(page: str, title: str) -> str:
    """The part of a page under a heading."""
    return page[page.index(f">{title}</h2>") :].split("</section>")[0]


def test_every_rule_says_what_to_do() -> None:
    for rule in detectors():
        assert len(runbook(rule)) > 20, rule
        assert "\n" not in runbook(rule)
    assert runbook("login.bruteforce").startswith("Keep the block")
    assert runbook("login.bruteforce").endswith("afterwards.")
    assert runbook("no.such_rule") == ""


def test_what_to_do_begins_with_what_waits_and_ends_with_closing(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    todo = section(visitor.get("/incidents/inc-1007").text, "What to do now")
    assert "urgent" not in todo
    order = ["call.concurrent_extension", "call.country", "registration.new_place", "registration.bruteforce"]
    places = [todo.index(rule) for rule in order]
    assert places == sorted(places)
    assert todo.index("close the incident. Its blocks end then") > places[-1]
    console.scene.asked()
    todo = section(visitor.get("/incidents/inc-1007").text, "What to do now")
    assert 'class="urgent"><bdi>Approve or refuse an action that waits for you.' in todo


def test_what_is_related_can_be_reached(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    assert "not the same attack" not in visitor.get("/incidents/inc-1007").text
    console.journal.findings.record([console.scene.incident(revision=9, related=("inc-1", EVIL))])
    page = visitor.get("/incidents/inc-1007").text
    assert '<a class="mono" href="/incidents/inc-1"><bdi>inc-1</bdi></a>' in page
    assert "<script>alert(1)" not in page


def test_what_did_not_work_is_for_a_person(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    thief = Subject(SubjectKind.SOURCE_IP, "203.0.113.78")
    console.journal.findings.record([console.scene.decision("dec-9", 80, Act.BLOCK_IP, thief)])
    for name, state in (("act-dec-1", State.UNDO_FAILED), ("act-dec-9", State.FAILED)):
        lead(console.journal, name, state, now=console.clock())
    todo = section(visitor.get("/incidents/inc-1007").text, "What to do now")
    assert "Restrict extension 1007: this did not work. Look at it on the PBX, and put it back there by hand." in todo
    assert "Block address 203.0.113.78: this did not work. Look at it on the PBX, and do it there by hand." in todo


@pytest.mark.parametrize(("mode", "why"), [(Mode.NOTIFY, ": the rules that fired only tell you."), (Mode.AUTO, ".")])
def test_where_nothing_is_blocked_it_says_so(console: Any, visitor: httpx.Client, mode: Mode, why: str) -> None:
    subject = Subject(SubjectKind.EXTENSION, "1012")
    found = console.scene.detection(1, 0, "call.country", subject, "a call", mode=mode)
    console.journal.findings.record([found, console.scene.incident(status=Status.OPEN, detections=("det-1",))])
    page = visitor.get("/incidents/inc-1007").text
    assert f"Nothing is blocked{why} If this is not yours, stop it on the PBX now." in page
    assert "Its blocks end then" not in page
    assert "Nothing is blocked. Open the incident" in visitor.get("/").text


def test_a_drill_asks_nothing_of_anybody(console: Any, visitor: httpx.Client) -> None:
    console.journal.findings.record([console.scene.incident(status=Status.OPEN, drill=True)])
    page = visitor.get("/incidents/inc-1007").text
    assert "This is a drill" in page
    assert "urgent" not in page


def test_what_was_said_is_in_the_timeline_and_only_text(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    journal, now = console.journal, console.clock()
    journal.remarks.add(
        "inc-1007", by="anna", about="undone", text=f"our branch {EVIL}", now=now, action_id="act-dec-3"
    )
    journal.remarks.add("inc-1007", by=EVIL, about="approved", text="", now=now + 1, action_id="not-known")
    page = visitor.get("/incidents/inc-1007").text
    timeline = page[page.index('<ol class="timeline">') :]
    assert "<b><bdi>anna</bdi></b> undid: <b><bdi>Block address 203.0.113.77</bdi></b>" in timeline
    assert "<blockquote><bdi>our branch &lt;script&gt;alert(1)" in timeline
    assert timeline.count("<blockquote>") == 1
    assert timeline.index("anna") > timeline.index("Telegram")
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_a_closed_incident_says_who_closed_it_and_why(console: Any, visitor: httpx.Client) -> None:
    closed = console.scene.incident(status=Status.CLOSED)
    console.journal.findings.record([closed])
    assert "Ended by itself" in visitor.get("/incidents/inc-1007").text
    console.journal.remarks.add("inc-1007", by="anna", about="closed", text="password <b>changed", now=console.clock())
    page = visitor.get("/incidents/inc-1007").text
    assert "Closed by <b><bdi>anna</bdi></b>" in page
    assert "password &lt;b&gt;changed" in page
    assert "What to do now" not in page


def test_closing_says_what_ends_with_it(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    console.scene.asked()
    console.journal.actions.request_undo("act-dec-4", "anna", now=console.clock())
    page = visitor.get("/close/inc-1007").text
    for shown in (
        "All its blocks end now.",
        "<li><bdi>Extension 1007 may call outside again.</bdi></li>",
        "<li><bdi>203.0.113.77 can reach the PBX again.</bdi></li>",
        "<li><bdi>Not asked any more: Lock route International.</bdi></li>",
        "Close it and end its blocks",
    ):
        assert shown in page
    assert "+25261" not in page  # it is being undone already
    console.journal.findings.record([console.scene.incident(id="inc-2")])
    assert "end its blocks" not in visitor.get("/close/inc-2").text


def test_closing_promises_nothing_of_what_stays_in_force(console: Any, visitor: httpx.Client) -> None:
    scene = console.scene
    scene.stolen_extension()
    scene.journal.findings.record(
        [scene.decision("dec-9", 80, Act.RESET_REGISTRATION, Subject(SubjectKind.EXTENSION, "1007"), until=FOREVER)]
    )
    scene.applied("act-dec-9", 82)
    page = visitor.get("/close/inc-1007").text
    assert "Extension 1007 may call outside again." in page
    assert "put back" not in page
    assert "<li><bdi>Stays until somebody undoes it: registration password of 1007 reset.</bdi></li>" in page
    assert "All its blocks" not in page
    assert "The registration password of 1007 is put back as it was." in visitor.get("/undo/act-dec-9").text


@pytest.mark.parametrize("state", [State.DRIFTED, State.UNDO_FAILED])
def test_what_was_left_to_a_person_is_being_undone_when_asked(
    console: Any, visitor: httpx.Client, state: State
) -> None:
    console.scene.stolen_extension()
    lead(console.journal, "act-dec-1", state, now=console.clock())
    assert 'href="/undo/act-dec-1' in visitor.get("/incidents/inc-1007").text
    assert console.journal.actions.request_undo("act-dec-1", "anna", now=console.clock())
    page = visitor.get("/incidents/inc-1007").text
    assert "Being undone, asked by <bdi>anna</bdi>" in page
    assert 'href="/undo/act-dec-1' not in page


def test_what_was_undone_is_not_being_undone(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    now = console.clock()
    for decision in ("dec-1", "dec-2"):
        held = console.journal.actions.find(f"act-{decision}").decision
        console.journal.findings.record([replace(held, status="lifted", revision=1, at=held.at + timedelta(minutes=1))])
    page = visitor.get("/incidents/inc-1007").text
    assert page.count("Being undone, asked by <bdi>Ringfence&#39;s rules</bdi>") == 1  # a hang-up cannot be
    assert "Restrict extension 1007</bdi></b>: not wanted any more" in page
    assert "1.1 s after the decision" in page
    console.journal.actions.move("act-dec-1", {State.CONFIRMED}, State.UNDONE, by="policy", now=now)
    assert "Being undone" not in visitor.get("/incidents/inc-1007").text


def test_the_same_seen_again_is_one_entry(console: Any, visitor: httpx.Client) -> None:
    scene, thief = console.scene, Subject(SubjectKind.SOURCE_IP, "192.0.2.1")
    rule = "registration.bruteforce"
    found = [scene.detection(n, n, rule, thief, "Guessing", values={"failed": 70 + n}) for n in range(4)]
    found += [scene.detection(4, 4, rule, thief, "Guessing", severity=Severity.INFO)]
    console.journal.findings.record([*found, scene.incident(detections=tuple(one.id for one in found))])
    timeline = visitor.get("/incidents/inc-1007").text.split('<ol class="timeline">')[1]
    assert timeline.count("<b><bdi>Guessing</bdi></b>") == 2
    assert "The same 3 times more" in timeline
    for shown in ("<bdi>70</bdi>", "<bdi>73</bdi>", 'id="evidence-det-3"'):
        assert shown in timeline


def test_who_was_told_and_who_was_not(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    console.scene.told("SMS", 68, "failed", "550")
    told = section(visitor.get("/incidents/inc-1007").text, "Who was told")
    assert told.index("SMS") < told.index("Could not be sent") < told.index("Telegram on-call") < told.index("Sent,")
    assert "because <bdi>the attack was stopped</bdi>" in told
    console.journal.findings.record([console.scene.incident(id="inc-2")])
    assert "Nobody." in section(visitor.get("/incidents/inc-2").text, "Who was told")


def test_a_step_on_the_way_is_shown_while_it_is_the_last(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    target = Subject(SubjectKind.TRUNK, "carrier-a")
    console.journal.findings.record([console.scene.decision("dec-9", 80, Act.DISABLE_TRUNK, target)])
    console.journal.actions.move("act-dec-9", {State.APPROVED}, State.APPLYING, by="executor", now=console.clock())
    page = visitor.get("/incidents/inc-1007").text
    assert "Disable trunk carrier-a</bdi></b>: being applied" in page
    assert "1 step before" in page
