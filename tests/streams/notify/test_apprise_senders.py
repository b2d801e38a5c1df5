"""Apprise against a real mail server and a real HTTP receiver on loopback."""

import email
import email.policy
import http.server
import json
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from streams.notify.sender import SendError
from streams.notify.senders.apprise_sender import AppriseSender

SECRET = "very-secret-word"


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.refusals = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refusals:
            self.refusals -= 1
            return "451 try later"
        assert isinstance(envelope.content, bytes)
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()


class Receiver(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.got: list[dict[str, str]] = []
        self.refusals = 0


class Hook(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = self.server.refusals > 0
        if refused:
            self.server.refusals -= 1
        else:
            self.server.got.append(json.loads(body))
        self.send_response(503 if refused else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_mail_arrives_as_written(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    sender = AppriseSender(f"mailto://127.0.0.1:{port}/?from=rf@example.com&to=noc@example.com")
    await sender.send("[CRITICAL] hq: <b>calls</b> & é", "one\ntwo <script>\n\nhttp://127.0.0.1/incidents/x")
    [(recipients, content)] = box.mails
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert recipients == ["noc@example.com"]
    assert mail["Subject"] == "[CRITICAL] hq: <b>calls</b> & é"
    assert mail.get_content_type() == "text/plain", "so that nothing an attacker wrote is markup"
    assert mail.get_content().split() == ["one", "two", "<script>", "http://127.0.0.1/incidents/x"]


async def test_a_mail_server_that_refuses_and_then_takes_it(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.refusals = 1
    sender = AppriseSender(f"mailto://127.0.0.1:{port}/?from=rf@example.com&to=noc@example.com")
    with pytest.raises(SendError):
        await sender.send("title", "text")
    await sender.send("title", "text")
    assert len(box.mails) == 1


async def test_a_webhook_that_refuses_and_then_takes_it(receiver: Receiver) -> None:
    receiver.refusals = 1
    sender = AppriseSender(f"json://127.0.0.1:{receiver.server_address[1]}/hook")
    with pytest.raises(SendError):
        await sender.send("title", "text")
    await sender.send("title", "text")
    [got] = receiver.got
    assert (got["title"], got["message"]) == ("title", "text")


async def test_no_secret_in_logs_errors_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sender = AppriseSender(f"json://user:{SECRET}@127.0.0.1:{port}/{SECRET}")
    with pytest.raises(SendError) as failed:
        await sender.send("title", "text")
    with pytest.raises(ValueError, match="Apprise") as refused:
        AppriseSender(f"nothing://user:{SECRET}@host")
    assert SECRET not in caplog.text + str(failed.value) + str(refused.value) + repr(sender)
