"""What is closed can be found again: by PBX, fifty to a page."""

from typing import Any

import httpx
import pytest

from detector.contract.vocabulary import Status
from streams.console.closed import LAST_PAGE, PAGE

EVIL = '"><script>alert(1)</script>'


def closed(console: Any, count: int, pbx: str = "hq") -> None:
    scene = console.scene
    console.journal.findings.record([
        scene.incident(id=f"{pbx}-{n:03}", status=Status.CLOSED, pbx=pbx, title=f"{pbx} no {n:03}.", detections=())
        for n in range(count)
    ])  # fmt: skip


def titles(page: str) -> int:
    return page.count('<a href="/incidents/')


def test_nothing_closed(visitor: httpx.Client) -> None:
    page = visitor.get("/closed").text
    assert "No incident is closed." in page
    assert "<select" not in page
    assert '<a href="/closed" aria-current="page">' in page


def test_it_is_reached_from_the_first_page(console: Any, visitor: httpx.Client) -> None:
    closed(console, 1)
    assert '<a class="more" href="/closed">All closed incidents</a>' in visitor.get("/").text


def test_fifty_to_a_page(console: Any, visitor: httpx.Client) -> None:
    closed(console, PAGE)
    assert "Older" not in visitor.get("/closed").text
    closed(console, PAGE + 1)
    first, second = visitor.get("/closed").text, visitor.get("/closed?page=2").text
    assert (titles(first), titles(second)) == (PAGE, 1)
    assert 'href="/closed?page=2"' in first
    assert "Newer" not in first
    assert 'href="/closed?page=1"' in second
    assert "Older" not in second
    assert "hq no 049." in first
    assert "hq no 050." in second
    assert "There is none here." in visitor.get("/closed?page=3").text


def test_one_pbx(console: Any, visitor: httpx.Client) -> None:
    closed(console, PAGE + 1)
    closed(console, 2, "the shop")
    page = visitor.get("/closed", params={"pbx": "the shop"}).text
    assert titles(page) == 2
    assert '<option value="the shop" selected>' in page
    assert 'href="/closed?pbx=hq&amp;page=2"' in visitor.get("/closed?pbx=hq").text
    assert titles(visitor.get("/closed?pbx=none").text) == 0


def test_what_was_said_at_the_end(console: Any, visitor: httpx.Client) -> None:
    closed(console, 2)
    console.journal.remarks.add("hq-000", by="anna", about="undone", text="not this", now=1)
    console.journal.remarks.add("hq-000", by="anna", about="closed", text="a <b>scanner", now=2)
    page = visitor.get("/closed").text
    assert "<b><bdi>anna</bdi></b>: <bdi>a &lt;b&gt;scanner</bdi>" in page
    assert "not this" not in page
    assert page.count("Ended by itself.") == 1


def test_what_attackers_write_is_only_text(console: Any, visitor: httpx.Client) -> None:
    closed(console, 1, EVIL)
    console.journal.remarks.add(f"{EVIL}-000", by=EVIL, about="closed", text=EVIL, now=1)
    for params in ({}, {"pbx": EVIL}):
        page = visitor.get("/closed", params=params).text
        assert titles(page) == 1
        assert "<script>alert" not in page


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", f"page={LAST_PAGE + 1}", f"pbx={'x' * 1_025}"])
def test_odd_questions_are_refused(visitor: httpx.Client, query: str) -> None:
    assert visitor.get(f"/closed?{query}").status_code == 400


def test_a_stranger_sees_nothing(console: Any) -> None:
    closed(console, 1)
    with console.browser() as stranger:
        answer = stranger.get("/closed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
