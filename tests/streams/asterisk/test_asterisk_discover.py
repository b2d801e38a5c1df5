"""What is found on a real Asterisk: accounts, carrier and routes, who is registered, and weak passwords."""

from datetime import UTC, datetime

from detector.audit.declared import Declared
from streams.asterisk.asterisk_discover import hosts
from streams.asterisk.asterisk_pbx import AsteriskConnection
from tests.asterisk import PHONES, Asterisk
from tests.streams.asterisk.conftest import phone
from tests.streams.asterisk.test_asterisk_actions import SOMALIA, up


async def test_what_is_configured(pbx: Asterisk, connection: AsteriskConnection) -> None:
    found = await connection.discover()
    assert tuple(one.number for one in found.extensions.known()) == PHONES
    assert [(one.name, one.hosts) for one in found.trunks.known()] == [("carrier", (pbx.addresses.carrier,))]
    assert sorted((one.name, one.patterns, one.trunks, one.emergency) for one in found.routes.known()) == [
        ("outbound-emergency", ("911",), ("carrier",), True), ("outbound-world", ("9X.",), ("carrier",), True)
    ]  # fmt: skip


async def test_who_is_registered_and_what_calls_are_up(pbx: Asterisk, connection: AsteriskConnection) -> None:
    phone(pbx, "1002").register()
    running = await up(pbx, "1001", SOMALIA)
    present = await connection.present()
    assert ("1002", pbx.addresses.phone("1002")) in {(one.extension, one.address) for one in present.registered.known()}
    [call] = present.calls.known()
    assert (call.extensions, call.called) == (("1001",), (SOMALIA,))
    assert {"carrier", "1001", call.id} < call.uses
    pbx.cli("channel request hangup all")
    running.stop()


async def test_passwords_are_judged_and_not_kept(connection: AsteriskConnection) -> None:
    posture = await connection.posture(Declared(), datetime.now(UTC))
    assert posture.passwords.known()
    assert all(one.password_flaws for one in posture.extensions.known()), "each holds the number of its extension"
    assert "right-" not in repr(posture)
    assert posture.firmware.known()


def test_hosts_of_contacts() -> None:
    shown = "a/sip:198.51.100.20:5060,a/sips:out@sip.carrier.example;transport=tls,a/sip:[2001:db8::1]:5060,"
    assert hosts(shown) == ("198.51.100.20", "sip.carrier.example", "2001:db8::1")
