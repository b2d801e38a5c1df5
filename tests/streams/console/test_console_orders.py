"""What a person orders reaches those who do it, once and as it was said."""

from typing import Any

import httpx
import pytest


@pytest.fixture(autouse=True)
def attack(console: Any) -> None:
    console.scene.stolen_extension()
    console.scene.asked()


def test_approving(console: Any, visitor: httpx.Client) -> None:
    answer = console.order(visitor, "/approve/act-dec-5")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?done=approve")
    assert console.orders.given == [("approve", "act-dec-5", "admin")]
    assert "Approved. It is being carried out." in visitor.get("/?done=approve").text
    assert "Waiting for you" not in visitor.get("/").text


def test_refusing_says_why(console: Any, visitor: httpx.Client) -> None:
    assert "Refuse: Lock route International?" in visitor.get("/refuse/act-dec-5").text
    answer = console.order(visitor, "/refuse/act-dec-5", note="  the fair is on ", back="incident")
    assert answer.headers["location"] == "/incidents/inc-1007?done=refuse"
    assert console.orders.given == [("refuse", "act-dec-5", "admin", "the fair is on")]


def test_undoing_is_asked_once_more_and_says_what_it_means(console: Any, visitor: httpx.Client) -> None:
    page = visitor.get("/undo/act-dec-1")
    assert "Extension 1007 may call outside again." in page.text
    assert "<html" in page.text
    part = visitor.get("/undo/act-dec-1", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert console.orders.given == []
    assert console.order(visitor, "/undo/act-dec-1").headers["location"] == "/?done=undo"
    assert console.orders.given == [("undo", "act-dec-1", "admin", "")]
    shown = visitor.get("/").text
    assert "Being undone, asked by <bdi>admin</bdi>" in shown
    assert 'href="/undo/act-dec-1' not in shown
    assert 'href="/undo/act-dec-3' in shown


def test_closing_needs_a_note(console: Any, visitor: httpx.Client) -> None:
    assert "Close this incident?" in visitor.get("/close/inc-1007").text
    assert console.order(visitor, "/close/inc-1007", note=" ").status_code == 400
    answer = console.order(visitor, "/close/inc-1007", note="n" * 1_001, back="incident")
    assert answer.headers["location"] == "/incidents/inc-1007?done=close"
    assert console.orders.given == [("close", "inc-1007", "admin", "n" * 1_000)]


def test_who_comes_too_late_is_told(console: Any, visitor: httpx.Client) -> None:
    console.journal.actions.refuse("act-dec-5", "somebody", "no", now=console.clock())
    answer = console.order(visitor, "/approve/act-dec-5")
    assert answer.headers["location"] == "/?done=late"
    assert "somebody or something else was first" in visitor.get("/?done=late").text


def test_what_is_not_there_cannot_be_ordered(console: Any, visitor: httpx.Client) -> None:
    for path in ("/approve/none", "/refuse/none", "/undo/none", "/close/none", "/undo/%00%ff'--"):
        assert console.order(visitor, path, note="x").status_code == 404
    assert console.orders.given == []


def test_an_order_cannot_be_given_by_a_link(console: Any, visitor: httpx.Client) -> None:
    assert visitor.get("/approve/act-dec-5").status_code == 405
    assert console.orders.given == []
