"""Stop acting, mute and resume in the console: at once, with a reason, seen on every page that stays fresh."""

from typing import Any

import httpx
import pytest

from detector.decide.brakes import Brake, BrakeKind


@pytest.fixture(autouse=True)
def attack(console: Any) -> None:
    console.scene.stolen_extension()
    console.scene.asked()


def only(console: Any) -> Brake:
    [brake] = console.journal.brakes.in_force(console.clock())
    return brake


def test_stopping_and_resuming(console: Any, visitor: httpx.Client) -> None:
    answer = console.order(visitor, "/brakes/stop", note=" the carrier moves ", pbx="", rule="", hours="")
    assert (answer.status_code, answer.headers["location"]) == (303, "/brakes?done=stop")
    brake = only(console)
    assert (brake.kind, brake.by, brake.reason, brake.until) == (BrakeKind.STOP, "admin", "the carrier moves", None)
    for page in ("/", "/live/board", "/incidents/inc-1007", "/brakes"):
        shown = visitor.get(page).text
        assert "Acting is stopped: <bdi>everything</bdi>" in shown, page
        assert "the carrier moves" in shown, page
    assert console.order(visitor, f"/brakes/end/{brake.id}").headers["location"] == "/brakes?done=end"
    assert "Acting is stopped: " not in visitor.get("/").text
    assert "ended by <bdi>admin</bdi>" in visitor.get("/brakes").text
    assert console.order(visitor, f"/brakes/end/{brake.id}").headers["location"] == "/brakes?done=late"


def test_a_mute_ends_by_itself(console: Any, visitor: httpx.Client) -> None:
    answer = console.order(visitor, "/brakes/mute", note="tests", subject=" 203.0.113.77 ", rule="", pbx="", hours="4")
    assert answer.headers["location"] == "/brakes?done=mute"
    brake = only(console)
    assert (brake.kind, brake.subject) == (BrakeKind.MUTE, "203.0.113.77")
    console.clock.advance(4 * 3_600 - 60)
    assert console.journal.brakes.in_force(console.clock()) == [brake]
    console.clock.advance(120)
    assert console.journal.brakes.in_force(console.clock()) == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/brakes/stop", {"note": " "}),
        ("/brakes/stop", {"note": "x", "pbx": "nowhere"}),
        ("/brakes/stop", {"note": "x", "rule": "call.nothing"}),
        ("/brakes/stop", {"note": "x", "hours": "7"}),
        ("/brakes/mute", {"note": "x", "hours": "4"}),
        ("/brakes/mute", {"note": "x", "subject": "1007"}),
        ("/brakes/mute", {"note": "x", "subject": "1" * 257, "hours": "4"}),
    ],
    ids=["no reason", "no such PBX", "no such rule", "no such time", "mute of nothing", "mute for ever", "too long"],
)
def test_what_is_not_understood_changes_nothing(
    path: str, fields: dict[str, str], console: Any, visitor: httpx.Client
) -> None:
    assert console.order(visitor, path, **fields).status_code == 400
    assert console.journal.brakes.newest(9) == []


def test_without_a_form_of_ours_nothing_is_stopped(console: Any, visitor: httpx.Client) -> None:
    assert visitor.post("/brakes/stop", data={"csrf": "forged", "note": "x"}).status_code == 403
    assert visitor.get("/brakes/stop").status_code == 405
    assert console.journal.brakes.newest(9) == []


def test_what_a_person_writes_is_shown_as_text(console: Any, visitor: httpx.Client) -> None:
    console.order(visitor, "/brakes/stop", note="<script>alert(1)</script>\u202e", pbx="", rule="", hours="")
    shown = visitor.get("/brakes").text
    assert "<script>alert" not in shown
    assert "\\u202e" in shown


def test_closing_asks_what_it_was_and_false_takes_back_the_rules_that_acted(
    console: Any, visitor: httpx.Client
) -> None:
    assert 'name="verdict" value="false"' in visitor.get("/close/inc-1007").text
    assert console.order(visitor, "/close/inc-1007", note="x", verdict="maybe").status_code == 400
    assert console.order(visitor, "/close/inc-1007", note="our own test", verdict="false").status_code == 303
    assert {one.kind for one in console.journal.brakes.newest(99)} == {BrakeKind.FALLBACK}
    shown = visitor.get("/rules").text
    assert "registration.bruteforce" in shown
    assert "0 % (0 to 79 %)" in shown
    assert "Asks before it acts" in visitor.get("/").text


def test_an_undo_may_say_that_it_was_wrong(console: Any, visitor: httpx.Client) -> None:
    assert 'name="wrong"' in visitor.get("/undo/act-dec-1").text
    assert console.order(visitor, "/undo/act-dec-1", note="a fair", wrong="yes").status_code == 303
    assert "said that it was wrong to" in only(console).reason
