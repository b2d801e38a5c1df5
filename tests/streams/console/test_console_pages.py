"""What the pages show, and that nothing an attacker wrote is more than text."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from detector.contract.findings import FOREVER, Loss, Subject
from detector.contract.vocabulary import Act, Severity, Stage, State, Status, SubjectKind
from streams.console import ProcessStatus
from streams.runtime.ingest import SourceStatus
from streams.runtime.list_status import ListStatus

EVIL = "<script>alert(1)</script>"


def test_nothing_going_on_is_said_with_what_is_watched(visitor: httpx.Client) -> None:
    page = visitor.get("/").text
    assert "<h1>All quiet</h1>" in page
    assert "Watching PBX <bdi>hq</bdi>." in page
    assert "Nothing is blocked." in page
    assert "48,213" in page


def test_who_sees_nothing_does_not_say_that_all_is_quiet(console: Any, visitor: httpx.Client) -> None:
    console.status[0] = ProcessStatus()
    assert "All quiet" not in visitor.get("/").text
    down = SourceStatus(name="ami", pbx="hq", connected=False, problem="refused the password")
    console.status[0] = ProcessStatus(sources=(down,))
    page = visitor.get("/").text
    assert "All quiet" not in page
    assert "Not connected: ami of PBX hq" in page
    assert "refused the password" in page
    up = SourceStatus(name="ami", pbx="hq", connected=True, problem="it was down")
    console.status[0] = ProcessStatus(sources=(up,), findings=None, detector_errors=None)
    page = visitor.get("/").text
    assert "All quiet" in page
    for unsaid in ("it was down", "Findings</dt>", "Detector errors"):
        assert unsaid not in page
    console.status[0] = replace(console.status[0], problems=("Nothing is written down.",))
    page = visitor.get("/").text
    assert "All quiet" not in page
    assert "Nothing is written down." in page


def test_lists_of_addresses_are_shown_with_age_source_and_what_is_refused(console: Any, visitor: httpx.Client) -> None:
    good = ListStatus(name="bad", source="https://lists.example/bad", at=1, entries=1_200, refused={"private": 3})
    console.status[0] = ProcessStatus(lists=(good, ListStatus(name="far", source="far.csv", problem="no file")))
    page = visitor.get("/live/counters").text
    for said in ("https://lists.example/bad", "1,200 used; refused: 3 private", "as of", "not renewed", "no file"):
        assert said in page


def test_what_a_source_did_not_understand_is_shown_beside_it(console: Any, visitor: httpx.Client) -> None:
    assert "not understood" not in visitor.get("/").text
    odd = SourceStatus(name="ami", pbx="hq", connected=True, unread=1_200, rejected=34, unread_reason="no such word",
                       unread_sample="<b>\u202e")  # fmt: skip
    console.status[0] = ProcessStatus(sources=(odd,))
    page = visitor.get("/").text
    assert "1,234 not understood, last: <bdi>no such word</bdi> <code><bdi>&lt;b&gt;" in page
    assert "\u202e" not in page


def test_an_incident_that_only_says_something_of_the_pbx_accuses_nobody(console: Any, visitor: httpx.Client) -> None:
    own = (Subject(SubjectKind.PBX, "hq"),)
    console.journal.findings.record([console.scene.incident(stage=Stage.RECON, subjects=own)])
    assert "Somebody looks for" not in visitor.get("/incidents/inc-1007").text


def test_an_incident_is_shown_with_stage_money_and_what_stands(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    page = visitor.get("/").text
    assert "1 incident contained" in page
    assert "Extension 1007 stolen: calls to Somalia" in page
    assert page.count('<li class="done">') == 3
    assert page.count('<li class="passed">') == 1  # nobody saw them scout
    assert "stopped here" in page
    assert '<li class="now" aria-current="step">' in page
    for shown in ("5.70 USD", "4,104.00 USD", "extension 1007 restricted", "203.0.113.77", "+25261", "Critical"):
        assert shown in page
    assert page.count(">Undo</a>") == 3


def test_an_incident_page_tells_everything_in_order(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    page = visitor.get("/incidents/inc-1007").text
    timeline = page[page.index('<ol class="timeline">') :]
    order = [
        "13 failed registrations in 60 s", "registration.new_place", "First call of this PBX to Somalia",
        "6 calls at once", "<b><bdi>Restrict extension 1007</bdi></b>: confirmed",
        "3 steps before", " approved, by <bdi>Ringfence&#39;s rules</bdi>", " being applied, by <bdi>Ringfence</bdi>",
        "Telegram on-call",
    ]  # fmt: skip
    places = [timeline.index(text) for text in order]
    assert places == sorted(places)
    for shown in ("C09", "T1110.001", "friendly-scanner", "1772867460.16", "1.1 s after the decision", "tariff of"):
        assert shown in page


@pytest.mark.parametrize("path", ["/", "/incidents/inc-1007", "/undo/act-dec-9"])
def test_what_attackers_write_is_only_text(console: Any, visitor: httpx.Client, path: str) -> None:
    scene = console.scene
    target = Subject(SubjectKind.EXTENSION, f'"><img src=x onerror=alert(1)>{EVIL}')
    console.journal.findings.record([
        scene.detection(9, 0, EVIL, target, EVIL, values={"user_agent": EVIL, EVIL: EVIL}, evidence=(EVIL,)),
        scene.incident(title=f"{EVIL} \u202ekcatta", kind=EVIL, pbx=EVIL, subjects=(target,), detections=("det-9",),
                       loss=Loss(1, 1, 1, EVIL, EVIL)),
        scene.decision("dec-9", 1, Act.RESTRICT_EXTENSION, target, pbx=EVIL),
    ])  # fmt: skip
    scene.applied("act-dec-9", 2)
    scene.told(EVIL, 3, "failed", EVIL)
    console.status[0] = ProcessStatus(sources=(SourceStatus(name=EVIL, pbx=EVIL, connected=False, problem=EVIL),))
    page = visitor.get(path).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    if path != "/undo/act-dec-9":
        assert r"\u202ekcatta" in page


def test_failures_cannot_be_missed_and_go_when_dealt_with(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    assert 'class="alarm"' not in visitor.get("/").text
    console.scene.told("SMS", 67, "failed", "550 mailbox unavailable")
    console.journal.findings.record(
        [console.scene.decision("dec-6", 70, Act.LOCK_ROUTE, Subject(SubjectKind.ROUTE, "Out"))]
    )
    now = console.clock()
    console.journal.actions.move(
        "act-dec-6", {State.APPROVED}, State.FAILED, by="executor", now=now, error="PBX said 403"
    )
    console.status[0] = replace(console.status[0], detector_errors=2, checkpoint_age=600.0)
    page = visitor.get("/").text
    assert "4 failures need a person" in page
    for shown in (
        "Failed: Lock route Out",
        "PBX said 403",
        "Message to SMS not sent",
        "550 mailbox",
        "errors: 2",
        "600 s",
    ):
        assert shown in page
    console.status[0] = replace(console.status[0], detector_errors=0, checkpoint_age=1.0)
    console.journal.findings.record([console.scene.incident(revision=1, status=Status.CLOSED)])
    assert 'class="alarm"' not in visitor.get("/").text


def test_what_still_stands_wrongly_is_shown_even_when_the_incident_is_closed(
    console: Any, visitor: httpx.Client
) -> None:
    console.scene.stolen_extension()
    now = console.clock()
    assert console.journal.actions.move(
        "act-dec-3", {State.CONFIRMED}, State.UNDO_FAILED, by="executor", now=now, error="timeout"
    )
    console.journal.findings.record([console.scene.incident(revision=1, status=Status.CLOSED)])
    page = visitor.get("/").text
    assert "Could not be undone: Block address 203.0.113.77" in page
    assert 'href="/undo/act-dec-3' in page


def test_an_open_critical_incident_comes_first(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    base = console.scene.incident(detections=(), status=Status.OPEN, loss=Loss(0, 0, 0, "", ""))
    console.journal.findings.record([
        replace(base, id="inc-a", title="A warning", severity=Severity.WARNING, stage=Stage.RECON),
        replace(base, id="inc-b", title="B is critical"),
    ])  # fmt: skip
    page = visitor.get("/").text
    assert "2 incidents open, not contained" in page
    assert page.index("B is critical") < page.index("A warning") < page.index("Extension 1007 stolen")


def test_what_waits_shows_what_it_cuts_and_a_drill_waits_for_nobody(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    console.scene.asked()
    drill = console.scene.decision(
        "dec-7", 70, Act.DISABLE_TRUNK, Subject(SubjectKind.TRUNK, "only-a-drill"), drill=True
    )
    console.journal.findings.record([drill])
    page = visitor.get("/").text
    assert "Lock route International" in page
    assert "Ends calls that are up. Keeps emergency, internal, inbound calls working." in page
    assert "only-a-drill" not in page


def test_an_end_that_never_comes_is_said(console: Any, visitor: httpx.Client) -> None:
    review = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    until = console.scene.decision("dec-8", 1, Act.BLOCK_IP, Subject(SubjectKind.SOURCE_IP, "192.0.2.1"), until=FOREVER)
    console.journal.findings.record([console.scene.incident(), replace(until, review_at=review)])
    console.scene.applied("act-dec-8", 2)
    page = visitor.get("/").text
    assert "until you undo it; review" in page
    assert "2 Jan 03:04 UTC" in page


def test_a_page_fetches_only_what_changed(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    for path in ("/live/board", "/live/incidents/inc-1007"):
        first = visitor.get(path)
        seen = first.text.split('name="seen" value="')[1].split('"')[0]
        assert visitor.get(path, params={"seen": seen}).status_code == 204
    console.journal.findings.record([console.scene.incident(revision=1, title="Now it is another")])
    changed = visitor.get("/live/incidents/inc-1007", params={"seen": seen})
    assert "Now it is another" in changed.text
    assert 'hx-swap-oob="innerHTML:#said">Now it is another: contained, pumping.' in changed.text


def test_a_flood_of_detections_leaves_a_page_one_can_read(console: Any, visitor: httpx.Client) -> None:
    scene = console.scene
    subject = Subject(SubjectKind.SOURCE_IP, "192.0.2.1")
    many = [scene.detection(n, n / 10, "registration.bruteforce", subject, f"no {n}.") for n in range(700)]
    console.journal.findings.record([*many, scene.incident(detections=tuple(found.id for found in many))])
    page = visitor.get("/incidents/inc-1007").text
    assert "200 entries between are not shown." in page
    for shown, there in (
        ("no 99.", True),
        ("no 100.", False),
        ("no 299.", False),
        ("no 300.", True),
        ("no 699.", True),
    ):
        assert (shown in page) is there


def test_an_incident_nobody_knows_is_not_there(visitor: httpx.Client) -> None:
    for path in ("/incidents/none", "/live/incidents/none", "/incidents/a/b?x=1"):
        assert visitor.get(path).status_code == 404
