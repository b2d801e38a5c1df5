"""The client against a simulated PBX: one login for all, never locked out, no token in a log."""

import asyncio
import logging
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from detector.formats.yeastar.yeastar_frames import YeastarFrames
from streams.pbxs.pbx_errors import (
    AccessDenied,
    BadCredentials,
    BadParameter,
    Duplicate,
    IpForbidden,
    LockedOut,
    NotFound,
    NotSupported,
    TokenExpired,
    TooManyTokens,
    TryAgain,
    Unreachable,
)
from streams.sim import CallPlan, SimOptions, SimulatedPbx
from streams.yeastar.client import YeastarClient

ZONE = ZoneInfo("America/New_York")


@asynccontextmanager
async def client_of(pbx, secret=None, **changes):
    client = YeastarClient(
        pbx.url, pbx.client_id, SecretStr(secret or pbx.client_secret), zone=ZONE, pause=0.01, **changes
    )
    try:
        yield client
    finally:
        await client.close()


def granted(pbx):
    """Counts the tokens the PBX hands out from now on."""
    seen, issue = [], pbx.core.access.issue

    def counting():
        pair = issue()
        seen.append(pair)
        return pair

    pbx.core.access.issue = counting
    return seen


def live_tokens(pbx):
    return sum(pair.access_until > pbx.core.clock.now() for pair in pbx.core.access._pairs)


class Clock:
    """Stands still until told."""

    def __init__(self):
        self.time = 1_000.0

    def __call__(self):
        return self.time


@dataclass
class Answering:
    """A far end that gives each connection the next of its answers, the last one for ever."""

    answers: tuple[bytes, ...]
    client_id: str = "id"
    client_secret: str = "secret"
    url: str = ""
    requests: list[bytes] = field(default_factory=list)

    async def serve(self, reader, writer):
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answers[min(len(self.requests), len(self.answers)) - 1])
        writer.close()

    @property
    def asked(self):
        return [request.split()[1].decode().rpartition("/")[2] for request in self.requests]


@asynccontextmanager
async def answering(*answers, tls=None):
    far = Answering(answers)
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        far.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield far


def self_signed(folder):
    """A certificate for 127.0.0.1 and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pbx")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "pbx.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "pbx.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "pbx.pem", folder / "pbx.key"


def http(body, status="200 OK", headers=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


GRANT = http(b'{"errcode":0,"access_token":"a","refresh_token":"r"}')
EMPTY = http(b'{"errcode":0,"errmsg":"SUCCESS","data":[]}')


class TestLogin:
    async def test_twenty_callers_share_one_token_and_it_is_given_back(self):
        async with SimulatedPbx() as pbx:
            tokens = granted(pbx)
            async with client_of(pbx) as client:
                await asyncio.gather(*(client.information() for _ in range(20)))
                assert live_tokens(pbx) == len(tokens) == 1
            assert live_tokens(pbx) == 0

    async def test_twenty_callers_refresh_an_expired_token_once(self):
        async with SimulatedPbx(SimOptions(access_token_seconds=0.2)) as pbx, client_of(pbx) as client:
            await client.information()
            tokens = granted(pbx)
            pbx.core.access._options = pbx.options.model_copy(update={"access_token_seconds": 1800})
            await asyncio.sleep(0.25)
            found = await asyncio.gather(*(client.information() for _ in range(20)))
            assert {each.sn for each in found} == {pbx.serial}
            assert len(tokens) == 1

    async def test_a_token_is_renewed_before_it_ends(self):
        clock = Clock()
        async with SimulatedPbx() as pbx, client_of(pbx, clock=clock) as client:
            first = await client.session.token()
            clock.time += 1_739
            assert await client.session.token() == first
            clock.time += 2
            assert await client.session.token() != first
            assert live_tokens(pbx) == 1

    async def test_a_pbx_that_restarted_gets_a_new_login(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            await client.information()
            pbx.core.access.revoke_all()
            assert (await client.information()).sn == pbx.serial
            assert client.session.failures == 0

    async def test_a_pbx_that_takes_no_token_is_asked_twice_and_no_more(self):
        refused = http(b'{"errcode":10004,"errmsg":"TOKEN EXPIRED"}')
        async with answering(GRANT, refused, GRANT.replace(b'"a"', b'"b"'), refused) as far:
            async with client_of(far) as client:
                with pytest.raises(TokenExpired):
                    await client.hang_up("PJSIP/1")
            assert far.asked == [
                "get_token", "hangup?access_token=a", "refresh_token", "hangup?access_token=b",
                "del_token?access_token=b",
            ]  # fmt: skip

    async def test_the_ninth_token_is_waited_for(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            taken = [pbx.core.access.issue() for _ in range(8)]
            asking = asyncio.create_task(client.information())
            await asyncio.sleep(0.005)
            pbx.core.access.revoke(taken[0].access)
            assert (await asking).sn == pbx.serial

    async def test_a_pbx_without_free_tokens_is_left_alone_for_a_while(self):
        clock = Clock()
        async with SimulatedPbx() as pbx, client_of(pbx, clock=clock) as client:
            for _ in range(8):
                pbx.core.access.issue()
            with pytest.raises(TooManyTokens):
                await client.information()
            pbx.core.access.revoke_all()
            with pytest.raises(TooManyTokens, match="a moment ago"):
                await client.information()
            clock.time += 16
            assert (await client.information()).sn == pbx.serial
            assert client.session.failures == 0

    async def test_two_wrong_passwords_and_we_stop_before_the_pbx_blocks_us(self):
        async with SimulatedPbx() as pbx:
            async with client_of(pbx, secret="wrong") as client:
                for _ in range(2):
                    with pytest.raises(BadCredentials):
                        await client.information()
                for _ in range(5):
                    with pytest.raises(LockedOut):
                        await client.information()
                assert client.locked
                assert pbx.core.access._failures == {"127.0.0.1": 2}
            assert not pbx.blocked_api_ips

    async def test_many_callers_with_a_wrong_password_are_one_failure(self):
        async with SimulatedPbx() as pbx, client_of(pbx, secret="wrong") as client:
            found = await asyncio.gather(*(client.information() for _ in range(20)), return_exceptions=True)
            assert {type(error) for error in found} == {BadCredentials}
            assert pbx.core.access._failures == {"127.0.0.1": 1}

    async def test_a_caller_who_gives_up_does_not_lose_the_others_their_token(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            impatient, patient = (asyncio.create_task(client.information()) for _ in range(2))
            await asyncio.sleep(0)
            impatient.cancel()
            assert (await patient).sn == pbx.serial
            assert live_tokens(pbx) == 1

    async def test_a_foreign_address_is_not_a_failed_login(self):
        async with SimulatedPbx(SimOptions(api_allowed_ips=("10.0.0.0/8",))) as pbx, client_of(pbx) as client:
            for _ in range(3):
                with pytest.raises(IpForbidden):
                    await client.information()
            assert not client.locked


class TestTransport:
    async def test_reads_are_tried_again(self):
        async with answering(GRANT, b"", b"", EMPTY) as far, client_of(far) as client:
            assert await client.trunks() == []
            assert len(far.requests) == 4

    async def test_changes_are_not(self):
        async with answering(GRANT, b"", EMPTY) as far, client_of(far) as client:
            with pytest.raises(Unreachable):
                await client.create_block_number("ringfence", ["9"])
            assert far.asked == ["get_token", "create?access_token=a"]

    @pytest.mark.parametrize(
        "answer",
        [http(b"<html>", "502 Bad Gateway"), http(b"not json"), http(b"[]"),
         http(b"x", headers="Content-Encoding: gzip\r\n"),
         http(b'{"errcode":0,"data":[{"id":"x"}]}'), http(b'{"errcode":0,"data":' + b"[" * 5_000),
         b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         b"garbage\r\n\r\n"],
    )  # fmt: skip
    async def test_anything_but_an_answer_is_unreachable(self, answer):
        async with answering(GRANT, answer) as far, client_of(far) as client:
            with pytest.raises(Unreachable):
                await client.trunks()

    async def test_a_huge_answer_is_cut_off(self):
        huge = http(b" " * (17 * 1024 * 1024))
        async with answering(GRANT, huge) as far, client_of(far) as client:
            with pytest.raises(Unreachable, match="more than"):
                await client.trunks()

    async def test_every_request_names_us_and_ends_its_connection(self):
        async with answering(GRANT, EMPTY) as far:
            async with client_of(far) as client:
                await client.trunks()
            assert len(far.requests) == 3
            for request in far.requests:
                assert b"User-Agent: Ringfence/" in request
                assert b"Connection: close" in request

    async def test_no_token_and_no_secret_in_logs_and_errors(self, caplog):
        caplog.set_level(logging.DEBUG)
        async with SimulatedPbx(SimOptions(denied_permissions={"trunk"})) as pbx, client_of(pbx) as client:
            with structlog.testing.capture_logs() as structured:
                await client.information()
                token = await client.session.token()
                async with client.subscribe([30011]):
                    pass
                with pytest.raises(AccessDenied) as denied:
                    await client.trunks()
        with pytest.raises(Unreachable) as closed:
            await client.information()
        ours = "".join(r.getMessage() for r in caplog.records if not r.name.startswith("uvicorn"))
        assert "HTTP Request" in ours
        told = f"{ours} {structured} {denied.value!r} {closed.value!r} {client.session._pair!r}"
        assert token not in told
        assert pbx.client_secret not in told

    async def test_no_token_behind_an_error_of_the_connection(self):
        async with answering(GRANT.replace(b'"a"', b'"?"'), b"") as far, client_of(far) as client:
            with pytest.raises(Unreachable) as broken:
                await client.hang_up("PJSIP/1")
        assert "?" not in str(broken.value)
        assert broken.value.__context__ is None

    async def test_a_url_that_is_none_is_refused(self):
        for url in ("ftp://pbx", "pbx:8088", "https://user:secret@pbx", "https://pbx?access_token=x"):
            with pytest.raises(ValueError, match="http"):
                YeastarClient(url, "id", SecretStr("secret"), zone=UTC)

    async def test_a_certificate_is_checked_against_the_authority_of_the_settings(self, tmp_path):
        certificate, key = self_signed(tmp_path)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate, key)
        async with answering(*(GRANT, EMPTY, EMPTY) * 2, tls=tls) as far:
            for verify in (certificate, False):
                async with client_of(far, verify=verify) as client:
                    assert await client.trunks() == []
            asked = len(far.requests)
            async with client_of(far) as client:
                with pytest.raises(Unreachable, match="ConnectError"):
                    await client.trunks()
            assert len(far.requests) == asked
        with pytest.raises(FileNotFoundError):
            YeastarClient("https://pbx", "id", SecretStr("secret"), zone=UTC, verify=tmp_path / "none.pem")


class TestEndpoints:
    async def test_information_and_the_clocks_skew(self):
        async with SimulatedPbx() as pbx, client_of(pbx, now=lambda: pbx.core.clock.now() - 100) as client:
            info = await client.information()
            assert (info.sn, info.firmware_version) == (pbx.serial, pbx.options.firmware_version)
            assert 98 <= client.clock_skew <= 101

    async def test_an_extension_is_read_changed_and_read_back(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            number = (await client.extensions())[0].number
            extension = await client.extension(number)
            assert (extension.number, extension.disable_outb_call) == (number, 0)
            await client.update_extension(extension.id, disable_outb_call=1)
            assert (await client.extension(number)).disable_outb_call == 1
            with pytest.raises(NotFound):
                await client.extension("4711")

    async def test_a_route_is_locked_and_put_back(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            route = await client.outbound_route((await client.outbound_routes())[0].id)
            assert route.ext_list
            await client.update_outbound_route(route.id, {"pin_protect": "single_pin", "pin": "4711", "ext_list": []})
            locked = await client.outbound_route(route.id)
            assert (locked.pin, locked.ext_list) == ("4711", [])
            assert "4711" not in repr(locked)
            await client.update_outbound_route(route.id, {"pin_protect": route.pin_protect, "ext_list": route.ext_list})
            assert (await client.outbound_route(route.id)).ext_list == route.ext_list

    async def test_a_trunk_is_switched_off(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            trunk = (await client.trunks())[0]
            await client.update_trunk(trunk.id, enable=0)
            assert (await client.trunk(trunk.id)).enable == 0

    async def test_calls_that_are_up_are_seen_and_ended(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            assert await client.calls(direction="outbound") == []
            number = (await client.extensions())[0].number
            pbx.register(number)
            pbx.dial(number, "912125550100", plan=CallPlan(ring=0, talk=None))
            (call,) = await client.calls(extension=number)
            member = next(m.extension for m in call.members if m.extension)
            assert member.number == number
            await client.hang_up(member.channel_id)
            assert not pbx.calls
            with pytest.raises(NotFound):
                await client.hang_up(member.channel_id)

    async def test_a_call_is_made_and_a_prompt_played(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            first, second = [extension.number for extension in await client.extensions()][:2]
            pbx.register(first)
            pbx.register(second)
            assert await client.dial(first, second)
            assert await client.play_prompt(first, ["alarm"])

    async def test_numbers_are_blocked_once(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            made = await client.create_block_number("ringfence", ["901125261", "00252"])
            (rule,) = [rule for rule in await client.block_numbers() if rule.id == made]
            assert (rule.numbers, rule.limit_type) == (("901125261", "00252"), "outbound")
            with pytest.raises(Duplicate):
                await client.create_block_number("ringfence", ["9"])
            await client.delete_block_number(made)
            with pytest.raises(NotFound):
                await client.delete_block_number(made)

    async def test_a_backup_is_started(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            assert await client.create_backup("before.bak")

    async def test_what_the_firmware_or_the_permissions_lack(self):
        options = SimOptions(unsupported_endpoints={"backup/list"}, denied_permissions={"trunk"})
        async with SimulatedPbx(options) as pbx, client_of(pbx) as client:
            with pytest.raises(NotSupported):
                await client.backups()
            with pytest.raises(AccessDenied):
                await client.trunks()
            with pytest.raises(BadParameter):
                await client.hang_up("")


class TestCdrs:
    @pytest.mark.parametrize(
        "options",
        [{}, {"date_format": "DD/MM/YYYY", "twelve_hour": True}, {"date_format": "MM/DD/YYYY"},
         {"cdr_epoch_bounds": True}],
    )  # fmt: skip
    async def test_rows_between_two_times_in_any_display_format(self, options):
        async with SimulatedPbx(SimOptions(**options)) as pbx, client_of(pbx) as client:
            number = (await client.extensions())[0].number
            pbx.change_extension(number, allow_reg_remotely=1)
            pbx.register(number, "203.0.113.77")
            for _ in range(2):
                pbx.core.calls.hang_up(pbx.dial(number, "912125550100", plan=CallPlan(ring=0)).call.channel)
            now = datetime.now(UTC)
            hour = timedelta(hours=1)
            rows = [row async for page in client.cdrs(now - hour, now + hour) for row in page]
            assert [row["uid"] for row in rows] == [row["uid"] for row in pbx.cdrs]
            assert [page async for page in client.cdrs(now + hour, now + 2 * hour)] == [[]]
            event = YeastarFrames("hq", ZONE, keyed_hash=str).cdr_event(rows[0], now)
            assert (event.extension, event.source_ip) == (number, "203.0.113.77")

    async def test_all_pages_are_read(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            names = ("call_from_number", "call_to_number", "disposition")
            stamp = int(pbx.core.clock.now())
            pbx.cdrs.extend(
                {"id": number, "uid": str(number), "timestamp": stamp} | dict.fromkeys(names, "")
                for number in range(1, 1_002)
            )
            now = datetime.now(UTC)
            pages = [page async for page in client.cdrs(now - timedelta(hours=1), now + timedelta(hours=1))]
            assert [len(page) for page in pages] == [500, 500, 1]
            assert pages[2][0]["uid"] == "1001"


class TestSubscription:
    async def test_events_come_as_they_are_pushed(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client, client.subscribe([30007]) as stream:
            pbx.register("1001", "192.168.1.77")
            assert b"192.168.1.77" in await stream.receive()
            await stream.heartbeat()
            assert await stream.receive() == b"heartbeat response"

    async def test_a_token_the_pbx_forgot_is_replaced_for_the_next_try(self):
        async with SimulatedPbx() as pbx, client_of(pbx) as client:
            await client.information()
            pbx.core.access.revoke_all()
            with pytest.raises(TokenExpired):
                async with client.subscribe([30007]):
                    pass
            async with client.subscribe([30007]):
                pass

    async def test_a_stream_that_the_pbx_ends_is_unreachable(self):
        options = SimOptions(websocket_idle_seconds=0.05)
        async with (
            SimulatedPbx(options) as pbx,
            client_of(pbx) as client,
            client.subscribe([30007]) as stream,
        ):
            with pytest.raises(TryAgain):
                await stream.receive()
