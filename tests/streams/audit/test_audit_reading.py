"""The audit of a simulated PBX over real HTTP: it finds what is weak there, and says what it may not see."""

from typing import Any, get_args

import msgspec
import pytest

from detector.audit.declared import Declared
from detector.audit.posture_check import CheckVerdict, audit
from detector.settings import Route
from streams.config.installation import InstalledPbx
from streams.pbxs.guarding.reconciling import NO_EMERGENCY_PATH, NO_ORDER
from streams.pbxs.pbx_errors import BadCredentials
from streams.sim import SimOptions, SimulatedPbx
from streams.sim.settings import DialPattern
from streams.sim.weaknesses import Control

CONTROLS = get_args(Control)


def found(posture: Any, verdict: CheckVerdict = CheckVerdict.WEAK) -> set[str]:
    return {one.control for one in audit(posture) if one.verdict is verdict}


async def test_a_sound_pbx_has_no_weakness_and_nothing_unknown(office: Any) -> None:
    async with office(weak=()) as one:
        judged = audit(await one.posture())
    assert [(each.check, each.summary) for each in judged if each.verdict is not CheckVerdict.GOOD] == []
    assert {each.control for each in judged} == set(CONTROLS)


@pytest.mark.parametrize("control", CONTROLS)
async def test_one_weakness_is_found_and_no_other(office: Any, control: str) -> None:
    async with office(weak=[control]) as one:
        assert found(await one.posture()) == {control}


async def test_all_weaknesses_are_found_together(office: Any) -> None:
    async with office(weak=CONTROLS) as one:
        posture = await one.posture()
        assert found(posture) == set(CONTROLS)


async def test_no_secret_is_kept(office: Any) -> None:
    async with office(weak=CONTROLS) as one:
        posture = await one.posture()
        extensions = list(one.sim.core.settings.extensions)
        pins = [pin for pins in one.sim.core.settings.pin_lists for pin in pins.pins]
        secrets = [e.reg_password for e in extensions] + [e.user_password for e in extensions] + pins
        secrets.append(one.sim.client_secret)
    kept = repr(posture) + msgspec.json.encode(audit(posture)).decode()
    assert [secret for secret in secrets if secret in kept] == []
    assert len(secrets) > 60


@pytest.mark.parametrize(
    ("permission", "controls"),
    [
        ("extension", {"C10", "C11", "C12", "C13", "C14", "C20", "C22"}),
        ("outbound_route", {"C22", "C23", "C24", "C26"}),
        ("block_numbers", {"C26"}),
        ("trunk", {"C28"}),
        ("backup", {"C31"}),
        ("system", {"C01", "C31"}),
    ],
)
async def test_a_denied_permission_makes_unknown_what_rests_on_it(
    office: Any, permission: str, controls: set[str]
) -> None:
    async with office(weak=(), denied_permissions=[permission]) as one:
        posture = await one.posture()
    assert found(posture) == set()
    assert found(posture, CheckVerdict.UNKNOWN) == controls
    said = {each.summary for each in audit(posture) if each.control in controls}
    assert all(text.startswith(f"the API application may not read {permission}/") for text in said)


async def test_a_firmware_that_does_not_show_passwords_makes_only_them_unknown(office: Any) -> None:
    async with office(unsupported_endpoints=["extension/getpassword"]) as one:
        posture = await one.posture()
    assert "C10" in found(posture, CheckVerdict.UNKNOWN)
    assert "C11" in found(posture)


async def test_nothing_is_good_of_what_nobody_said(office: Any) -> None:
    async with office(weak=()) as one:
        posture = await one.posture(Declared())
    said = {each.control: each.summary for each in audit(posture) if each.verdict is CheckVerdict.UNKNOWN}
    assert {"C02", "C09", "C17", "C25", "C30"} <= said.keys()
    assert "write `ssh` into the settings file" in said["C02"]
    assert found(posture, CheckVerdict.GOOD) == {"C10", "C11", "C12", "C13", "C23", "C26"}


async def test_an_access_digit_that_nobody_configured_is_understood(office: Any) -> None:
    async with office(weak=()) as one:
        one.pbx = one.pbx.model_copy(update={"access_digit": ""})
        posture = await one.posture()
    assert found(posture) == set()
    assert {route.name for route in posture.routes.known() if route.abroad} == {"International", "Softphones E.164"}


@pytest.mark.parametrize(
    ("numbers", "weak"),
    [("91900.&9900.&+1900.", False), ("91900.&9900.", True), ("91900.&+1900.", True), ("9!&+!", False)],
)
async def test_premium_rate_is_blocked_in_every_way_that_a_route_takes_it(
    office: Any, numbers: str, weak: bool
) -> None:
    async with office(weak=()) as one:
        [rule] = one.sim.core.settings.blocked_numbers
        one.sim.core.settings.blocked_numbers.put(rule.model_copy(update={"number_list": numbers}))
        assert found(await one.posture()) == ({"C26"} if weak else set())


async def test_a_wrong_secret_is_no_audit(office: Any) -> None:
    async with office() as one, SimulatedPbx(SimOptions()) as other:
        wrong = one.pbx.connection.model_copy(update={"url": other.url})
        one.pbx = one.pbx.model_copy(update={"connection": wrong})
        with pytest.raises(BadCredentials):
            await one.posture()


NO_EMERGENCY_NUMBER = "route National is configured for emergency calls, and takes no emergency number"
MISFITS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("nothing is configured", {}, {NO_EMERGENCY_PATH}),
    ("a route for emergency calls is configured", {"routes": {"National": {"emergency": True}}}, {NO_EMERGENCY_NUMBER}),
    (
        "names that the PBX does not have",
        {
            "routes": {"Notruf": {"emergency": True}, "National": {}},
            "trunks": {"carrier-z": {}, "carrier-a": {}},
            "extensions": {"1099": {"emergency_device": True}, "1001": {}},
            "groups": {"lifts": {"members": ["1098", "1002"]}},
        },
        {
            "route Notruf is configured, and the PBX has none of that name",
            "trunk carrier-z is configured, and the PBX has none of that name",
            "extension 1099 is configured, and the PBX has none of that name",
            "extension 1098 is configured, and the PBX has none of that name",
        },
    ),
    (
        "the PBX lets others use a route than the rule does",
        {
            "routes": {"National": {"emergency": True}},
            "rules": {
                "call.route": {
                    "allowed": {"National": ["1000-1017"], "International": ["1000-1004", "sales"], "Premium": ["1000"]}
                }
            },
            "groups": {"sales": {"members": ["1007"]}},
        },
        {
            NO_EMERGENCY_NUMBER,
            "route Premium is configured, and the PBX has none of that name",
            "route International may be used by 1012, 1015, 1017 on the PBX, which call.route does not allow",
            "route National may be used by 1018, 1019, 1020, 1021, 1022, 1023, 1024, 1025, 1026, 1027 and 2 more on the"
            " PBX, which call.route does not allow",
        },
    ),
    (
        "the rule allows whom the PBX lets use it",
        {
            "routes": {"National": {"emergency": True}},
            "rules": {"call.route": {"allowed": {"National": ["1000-1029"], "Softphones E.164": ["1000-1017"]}}},
        },
        {NO_EMERGENCY_NUMBER},
    ),
]


@pytest.mark.parametrize(("configured", "notes"), [pytest.param(*case[1:], id=case[0]) for case in MISFITS])
async def test_where_the_configuration_does_not_fit_is_noted(
    office: Any, configured: dict[str, Any], notes: set[str]
) -> None:
    async with office() as one:
        given = {"id": "hq", "region": "US", **configured, "connection": one.pbx.connection}
        one.pbx = InstalledPbx.model_validate(given)
        assert set((await one.seen()).notes) == notes


async def test_a_route_for_emergency_calls_on_the_pbx_is_good_enough(office: Any) -> None:
    async with office() as one:
        route = one.sim.route("National")
        patterns = (DialPattern(pattern="911"), *route.dial_pattern_list)
        one.sim.core.settings.routes.put(route.model_copy(update={"dial_pattern_list": patterns}))
        assert (await one.seen()).notes == ()


async def test_that_the_pbx_shows_no_order_of_its_routes_is_noted(office: Any) -> None:
    async with office(show_route_positions=False) as one:
        assert NO_ORDER in (await one.seen()).notes


async def test_what_we_may_not_read_fits_for_all_we_know(office: Any) -> None:
    async with office(denied_permissions=["extension", "trunk", "outbound_route"]) as one:
        one.pbx = one.pbx.model_copy(update={"routes": {"Notruf": Route()}})
        assert (await one.seen()).notes == ()
