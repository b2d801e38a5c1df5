"""The outer wall: hosts, headers, sizes, and what errors say."""

from typing import Any

import httpx
from sqlalchemy import text

PATHS = ("/healthz", "/login", "/", "/nothing", "/static/console.js", "/live/board")


def test_health_needs_no_login(console: Any) -> None:
    with console.browser() as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_every_answer_tells_browsers_to_do_nothing_else(visitor: httpx.Client) -> None:
    for path in PATHS:
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")


def test_other_host_names_are_refused(visitor: httpx.Client) -> None:
    for path in ("/", "/login", "/healthz", "/static/console.css"):
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""):
            assert visitor.get(path, headers={"Host": host}).status_code == 400


def test_localhost_is_ours(console: Any) -> None:
    with console.browser() as client:
        assert client.get("/healthz", headers={"Host": "localhost:8080"}).status_code == 200


def test_what_is_not_there_is_said_plainly(visitor: httpx.Client) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/nothing", "/static/", "/static/%2e%2e/app.py"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.text) == (404, "404: There is nothing here.\n")
        assert answer.headers["content-type"].startswith("text/plain")


def test_other_methods_are_refused_plainly(visitor: httpx.Client) -> None:
    for method, path in (("DELETE", "/"), ("PUT", "/login"), ("GET", "/logout")):
        answer = visitor.request(method, path)
        assert (answer.status_code, answer.text) == (405, "405: This cannot be done here.\n")


def test_forms_are_small_and_nothing_else(console: Any) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with console.browser() as client:
        assert client.post("/login", content=b"a=" + b"x" * 20_000, headers=form).status_code == 413
        assert client.post("/login", content=iter([b"a=1"]), headers=form).status_code == 411
        assert client.post("/login", json={"name": "admin"}).status_code == 415
        assert client.post("/login", content=b"name=%ff%fe", headers=form).status_code == 400
        assert client.post("/login", content="&".join(["a=1"] * 50), headers=form).status_code == 400


def test_a_journal_that_cannot_be_read_is_said(console: Any, visitor: httpx.Client) -> None:
    with console.journal.accounts._engine.begin() as connection:
        connection.execute(text("DROP TABLE console_session"))
    answer = visitor.get("/")
    assert answer.status_code == 503
    assert answer.text.startswith("503: The journal cannot be read right now.")
    assert "console_session" not in answer.text


def test_nothing_is_fetched_from_elsewhere(console: Any, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    for path in ("/", "/incidents/inc-1007", "/login"):
        page = visitor.get(path).text
        assert "http://" not in page
        assert "https://" not in page
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count('<script src="/static/')
