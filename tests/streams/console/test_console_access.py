"""Who gets in, for how long, and how often may be guessed."""

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from streams.console import first_user
from streams.console.client_address import find_client
from streams.console.logins import ABSOLUTE, GUESSES_SECONDS, IDLE, SECOND, Logins


def test_the_first_password_is_told_once(console: Any) -> None:
    assert len(console.password) == 23
    assert first_user(console.journal) is None


def test_the_right_password_opens_a_session_that_only_the_browser_knows(console: Any) -> None:
    with console.browser() as client:
        answer = console.login(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookies = answer.headers.get_list("set-cookie")
        assert any("HttpOnly" in c and "SameSite=strict" in c and c.startswith("ringfence=") for c in cookies)
        assert client.get("/").status_code == 200
        token = client.cookies["ringfence"]
    with console.journal.accounts._engine.connect() as connection:
        rows = str(connection.execute(text("SELECT * FROM console_session")).all())
        accounts = str(connection.execute(text("SELECT * FROM account")).all())
    assert token not in rows
    assert console.password not in accounts


def test_anything_else_opens_nothing(console: Any) -> None:
    with console.browser() as client:
        for name, password in [("admin", "wrong"), ("nobody", None), ("", "x"), ("admin", "y" * 300)]:
            answer = console.login(client, password, name)
            assert answer.status_code == 401
            assert "Wrong name or password." in answer.text
            assert client.get("/").status_code == 303


def test_a_forged_login_is_refused_and_not_counted(console: Any) -> None:
    with console.browser() as client:
        client.get("/login")
        for token in ["", "forged"] * 3:
            form = {"csrf": token, "name": "admin", "password": "wrong"}
            assert client.post("/login", data=form).status_code == 403
        client.cookies.clear()
        form = {"csrf": "", "name": "admin", "password": console.password}
        assert client.post("/login", data=form).status_code == 403
        assert console.login(client).status_code == 303


def test_four_failures_are_forgiven(console: Any) -> None:
    with console.browser() as client:
        for _ in range(4):
            assert console.login(client, "wrong").status_code == 401
        assert console.login(client).status_code == 303
        assert console.login(client, "wrong").status_code == 401


def guess(console: Any, times: int, first: int = 2) -> list[int]:
    """Wrong passwords of the administrator, each from another address."""
    answers = []
    for last in range(first, first + times):
        with console.browser(f"127.0.0.{last}") as client:
            answers.append(console.login(client, "wrong").status_code)
    return answers


def test_nobody_guesses_at_one_name_more_than_twenty_times_an_hour(console: Any) -> None:
    assert guess(console, 21) == [401] * 20 + [429]
    with console.browser("127.0.0.90") as client:
        locked = console.login(client)
        assert (locked.status_code, locked.headers["retry-after"]) == (429, "3600")
        console.clock.advance(GUESSES_SECONDS - 10)
        assert console.login(client).status_code == 429
        console.clock.advance(11)
        assert console.login(client).status_code == 303


def test_a_login_that_works_does_not_let_others_guess_on(console: Any) -> None:
    guess(console, 12)
    with console.browser("127.0.0.90") as client:
        assert console.login(client).status_code == 303
    assert guess(console, 9, 30) == [401] * 8 + [429]


def test_strangers_do_not_lock_out_whose_browser_has_logged_in_before(console: Any) -> None:
    with console.browser("127.0.0.90") as client:
        assert console.login(client).status_code == 303
        known = client.cookies["ringfence-known"]
        guess(console, 21)
        assert console.login(client).status_code == 303
        assert client.cookies["ringfence-known"] == known
        for _ in range(5):
            assert console.login(client, "wrong").status_code == 401
        console.clock.advance(6)
        assert console.login(client).status_code == 429, "even such a browser has five tries"
    with console.browser("127.0.0.91") as thief:
        thief.cookies.set("ringfence", known)
        assert thief.get("/").status_code == 303, "it opens no session"


def test_after_five_failures_an_address_waits_between_tries_and_others_do_not(console: Any) -> None:
    with console.browser("127.0.0.2") as client:
        for n in range(5):
            assert console.login(client, "wrong", f"user{n}").status_code == 401
        paused = console.login(client)
        assert (paused.status_code, paused.headers["retry-after"]) == (429, "5")
        with console.browser("127.0.0.3") as other:
            assert console.login(other).status_code == 303
        console.clock.advance(6)
        assert console.login(client).status_code == 303


def test_whose_password_is_guessed_is_told(console: Any, visitor: httpx.Client) -> None:
    guess(console, 4)
    assert "Somebody guesses" not in visitor.get("/").text
    guess(console, 2, 40)
    assert "Somebody guesses at the console&#39;s password of admin: 6 logins failed within an hour." in (
        visitor.get("/").text
    )


FORWARDED = [
    ("nobody stands before it", [], "127.0.0.1", ["198.51.100.7"], "127.0.0.1"),
    ("our proxy", ["127.0.0.1"], "127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
    ("our proxy, of another version", ["127.0.0.1"], "127.0.0.1", ["2001:db8::7"], "2001:db8::7"),
    ("two of ours", ["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", ["198.51.100.7, 10.1.1.1"], "198.51.100.7"),
    ("what the client made up", ["127.0.0.1"], "127.0.0.1", ["1.1.1.1", "9.9.9.9, 198.51.100.7"], "198.51.100.7"),
    ("a stranger who forwards", ["10.0.0.1"], "192.0.2.9", ["198.51.100.7"], "192.0.2.9"),
    ("no address", ["127.0.0.1"], "127.0.0.1", ["unknown"], "127.0.0.1"),
    ("our proxy says nothing", ["127.0.0.1"], "127.0.0.1", [], "127.0.0.1"),
]


@pytest.mark.parametrize(("case", "proxies", "peer", "forwarded", "client"), FORWARDED)
def test_whose_address_a_proxy_forwards(
    case: str, proxies: list[str], peer: str, forwarded: list[str], client: str
) -> None:
    assert find_client(peer, forwarded, [ip_network(one) for one in proxies]) == client, case


def test_guessing_at_the_same_time_gets_no_more_tries(console: Any) -> None:
    def try_once(_: int) -> int:
        with console.browser() as client:
            return int(console.login(client, "wrong").status_code)

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(try_once, range(12)))
    assert set(answers) == {401, 429}
    assert answers.count(401) <= 5


def test_logging_out_ends_the_session(console: Any, visitor: httpx.Client) -> None:
    token = visitor.cookies["ringfence"]
    assert console.order(visitor, "/logout").headers["location"] == "/login"
    visitor.cookies.set("ringfence", token)
    assert visitor.get("/").status_code == 303


def test_a_session_nobody_uses_ends_even_if_its_page_fetches_news(console: Any, visitor: httpx.Client) -> None:
    for _ in range(3):
        console.clock.advance(IDLE / SECOND * 0.4)
        last = visitor.get("/live/board", headers={"HX-Request": "true"})
    assert last.status_code == 401
    assert visitor.get("/").status_code == 303


def test_consoles_over_one_journal_agree_on_who_was_idle(console: Any, prepared: Any) -> None:
    here, there = (Logins(console.journal, console.clock) for _ in range(2))
    console.clock.advance(IDLE / SECOND * 0.9)
    assert here.find(prepared.token, active=True)
    console.clock.advance(IDLE / SECOND * 0.9)
    assert there.find(prepared.token, active=False)
    console.clock.advance(IDLE / SECOND * 0.2)
    assert there.find(prepared.token, active=True) is None
    assert here.find(prepared.token, active=True) is None


def test_a_session_in_use_ends_at_last(console: Any, visitor: httpx.Client) -> None:
    step = IDLE / SECOND * 0.9
    for _ in range(int(ABSOLUTE / SECOND / step)):
        console.clock.advance(step)
        assert visitor.get("/").status_code == 200
    console.clock.advance(step)
    assert visitor.get("/").status_code == 303


LOCKED_PATHS = ("/", "/incidents/inc-1007", "/undo/act-dec-1", "/refuse/act-dec-1", "/close/inc-1007")
PARTS = ("/live/board", "/live/counters", "/live/incidents/inc-1007")


def test_strangers_are_sent_to_the_login(console: Any) -> None:
    console.scene.stolen_extension()
    with console.browser() as client:
        for path in LOCKED_PATHS + PARTS:
            answer = client.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
            assert "1007" not in answer.text
            part = client.get(path, headers={"HX-Request": "true"})
            assert (part.status_code, part.headers["hx-redirect"]) == (401, "/login")


def test_after_the_login_one_is_where_one_wanted_to_be(console: Any) -> None:
    console.scene.stolen_extension()
    with console.browser() as client:
        page = client.get(client.get("/incidents/inc-1007").headers["location"])
        form = {"csrf": console.token(page), "name": "admin", "password": console.password, "to": "/incidents/inc-1007"}
        assert 'name="to" value="/incidents/inc-1007"' in page.text
        assert client.post("/login", data=form).headers["location"] == "/incidents/inc-1007"


def test_a_login_leads_to_no_other_site(console: Any) -> None:
    for to in ("https://evil.example/", "//evil.example/incidents/", "/incidents/\\evil", "/logout"):
        with console.browser() as client:
            form = {"csrf": console.token(client.get("/login", params={"to": to})), "to": to}
            form |= {"name": "admin", "password": console.password}
            assert client.post("/login", data=form).headers["location"] == "/"


ORDERS = ("/logout", "/approve/act-dec-5", "/refuse/act-dec-5", "/undo/act-dec-1", "/close/inc-1007")


def test_a_forged_form_changes_nothing(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    console.scene.asked()
    token = console.token(visitor.get("/"))
    for path in ORDERS:
        for forged in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": token[:-1]}, {"csrf": f"{token}x"}):
            answer = visitor.post(path, data={"note": "x", **forged})
            assert (answer.status_code, answer.text) == (403, "403: This is not allowed.\n")
    assert console.orders.given == []
    assert visitor.get("/").status_code == 200


def test_a_stranger_orders_nothing(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    token = console.token(visitor.get("/"))
    with console.browser() as stranger:
        for path in ORDERS:
            answer = stranger.post(path, data={"note": "x", "csrf": token})
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert console.orders.given == []


def test_the_token_of_another_session_is_refused(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    with console.browser() as other:
        console.login(other)
        form = {"csrf": console.token(other.get("/"))}
    assert visitor.post("/undo/act-dec-1", data=form).status_code == 403
    assert console.orders.given == []
