"""The CrowdSec enforcer on a real local API: what a bouncer pulls, what people delete, and what is down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from detector.contract.findings import FOREVER
from detector.contract.vocabulary import Act, State, SubjectKind
from streams.config.loading import check_report, load
from streams.containment.acting import everywhere_by
from streams.containment.actions.keep_out import BlockIp
from streams.containment.enforcers.crowdsec import Crowdsec, seconds_of
from streams.containment.enforcers.enforcer import EnforcerError, enforcer_settings, enforcers_of
from streams.pbxs.pbx import Drifted
from streams.store.journal.journal import Journal
from streams.store.vault import Vault
from tests.certificates import authority
from tests.crowdsec import BOUNCER, MACHINE, PASSWORD, CrowdsecServer, crowdsec
from tests.streams.containment.test_executor import Desk

THIEF = "198.51.100.7"
LOGIN = "machine: env:MACHINE, password: env:PASSWORD"


@pytest.fixture(scope="module")
def running() -> Iterator[CrowdsecServer]:
    with crowdsec() as server:
        yield server


@pytest.fixture
def server(running: CrowdsecServer) -> CrowdsecServer:
    """The same one for all, with nobody kept out."""
    running.cscli("decisions", "delete", "--all")
    return running


@pytest.fixture
def enforcer(server: CrowdsecServer) -> Crowdsec:
    return Crowdsec(server.url, MACHINE, PASSWORD)


@pytest.fixture
def desk(journal: Journal, vault: Vault, enforcer: Crowdsec, make: Any) -> Desk:
    """An executor that is to block the thief for an hour from now on."""
    now = datetime.now(UTC)
    journal.findings.record([make.incident()])
    wanted = (Act.BLOCK_IP, SubjectKind.SOURCE_IP, THIEF)
    journal.findings.record([make.decision("dec-1", *wanted, at=now, until=now + timedelta(hours=1))])
    return Desk(journal, vault, everywhere_by([enforcer]), now)


def soon(seconds: float = 600) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def pulled(server: CrowdsecServer) -> dict[str, dict[str, Any]]:
    """What a bouncer that has just started pulls, by address or range."""
    url = f"{server.url}/v1/decisions/stream?startup=true"
    found = httpx.get(url, headers={"X-Api-Key": BOUNCER}, trust_env=False).raise_for_status().json()
    return {one["value"]: one for one in found["new"] or []}


KEPT_OUT = [
    ("an address", THIEF, THIEF, "Ip", f"{THIEF}/32"),
    ("a range", "203.0.113.0/24", "203.0.113.0/24", "Range", "203.0.113.0/24"),
    ("an IPv6 address, with its site", "2001:db8:1:7::7", "2001:db8:1:7::/64", "Range", "2001:db8:1:7::/64"),
]


@pytest.mark.parametrize(
    ("target", "value", "scope", "cidr"), [pytest.param(*case[1:], id=case[0]) for case in KEPT_OUT]
)
async def test_a_block_is_pulled_by_a_bouncer_until_it_is_lifted(
    server: CrowdsecServer, enforcer: Crowdsec, target: str, value: str, scope: str, cidr: str
) -> None:
    await enforcer.block(target, soon())
    found = pulled(server)[value]
    assert (found["scope"], found["type"], found["origin"]) == (scope, "ban", "ringfence")
    assert found["scenario"] == "ringfence"
    assert 600 < seconds_of(found["duration"]) <= 660
    assert await enforcer.blocked() == {cidr}
    await enforcer.lift(target)
    assert pulled(server) == {}
    assert await enforcer.blocked() == frozenset()
    await enforcer.lift(target)


async def test_a_block_again_moves_only_the_end_and_never_nearer(server: CrowdsecServer, enforcer: Crowdsec) -> None:
    for seconds, longest in ((600, 660), (600, 660), (7_200, 7_260), (600, 7_260)):
        await enforcer.block(THIEF, soon(seconds))
        assert longest - 60 < seconds_of(pulled(server)[THIEF]["duration"]) <= longest
    await enforcer.lift(THIEF)
    assert pulled(server) == {}
    await enforcer.block(THIEF, soon(-5))
    assert pulled(server) == {}


async def test_one_without_an_end_is_kept_out_for_years(server: CrowdsecServer, enforcer: Crowdsec) -> None:
    await enforcer.block(THIEF, FOREVER)
    assert seconds_of(pulled(server)[THIEF]["duration"]) > 9 * 365 * 86_400


async def test_all_of_many_are_read_back(enforcer: Crowdsec) -> None:
    addresses = [f"198.51.100.{host}" for host in range(1, 105)]
    for address in addresses:
        await enforcer.block(address, soon())
    assert await enforcer.blocked() == {f"{address}/32" for address in addresses}


async def test_what_others_decided_is_neither_ours_nor_lifted(server: CrowdsecServer, enforcer: Crowdsec) -> None:
    server.cscli("decisions", "add", "--ip", THIEF, "--duration", "2h")
    await enforcer.block(THIEF, soon())
    await enforcer.lift(THIEF)
    assert await enforcer.blocked() == frozenset()
    assert pulled(server)[THIEF]["origin"] == "cscli"


async def test_another_installation_with_a_login_of_its_own_is_left_alone(
    server: CrowdsecServer, enforcer: Crowdsec, tmp_path: Path
) -> None:
    server.cscli("machines", "add", "branch", "--password", PASSWORD, "-f", tmp_path / "login.yaml")
    branch = Crowdsec(server.url, "branch", PASSWORD)
    await branch.block(THIEF, soon())
    await enforcer.lift(THIEF)
    assert await enforcer.blocked() == frozenset()
    assert await branch.blocked() == {f"{THIEF}/32"}
    await branch.lift(THIEF)


async def test_an_unban_by_people_is_noticed_and_stays(server: CrowdsecServer, enforcer: Crowdsec, make: Any) -> None:
    action, order = BlockIp([enforcer]), replace(make.order(SubjectKind.SOURCE_IP, THIEF), until=soon())
    before = await action.prepare(order)
    order = replace(order, handle=await action.apply(order, before))
    assert await action.confirmed(order, before, order.handle)
    server.cscli("decisions", "delete", "--ip", THIEF)
    assert not await action.confirmed(order, before, order.handle)
    with pytest.raises(Drifted, match=r"198\.51\.100\.7/32 was let in again at crowdsec"):
        await action.apply(order, before)
    assert pulled(server) == {}
    await action.apply(replace(order, handle=None), before)
    assert THIEF in pulled(server), "a new decision is another matter"


async def test_the_executor_leaves_an_unban_to_people(server: CrowdsecServer, desk: Desk) -> None:
    await desk.work()
    assert desk.row().state is State.CONFIRMED, desk.row().error
    assert THIEF in pulled(server)
    server.cscli("decisions", "delete", "--ip", THIEF)
    for _ in range(2):
        await desk.executor.reconcile(["hq"])
        await desk.executor.drain()
        assert desk.row().state is State.DRIFTED
        assert pulled(server) == {}


async def test_the_executor_tries_again_until_the_local_api_is_back(server: CrowdsecServer, desk: Desk) -> None:
    server.stop()
    try:
        await desk.work()
        assert desk.row().state is State.APPLYING
        assert "cannot be reached" in (desk.row().error or "")
    finally:
        server.start()
    desk.now += timedelta(minutes=1)
    await desk.work()
    assert desk.row().state is State.CONFIRMED, desk.row().error
    assert THIEF in pulled(server)
    desk.now += timedelta(hours=1)
    await desk.work()
    assert desk.row().state is State.UNDONE
    assert pulled(server) == {}


async def test_a_dead_local_api_is_an_error_that_can_be_tried_again(server: CrowdsecServer, enforcer: Crowdsec) -> None:
    await enforcer.block(THIEF, soon())
    server.stop()
    try:
        for ask in (enforcer.blocked(), enforcer.block("198.51.100.8", soon()), enforcer.lift(THIEF)):
            with pytest.raises(EnforcerError, match="cannot be reached"):
                await ask
    finally:
        server.start()
    assert await enforcer.blocked() == {f"{THIEF}/32"}, "it loses nothing by a restart"
    await enforcer.block("198.51.100.8", soon())
    assert set(pulled(server)) == {THIEF, "198.51.100.8"}


async def test_a_login_that_is_over_is_made_anew(server: CrowdsecServer, enforcer: Crowdsec) -> None:
    await enforcer.block(THIEF, soon())
    enforcer._token = "of.another.day"
    assert await enforcer.blocked() == {f"{THIEF}/32"}


async def test_a_refused_login_says_so_and_no_secret(server: CrowdsecServer) -> None:
    with pytest.raises(EnforcerError, match="refuses the login") as refused:
        await Crowdsec(server.url, MACHINE, "wrong-password").block(THIEF, soon())
    assert "wrong-password" not in str(refused.value)
    assert PASSWORD not in server.log()


async def test_a_certificate_is_checked(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MACHINE", MACHINE)
    monkeypatch.setenv("PASSWORD", PASSWORD)
    authority(tmp_path, "server")
    with crowdsec(tmp_path / "server.pem") as server:
        with pytest.raises(EnforcerError, match="CERTIFICATE_VERIFY_FAILED"):
            await Crowdsec(server.url, MACHINE, PASSWORD).blocked()
        file = tmp_path / "ringfence.yaml"
        file.write_text(f"enforcers: {{crowdsec: {{url: '{server.url}', ca: ca.pem, {LOGIN}}}}}\n")
        (trusting,) = enforcers_of(load(file, enforcers=enforcer_settings()), journal)
        await trusting.block(THIEF, soon())
        assert await trusting.blocked() == {f"{THIEF}/32"}


SETTINGS = [
    ("nothing", "", [f"1: enforcers.crowdsec.{key}: required, but not there" for key in ("machine", "password")]),
    ("no login", "machine: null, password: env:PASSWORD",
     ["1: enforcers.crowdsec.machine: the login of a machine is needed, see cscli machines add "
      "(allowed: env:NAME or file:PATH)"]),
    ("a password written there", "machine: env:MACHINE, password: open",
     ["1: enforcers.crowdsec.password: a secret must not be written here (allowed: env:NAME or file:PATH)"]),
    ("in the clear", f"url: 'http://192.0.2.1:8080', {LOGIN}",
     ["1: enforcers.crowdsec.url: the password would go there in the clear (allowed: https, or http on this machine)"]),
    ("no URL", f"url: here, {LOGIN}",
     ["1: enforcers.crowdsec.url: not a URL of a local API (allowed: a URL such as https://crowdsec.example:8080)"]),
    ("no authority", f"ca: nowhere.pem, {LOGIN}",
     ["1: enforcers.crowdsec.ca: no certificates can be read there (allowed: a file of PEM certificates)"]),
    ("a key nobody knows", f"bouncer: x, {LOGIN}",
     ["1: enforcers.crowdsec.bouncer: unknown key (allowed: url, machine, password, ca)"]),
    ("sound", LOGIN, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), [pytest.param(*case[1:], id=case[0]) for case in SETTINGS])
def test_what_is_wrong_with_the_settings_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, lines: list[str]
) -> None:
    monkeypatch.setenv("MACHINE", MACHINE)
    monkeypatch.setenv("PASSWORD", PASSWORD)
    file = tmp_path / "ringfence.yaml"
    file.write_text(f"enforcers: {{crowdsec: {{{text}}}}}\n")
    assert [line.replace(f"{file}:", "") for line in check_report(file, enforcer_settings())] == lines


@pytest.mark.parametrize("target", ["", "x", "198.51.100.7/99", "198.51.100.7' or 1"])
async def test_a_target_that_is_no_address_is_never_told(target: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        await Crowdsec("http://127.0.0.1:1", MACHINE, PASSWORD).block(target, soon())


DURATIONS = [
    ("59m59.9s", 3_599),
    ("87600h0m1s", 315_360_001),
    ("2s", 2),
    ("15.3ms", 0),
    ("-1m2s", 0),
    ("", 0),
    ("x", 0),
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_what_go_writes_is_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds
