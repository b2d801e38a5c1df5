"""What is configured on a simulated P-Series, found out over real HTTP; what we may not read is unknown."""

from typing import Any

import pytest

from streams.pbxs.discovery import FoundExtension, FoundRoute, FoundTrunk
from streams.pbxs.pbx_errors import BadCredentials
from streams.sim import SimOptions
from streams.yeastar.answers import TrunkAnswer
from streams.yeastar.discover import hosts
from tests.streams.pbxs.conftest import group, linked

STAFF = [str(number) for number in range(1_000, 1_030)]


async def test_the_office_is_found_as_it_is() -> None:
    async with linked(SimOptions(weak=frozenset())) as one:
        found = await one.connection.discover()
    assert [extension.number for extension in found.extensions.known()] == STAFF
    assert found.extensions.known()[7] == FoundExtension("1007", "Henry Walsh")
    assert found.trunks.known() == (
        FoundTrunk(name="carrier-a", hosts=("sip.carrier-a.example",), numbers=("12125550100",)),
        FoundTrunk(name="carrier-b", hosts=("sip.carrier-b.example",), numbers=("12125550200",)),
    )
    routes = {route.name: route for route in found.routes.known()}
    assert routes.keys() == {"National", "International", "Softphones E.164"}
    assert routes["National"].extensions == tuple(STAFF)
    assert routes["International"] == FoundRoute(
        name="International", order=2, patterns=("9011.",), trunks=("carrier-a", "carrier-b"), pin=True,
        extensions=("1000", "1001", "1004", "1007", "1012", "1015", "1017"),
    )  # fmt: skip


async def test_a_route_by_what_it_takes_and_who_may_use_it() -> None:
    async with linked(SimOptions()) as one:
        one.add_route("Emergency", "911", trunks=1, ext_list=(group("Everybody"),))
        one.add_route("Unreadable", "[9-1]")
        found = {route.name: route for route in (await one.connection.discover()).routes.known()}
    assert found["Emergency"] == FoundRoute(
        name="Emergency", order=4, patterns=("911",), trunks=("carrier-a",), groups=("Everybody",), emergency=True,
    )  # fmt: skip
    assert not found["Unreadable"].emergency


async def test_a_trunk_by_all_the_hosts_it_has() -> None:
    async with linked(SimOptions()) as one:
        one.change_trunk("carrier-a", enable=0, hostname="10.0.0.7", domain="carrier.example")
        one.change_trunk("carrier-b", hostname="", domain="")
        found = (await one.connection.discover()).trunks.known()
    assert found == (
        FoundTrunk(name="carrier-a", enabled=False, hosts=("10.0.0.7", "carrier.example"), numbers=("12125550100",)),
        FoundTrunk(name="carrier-b", numbers=("12125550200",)),
    )


@pytest.mark.parametrize(
    ("on", "known"),
    [(None, ("a.example", "proxy.example")), (1, ("a.example", "proxy.example")), (0, ("a.example",))],
    ids=["not said", "on", "off"],
)
def test_an_outbound_proxy_counts_where_it_is_used(on: int | None, known: tuple[str, ...]) -> None:
    trunk = TrunkAnswer(
        id=1, name="a", hostname="a.example", domain="a.example", enb_outbound_proxy=on,
        outbound_proxy_server="proxy.example",
    )  # fmt: skip
    assert hosts(trunk) == known


@pytest.mark.parametrize(
    ("options", "unknown"),
    [
        ({"denied_permissions": {"extension"}}, {"extensions": "the API application may not read extension/list"}),
        ({"denied_permissions": {"trunk"}}, {"trunks": "the API application may not read trunk/list"}),
        (
            {"unsupported_endpoints": {"outbound_route/get"}},
            {"routes": "this firmware does not offer outbound_route/get"},
        ),
    ],
    ids=["extensions", "trunks", "routes"],
)
async def test_what_we_may_not_read_is_unknown_and_says_why(options: Any, unknown: dict[str, str]) -> None:
    async with linked(SimOptions(**options)) as one:
        found = await one.connection.discover()
    unknown |= {"addresses": "the API does not show the PBX's own addresses"}
    parts = {name: getattr(found, name) for name in found.__struct_fields__}
    assert {name: part.source for name, part in parts.items() if part.value is None} == unknown


async def test_no_way_in_is_no_discovery() -> None:
    async with linked(SimOptions(), secret="wrong") as one:
        with pytest.raises(BadCredentials):
            await one.connection.discover()
