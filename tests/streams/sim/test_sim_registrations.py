"""Registrations and logins of the simulated PBX: who gets in, and what the PBX says about it."""

import pytest

from streams.sim import SimOptions, SimulatedPbx
from streams.sim.portal import LoginResult
from streams.sim.telephony.registrar import RegistrationResult

OUTSIDE = "203.0.113.77"


def registered(pbx):
    return [(m["extension"], m["status"], m["registered_ip"]) for event, m in pbx.events if event == 30007]


def notices(pbx):
    return [m["event_name"] for event, m in pbx.events if event in (30034, 30035, 30036)]


async def test_accepted_registration_is_an_event_and_its_refresh_is_not(pbx):
    assert pbx.register("1000") is RegistrationResult.ACCEPTED
    assert pbx.register("1000") is RegistrationResult.ACCEPTED
    assert registered(pbx) == [("1000", "Registered", "192.168.20.20")]
    assert len(pbx.core.registrar.contacts("1000")) == 1


async def test_device_that_does_not_come_back_is_unregistered(pbx, until):
    pbx.register("1000", expires=2)
    await until(lambda: not pbx.core.registrar.contacts("1000"))
    assert registered(pbx)[-1] == ("1000", "Unregistered", "192.168.20.20")
    assert pbx.dial("1000", "911").outcome == "unknown_account"


async def test_more_devices_than_allowed_push_out_the_oldest(pbx):
    pbx.register("1000", "192.168.20.20")
    pbx.register("1000", "192.168.20.99")
    assert [c.source_ip for c in pbx.core.registrar.contacts("1000")] == ["192.168.20.99"]
    for last in range(3):
        pbx.register("1007", f"198.51.100.{last}")
    assert len(pbx.core.registrar.contacts("1007")) == 3


@pytest.mark.parametrize(
    ("number", "source_ip", "password", "outcome"),
    [
        ("1000", None, "wrong", RegistrationResult.BAD_PASSWORD),
        ("4999", "192.168.20.5", "wrong", RegistrationResult.UNKNOWN_ACCOUNT),
        ("1000", OUTSIDE, None, RegistrationResult.NOT_ALLOWED),
        ("1000", f"::ffff:{OUTSIDE}", None, RegistrationResult.NOT_ALLOWED),
        ("1000", "::ffff:192.168.20.20", None, RegistrationResult.ACCEPTED),
        ("1007", OUTSIDE, None, RegistrationResult.ACCEPTED),
    ],
)
async def test_refused_registrations_are_invisible(pbx, number, source_ip, password, outcome):
    assert pbx.register(number, source_ip, password) is outcome
    assert bool(pbx.events) is (outcome is RegistrationResult.ACCEPTED)


async def test_addresses_and_user_agents_can_be_restricted(pbx):
    pbx.change_extension("1007", enb_ip_rstr=1, allowed_ips=("192.168.20.27",))
    assert pbx.register("1007", OUTSIDE) is RegistrationResult.NOT_ALLOWED
    assert pbx.register("1007", "192.168.20.27") is RegistrationResult.ACCEPTED
    pbx.change_extension("1001", enb_user_agent_ident=1, allowed_user_agents=("Yealink",))
    assert pbx.register("1001", user_agent="friendly-scanner") is RegistrationResult.NOT_ALLOWED
    assert pbx.register("1001", user_agent="Yealink SIP-T54W") is RegistrationResult.ACCEPTED
    pbx.change_extension("1002", enb_user_agent_ident=1)
    assert pbx.register("1002") is RegistrationResult.NOT_ALLOWED


async def test_failures_add_up_to_one_event_in_five(pbx):
    for number in range(1000, 1004):
        pbx.register(str(number), OUTSIDE, "wrong")
    assert pbx.events == []
    pbx.register("1004", OUTSIDE, "wrong")
    event, message = pbx.events[0]
    assert (event, message["event_name"]) == (30036, "extension_registration_blocked_out")
    assert (message["event_type"], message["event_level"]) == ("security", "error")
    lines = message["event_content"].split("\n")
    assert "Extension: 1004" in lines
    assert f"IP address: {OUTSIDE}" in lines
    assert f"PBX SN: {pbx.serial}" in lines
    assert pbx.register("1007", OUTSIDE) is RegistrationResult.ACCEPTED


async def test_auto_defense_drops_the_address_for_sip_only():
    async with SimulatedPbx(SimOptions(auto_defense=True)) as pbx:
        for _ in range(5):
            pbx.register("1007", OUTSIDE, "wrong")
        assert notices(pbx) == ["extension_registration_blocked_out", "auto_defense_ip_blocked_out"]
        assert pbx.register("1007", OUTSIDE) is RegistrationResult.DROPPED
        assert pbx.login("1007", pbx.extension("1007").user_password, OUTSIDE) is LoginResult.ACCEPTED


async def test_changed_password_stops_the_next_call_of_a_registered_device(pbx, api):
    pbx.register("1007", OUTSIDE)
    await api.post("extension/update", id=8, reg_password="Nw83kLpQz")
    assert pbx.dial("1007", "9011252612600001", source_ip=OUTSIDE).outcome == "bad_password"
    assert pbx.cdrs == []
    assert pbx.register("1007", OUTSIDE, "1007henry") is RegistrationResult.BAD_PASSWORD


async def test_remote_registration_switched_off_stops_remote_calls(pbx, api):
    pbx.register("1007", OUTSIDE)
    pbx.register("1007")
    await api.post("extension/update", id=8, allow_reg_remotely=0)
    assert pbx.dial("1007", "912125550147", source_ip=OUTSIDE).outcome == "not_allowed"
    assert pbx.dial("1007", "912125550147", source_ip="192.168.20.27").placed


async def test_failed_web_login_is_an_event_each_and_locks_the_address(pbx):
    pbx.fail_logins("admin", OUTSIDE, times=5)
    assert notices(pbx) == ["web_login_fail"] * 5 + ["web_user_blocked_out"]
    first = pbx.events[0][1]
    assert (first["event_type"], first["event_level"]) == ("operation", "error")
    assert "via the Username: admin at " in first["event_content"]
    assert f"derived from the IP address: {OUTSIDE}" in first["event_content"]
    admin = pbx.core.portal.administrators["admin"]
    assert pbx.login("admin", admin, OUTSIDE) is LoginResult.LOCKED
    assert pbx.login("admin", admin, "192.168.20.20") is LoginResult.ACCEPTED
    assert pbx.events[-1][0] == 30034
    assert notices(pbx)[-1] == "web_admin_login_succ"


async def test_lock_ends_by_itself(until):
    async with SimulatedPbx(SimOptions(web_lockout_seconds=0.02)) as pbx:
        pbx.fail_logins("admin", OUTSIDE, times=5)
        await until(lambda: pbx.login("admin", "wrong", OUTSIDE) is LoginResult.REJECTED)


async def test_linkus_and_user_logins_have_their_own_events(pbx):
    assert pbx.login("1000", pbx.extension("1000").user_password, OUTSIDE) is LoginResult.ACCEPTED
    assert pbx.login("alice.young@example.com", "wrong", OUTSIDE, "linkus") is LoginResult.REJECTED
    assert pbx.login("nobody", "", OUTSIDE) is LoginResult.REJECTED
    assert notices(pbx) == ["web_user_login_succ", "linkus_login_fail", "web_login_fail"]


async def test_notification_can_be_switched_off():
    async with SimulatedPbx(SimOptions(silent_notifications={"web_login_fail"})) as pbx:
        pbx.fail_logins("admin", OUTSIDE)
        assert pbx.events == []


async def test_create_time_is_not_the_time_in_the_text():
    async with SimulatedPbx(SimOptions(timezone="Asia/Tokyo")) as pbx:
        pbx.fail_logins("admin", OUTSIDE)
        message = pbx.events[0][1]
        assert message["create_time"] not in message["event_content"]
