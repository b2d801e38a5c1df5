"""Who gets in, for how long, and how often may be guessed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from sqlalchemy import text

from streams.console import first_user
from streams.console.logins import ABSOLUTE, IDLE, LOCKED_SECONDS, SECOND, Logins


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


def test_the_fifth_failure_locks_the_account_for_every_address(console: Any) -> None:
    for last in range(2, 7):
        with console.browser(f"127.0.0.{last}") as client:
            assert console.login(client, "wrong").status_code == 401
    with console.browser("127.0.0.9") as client:
        locked = console.login(client)
        assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")
        console.clock.advance(LOCKED_SECONDS - 10)
        assert console.login(client).status_code == 429
        console.clock.advance(11)
        assert console.login(client).status_code == 303


def test_the_fifth_failure_locks_the_address_for_every_account(console: Any) -> None:
    with console.browser("127.0.0.2") as client:
        for n in range(5):
            assert console.login(client, "wrong", f"user{n}").status_code == 401
        assert console.login(client).status_code == 429
    with console.browser("127.0.0.3") as client:
        assert console.login(client).status_code == 303


def test_guessing_at_the_same_time_gets_no_more_tries(console: Any) -> None:
    def guess(_: int) -> int:
        with console.browser() as client:
            return int(console.login(client, "wrong").status_code)

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(guess, range(12)))
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
