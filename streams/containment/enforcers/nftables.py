"""Drops addresses on this gateway by sets in an nftables table of our own."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range
from typing import Annotated, Any, ClassVar, Self

import msgspec
from pydantic import AfterValidator

from detector.contract.findings import FOREVER
from detector.decide.guard import Network, block_range
from detector.settings.params import Params
from detector.settings.values import matching
from streams.containment.enforcers.enforcer import Enforcer, EnforcerError, enforcer, inside
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal

TABLE = "inet ringfence"
TIMEOUT_SECONDS = 10
LONGEST_SECONDS = 365 * 86_400
"""What lasts longer carries no timeout; it is lifted by the executor alone."""
TRIES = 3
NAMESPACE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"

# One transaction, the same whether the table is there or not: a flushed ruleset heals with the next block.
TABLE_SCRIPT = f"""\
add table {TABLE}
add set {TABLE} v4 {{ type ipv4_addr; flags interval, timeout; }}
add set {TABLE} v6 {{ type ipv6_addr; flags interval, timeout; }}
add chain {TABLE} input {{ type filter hook input priority -10; policy accept; }}
add chain {TABLE} forward {{ type filter hook forward priority -10; policy accept; }}
flush chain {TABLE} input
flush chain {TABLE} forward
add rule {TABLE} input ip saddr @v4 drop
add rule {TABLE} input ip6 saddr @v6 drop
add rule {TABLE} forward ip saddr @v4 drop
add rule {TABLE} forward ip daddr @v4 drop
add rule {TABLE} forward ip6 saddr @v6 drop
add rule {TABLE} forward ip6 daddr @v6 drop
"""
DROPS = {
    (chain, protocol, field, f"@{name}")
    for protocol, name in (("ip", "v4"), ("ip6", "v6"))
    for chain, field in (("input", "saddr"), ("forward", "saddr"), ("forward", "daddr"))
}


class _Listing(msgspec.Struct):
    nftables: list[dict[str, object]]


class NftablesSettings(Params):
    """`netns`: the network namespace to work in, by its name."""

    netns: Annotated[str, AfterValidator(matching(NAMESPACE, "a name as in ip netns"))] | None = None


@enforcer
class Nftables(Enforcer):
    """Two sets, `v4` and `v6`, in the table `inet ringfence`; other tables are never touched.

    Running flows are dropped too. Needs CAP_NET_ADMIN; works in our own network namespace unless another is named.
    """

    name: ClassVar[str] = "nftables"
    settings: ClassVar[type[Params]] = NftablesSettings

    def __init__(self, namespace: str | None = None) -> None:
        if namespace is not None and not re.fullmatch(NAMESPACE, namespace, re.ASCII):
            raise ValueError("not the name of a network namespace")
        self._command = ("ip", "netns", "exec", namespace, "nft") if namespace else ("nft",)
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def configured(cls, settings: NftablesSettings, journal: Journal) -> Self:
        """In the namespace that is named, or our own."""
        return cls(settings.netns)

    async def block(self, target: str, until: datetime) -> None:
        """Add the element, in place of narrower ones it covers; a wider one that is there already stays."""
        network = block_range(target)
        seconds = int((until - utc_now()).total_seconds())
        if seconds <= 0:
            return
        timeout = f" timeout {seconds}s" if until < FOREVER and seconds <= LONGEST_SECONDS else ""
        async with self._one_at_a_time:
            await self._replace(network, f"add element {TABLE} {_set(network)} {{ {network}{timeout} }}\n")

    async def lift(self, target: str) -> None:
        """Remove exactly this element; a wider one that covers it belongs to another decision."""
        network = block_range(target)
        async with self._one_at_a_time:
            for attempt in range(1, TRIES + 1):
                if network not in _elements(await self._listing()):
                    return
                if await self._run_script(_delete(network), last=attempt == TRIES):
                    return

    async def blocked(self) -> frozenset[str]:
        """The elements of both sets, or nothing when a rule that drops them is gone."""
        listing = await self._listing()
        if DROPS - set(_drops(listing)):
            return frozenset()
        return frozenset(str(network) for network in _elements(listing))

    async def _replace(self, network: Network, add: str) -> None:
        # An interval set refuses overlaps, and older kernels ignore a new timeout for what is there.
        for attempt in range(1, TRIES + 1):
            present = list(_elements(await self._listing()))
            if any(network != other and inside(network, other) for other in present):
                await self._run_script(TABLE_SCRIPT, last=True)
                return
            gone = "".join(_delete(other) for other in present if inside(other, network))
            if await self._run_script(TABLE_SCRIPT + gone + add, last=attempt == TRIES):
                return

    async def _run_script(self, script: str, *, last: bool) -> bool:
        """Whether the transaction went through; an element may expire between reading and deleting it."""
        code, _, errors = await self._nft("-f", "-", script=script)
        if code == 0:
            return True
        if last:
            raise EnforcerError(f"nft: {errors}")
        return False

    async def _listing(self) -> list[dict[str, object]]:
        code, output, errors = await self._nft("-j", "list", "table", *TABLE.split())
        if code != 0 and "No such file or directory" in errors and "ringfence" in errors:
            return []
        if code != 0:
            raise EnforcerError(f"nft: {errors}")
        try:
            return msgspec.json.decode(output, type=_Listing).nftables
        except msgspec.DecodeError as error:
            raise EnforcerError("nft answered something unreadable") from error

    async def _nft(self, *arguments: str, script: str = "") -> tuple[int, bytes, str]:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            )
        except OSError as error:
            raise EnforcerError(f"nft cannot be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                output, errors = await process.communicate(script.encode())
        except TimeoutError as error:
            raise EnforcerError(f"nft did not answer in {TIMEOUT_SECONDS} s") from error
        finally:
            await _end(process)
        return process.returncode or 0, output, errors.decode("utf-8", "replace").strip()[:300]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _set(network: Network) -> str:
    return "v4" if network.version == 4 else "v6"


def _delete(network: Network) -> str:
    return f"delete element {TABLE} {_set(network)} {{ {network} }}\n"


def _elements(listing: list[dict[str, object]]) -> Iterator[Network]:
    for item in listing:
        found = item.get("set")
        if isinstance(found, dict) and found.get("name") in {"v4", "v6"}:
            for element in found.get("elem", []):
                yield from _networks(element["elem"]["val"] if "elem" in element else element)


def _networks(element: str | dict[str, Any]) -> Iterator[Network]:
    if isinstance(element, str):
        yield ip_network(element)
    elif "prefix" in element:
        yield ip_network(f"{element['prefix']['addr']}/{element['prefix']['len']}")
    else:
        yield from _range(*map(ip_address, element["range"]))


def _range(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> Iterator[Network]:
    if isinstance(first, IPv4Address) and isinstance(last, IPv4Address):
        yield from summarize_address_range(first, last)
        return
    if isinstance(first, IPv6Address) and isinstance(last, IPv6Address):
        yield from summarize_address_range(first, last)


def _drops(listing: list[dict[str, object]]) -> Iterator[tuple[str, str, str, str]]:
    """Chain, protocol, field and set of every rule that matches one set and drops."""
    for item in listing:
        rule = item.get("rule")
        if isinstance(rule, dict) and len(rule["expr"]) == 2 and "drop" in rule["expr"][1]:
            match = rule["expr"][0].get("match", {})
            payload = match.get("left", {}).get("payload", {})
            if match.get("op") == "==":
                yield rule["chain"], payload.get("protocol"), payload.get("field"), match.get("right")
