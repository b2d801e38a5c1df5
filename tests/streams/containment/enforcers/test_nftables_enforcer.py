"""The nftables enforcer on a real kernel: packets pass before a block, not during it, and again after."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from detector.contract.findings import FOREVER
from streams.containment.enforcers.enforcer import EnforcerError, covered
from streams.containment.enforcers.nftables import TABLE_SCRIPT, Nftables

ATTACKER, GATEWAY, PHONE = (f"rf{os.getpid()}{name}" for name in "agp")
ECHO = """
import socket, sys
host = sys.argv[1]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as echo:
    echo.bind((host, 5060))
    print("ready", flush=True)
    while True:
        data, peer = echo.recvfrom(100)
        echo.sendto(data, peer)
"""
ASK = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as asks:
    asks.settimeout(float(sys.argv[2]))
    asks.bind((sys.argv[3], 0))
    asks.connect((sys.argv[1], 5060))
    try:
        asks.send(b"OPTIONS")
        print(asks.recv(100) == b"OPTIONS")
    except TimeoutError:
        print(False)
"""
NETWORK = f"""
netns add {ATTACKER}
netns add {GATEWAY}
netns add {PHONE}
-n {GATEWAY} link set lo up
-n {GATEWAY} link add outside type veth peer name eth0 netns {ATTACKER}
-n {GATEWAY} link add inside type veth peer name eth0 netns {PHONE}
-n {GATEWAY} addr add 192.0.2.1/24 dev outside
-n {GATEWAY} addr add 2001:db8:1::1/48 dev outside nodad
-n {GATEWAY} addr add 203.0.113.1/24 dev inside
-n {ATTACKER} addr add 192.0.2.7/24 dev eth0
-n {ATTACKER} addr add 192.0.2.8/24 dev eth0
-n {ATTACKER} addr add 2001:db8:1:7::7/48 dev eth0 nodad
-n {ATTACKER} addr add 2001:db8:1:8::8/48 dev eth0 nodad
-n {PHONE} addr add 203.0.113.5/24 dev eth0
-n {GATEWAY} link set outside up
-n {GATEWAY} link set inside up
-n {ATTACKER} link set eth0 up
-n {PHONE} link set eth0 up
-n {ATTACKER} route add default via 192.0.2.1
-n {PHONE} route add default via 203.0.113.1
"""


def usable() -> bool:
    tools = shutil.which("ip") and shutil.which("nft")
    if not tools or os.geteuid() != 0:
        return False
    made = subprocess.run(["ip", "netns", "add", f"{GATEWAY}x"], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", f"{GATEWAY}x"], capture_output=True, check=False)
    return made.returncode == 0


def inside(namespace: str, *command: str) -> str:
    done = subprocess.run(["ip", "netns", "exec", namespace, *command], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    if not usable():
        if os.environ.get("CI"):
            pytest.fail("nftables cannot be tested here: it needs root, ip and nft")
        pytest.skip("NOT TESTED: nftables needs root, ip and nft")
    with ExitStack() as stack:
        for namespace in (ATTACKER, GATEWAY, PHONE):
            stack.callback(subprocess.run, ["ip", "netns", "del", namespace], check=False)
        for line in NETWORK.strip().splitlines():
            subprocess.run(["ip", *line.split()], check=True)
        inside(GATEWAY, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        for namespace, host in ((GATEWAY, "192.0.2.1"), (GATEWAY, "2001:db8:1::1"), (PHONE, "203.0.113.5")):
            stack.enter_context(echo(namespace, host))
        yield


def echo(namespace: str, host: str) -> ExitStack:
    stack = ExitStack()
    server = stack.enter_context(
        subprocess.Popen(["ip", "netns", "exec", namespace, sys.executable, "-c", ECHO, host], stdout=subprocess.PIPE)
    )
    stack.callback(server.kill)
    assert server.stdout is not None
    server.stdout.readline()
    return stack


@pytest.fixture
def nftables(network: None) -> Nftables:
    inside(GATEWAY, "nft", "flush", "ruleset")
    return Nftables(GATEWAY)


def passes(source: str, host: str, wait: float = 0.15) -> bool:
    """Whether a real packet gets there and back; `wait` bounds only the negative answer."""
    return inside(ATTACKER, sys.executable, "-c", ASK, host, str(wait), source) == "True"


def soon(seconds: float = 600) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def test_packets_to_and_through_the_gateway_stop_and_start_again(nftables: Nftables) -> None:
    assert passes("192.0.2.7", "192.0.2.1", 5)
    assert passes("192.0.2.7", "203.0.113.5", 5)
    await nftables.block("192.0.2.7", soon())
    assert await nftables.blocked() == {"192.0.2.7/32"}
    assert not passes("192.0.2.7", "192.0.2.1")
    assert not passes("192.0.2.7", "203.0.113.5")
    assert passes("192.0.2.8", "203.0.113.5", 5), "a neighbour is not blocked"
    await nftables.lift("192.0.2.7")
    assert await nftables.blocked() == frozenset()
    assert passes("192.0.2.7", "192.0.2.1", 5)
    assert passes("192.0.2.7", "203.0.113.5", 5)


async def test_an_ipv6_address_is_blocked_with_its_site(nftables: Nftables) -> None:
    assert passes("2001:db8:1:7::7", "2001:db8:1::1", 5)
    await nftables.block("2001:db8:1:7::1234", soon())
    assert await nftables.blocked() == {"2001:db8:1:7::/64"}
    assert not passes("2001:db8:1:7::7", "2001:db8:1::1")
    assert passes("2001:db8:1:8::8", "2001:db8:1::1", 5)


async def test_a_block_ends_by_itself_when_nobody_lifts_it(nftables: Nftables) -> None:
    await nftables.block("198.51.100.7", soon(600))
    await nftables.block("198.51.100.8", FOREVER)
    listing = inside(GATEWAY, "nft", "list", "set", "inet", "ringfence", "v4")
    assert "198.51.100.7 timeout 9m59s" in listing or "198.51.100.7 timeout 10m" in listing
    assert "198.51.100.8 timeout" not in listing
    assert "198.51.100.8" in listing


async def test_the_same_block_again_moves_its_end(nftables: Nftables) -> None:
    await nftables.block("198.51.100.7", soon(600))
    await nftables.block("198.51.100.7", soon(7_260))
    assert "timeout 2h" in inside(GATEWAY, "nft", "list", "set", "inet", "ringfence", "v4")


async def test_a_block_that_is_already_over_changes_nothing(nftables: Nftables) -> None:
    await nftables.block("198.51.100.7", soon(-5))
    assert await nftables.blocked() == frozenset()


async def test_wide_and_narrow_blocks_overlap(nftables: Nftables) -> None:
    await nftables.block("198.51.100.7", soon())
    await nftables.block("198.51.100.0/24", soon())
    assert await nftables.blocked() == {"198.51.100.0/24"}
    await nftables.block("198.51.100.9", soon())
    assert await nftables.blocked() == {"198.51.100.0/24"}
    assert covered("198.51.100.9", await nftables.blocked())
    await nftables.lift("198.51.100.9")
    assert await nftables.blocked() == {"198.51.100.0/24"}


async def test_other_tables_are_left_alone(nftables: Nftables) -> None:
    inside(GATEWAY, "nft", "add table ip theirs; add chain ip theirs keep; add rule ip theirs keep accept")
    before = inside(GATEWAY, "nft", "list", "table", "ip", "theirs")
    await nftables.block("198.51.100.7", soon())
    await nftables.lift("198.51.100.7")
    assert inside(GATEWAY, "nft", "list", "table", "ip", "theirs") == before


async def test_a_flushed_ruleset_is_noticed_and_heals_with_the_next_block(nftables: Nftables) -> None:
    await nftables.block("198.51.100.7", soon())
    inside(GATEWAY, "nft", "flush", "chain", "inet", "ringfence", "forward")
    assert await nftables.blocked() == frozenset(), "a set that nothing reads blocks nobody"
    await nftables.block("198.51.100.7", soon())
    assert await nftables.blocked() == {"198.51.100.7/32"}
    inside(GATEWAY, "nft", "flush", "ruleset")
    assert await nftables.blocked() == frozenset()
    await nftables.lift("198.51.100.7")


async def test_what_a_person_added_as_a_range_is_read(nftables: Nftables) -> None:
    await nftables.block("198.51.100.7", soon())
    inside(GATEWAY, "nft", "add element inet ringfence v4 { 203.0.113.64-203.0.113.66 }")
    assert await nftables.blocked() == {"198.51.100.7/32", "203.0.113.64/31", "203.0.113.66/32"}


@pytest.mark.parametrize("target", ["198.51.100.7; flush ruleset", "x", "", "198.51.100.7 }", "$(id)"])
async def test_a_target_that_is_no_address_never_reaches_nft(target: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        await Nftables("nowhere").block(target, soon())


async def test_a_missing_namespace_is_an_error_and_not_an_empty_list() -> None:
    with pytest.raises(EnforcerError):
        await Nftables("rf-nowhere").blocked()


@pytest.mark.parametrize("namespace", ["", "-n", "a b", "../x", "a" * 65])
def test_a_namespace_is_a_plain_name(namespace: str) -> None:
    with pytest.raises(ValueError, match="namespace"):
        Nftables(namespace)


def test_the_table_script_never_flushes_a_ruleset() -> None:
    assert all("inet ringfence" in line for line in TABLE_SCRIPT.splitlines())
