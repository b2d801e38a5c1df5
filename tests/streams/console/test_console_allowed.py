"""The allow-list in the console: who says whom to leave alone, why and until when; and nobody else does."""

import re
from typing import Any

import httpx
import pytest

DAY = 86_400_000_000
EVIL = "<script>alert(1)</script>"


def csrf(visitor: httpx.Client) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/allowed").text)
    assert found is not None
    return found[1]


def send(visitor: httpx.Client, path: str = "/allowed", **fields: str) -> httpx.Response:
    return visitor.post(path, data={"csrf": csrf(visitor), **fields})


def test_somebody_is_put_on_the_list_and_taken_off(console: Any, visitor: httpx.Client) -> None:
    done = send(visitor, value="203.0.113.7/28", days="30", note=f"the office {EVIL}", pbx="")
    assert (done.status_code, done.headers["location"]) == (303, "/allowed")
    [entry] = console.journal.guard.allowed(console.clock())
    assert (entry.value, entry.pbx, entry.by, entry.until - entry.at) == ("203.0.113.0/28", None, "admin", 30 * DAY)
    page = visitor.get("/allowed").text
    assert "203.0.113.0/28" in page
    assert "&lt;script&gt;" in page
    assert EVIL not in page
    assert send(visitor, f"/allowed/end/{entry.id}").status_code == 303
    assert console.journal.guard.allowed(console.clock()) == []
    assert "Nobody is on the list" in visitor.get("/allowed").text


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"value": "0.0.0.0/0", "days": "1", "note": "r"}, 400),
        ({"value": "", "days": "1", "note": "r"}, 400),
        ({"value": "1007", "days": "9999", "note": "r"}, 400),
        ({"value": "1007", "days": "1", "note": "  "}, 400),
        ({"value": "1007", "days": "1", "note": "r", "pbx": "nowhere"}, 400),
    ],
    ids=["half the world", "nothing", "for ever", "without a reason", "a PBX that is none"],
)
def test_what_is_not_offered_is_refused(console: Any, visitor: httpx.Client, fields: Any, code: int) -> None:
    assert send(visitor, **fields).status_code == code
    assert console.journal.guard.allowed(console.clock()) == []


@pytest.mark.parametrize("entry", ["x", "-1", "9" * 30, "٣"])
def test_an_entry_that_is_none(console: Any, visitor: httpx.Client, entry: str) -> None:
    assert send(visitor, f"/allowed/end/{entry}").status_code == 404


def test_strangers_and_forged_forms_change_nothing(console: Any, visitor: httpx.Client) -> None:
    fields = {"value": "1007", "days": "1", "note": "r"}
    assert visitor.post("/allowed", data={"csrf": "forged", **fields}).status_code == 403
    with console.browser() as stranger:
        assert stranger.get("/allowed").headers["location"].startswith("/login")
        assert stranger.post("/allowed", data={"csrf": "forged", **fields}).status_code == 303
    assert console.journal.guard.allowed(console.clock()) == []


def test_who_is_logged_in_is_known_by_the_address(console: Any, visitor: httpx.Client) -> None:
    visitor.get("/allowed")
    assert console.journal.accounts.addresses(now=console.clock()) == ["127.0.0.1"]
