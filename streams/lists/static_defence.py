"""Addresses as the rules of a P-Series' static defence, in the CSV that its portal imports (C07)."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from ipaddress import IPv6Network, collapse_addresses, ip_network

from msgspec import Struct

from detector.enrich.blocklists import refusal
from detector.settings.values import is_name

COLUMNS = (
    "Name", "Description", "Action", "Object Type", "Source IP Address", "Subnet Mask", "Domain", "MAC Address",
    "Service/Port Range", "Service", "Start Port", "End Port", "Protocol",
)  # fmt: skip
"""As Yeastar's administrator guide names them under *Static Defense Rule Parameters*."""
ALL_PORTS = {"Service/Port Range": "port_range", "Start Port": "1", "End Port": "65535", "Protocol": "both"}
LONGEST_NAME = 127
IPV6 = "IPv6"


class DefenceAction(StrEnum):
    """What the PBX does with what comes from there."""

    ACCEPT = "accept"
    DROP = "drop"


class DefenceRule(Struct, frozen=True):
    """One address, CIDR or host name, what is done about it, and why."""

    action: DefenceAction
    what: str
    why: str


class DefenceRules(Struct, frozen=True):
    """What is written, and how much is left out, by why."""

    rules: list[DefenceRule]
    left_out: dict[str, int]


def choose(accepted: Iterable[str], dropped: Iterable[tuple[str, str]], own: Sequence[str], *,
           ipv6: bool) -> DefenceRules:  # fmt: skip
    """The rules of allow lists, and of what is to be dropped with why; each once, those that accept first.

    Private ranges, ranges of half the Internet and what is ours are never dropped.
    """
    ours, left_out = [ip_network(each) for each in own], Counter[str]()
    rules: dict[str, DefenceRule] = {}
    wanted = [
        *((DefenceAction.ACCEPT, what, "allow list") for what in accepted),
        *((DefenceAction.DROP, what, why) for what, why in dropped),
    ]  # fmt: skip
    for action, what, why in wanted:
        network = None if is_name(what) else ip_network(what)
        reason = refusal(network, ours) if network is not None and action is DefenceAction.DROP else ""
        if isinstance(network, IPv6Network) and not ipv6:
            reason = IPV6
        if reason:
            left_out[reason] += 1
        else:
            rules.setdefault(what, DefenceRule(action, what, why))
    return DefenceRules(list(rules.values()), dict(sorted(left_out.items())))


def as_csv(rules: Iterable[DefenceRule]) -> bytes:
    """The file to import."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(map(row, rules))
    return text.getvalue().encode()


def row(rule: DefenceRule) -> dict[str, str]:
    """A rule by columns; its name is unique, for the PBX refuses a name it has."""
    found = {
        "Name": f"ringfence {rule.action} {rule.what.replace('/', '_')}"[:LONGEST_NAME],
        "Description": f"Ringfence: {rule.why}", "Action": str(rule.action),
    }  # fmt: skip
    if is_name(rule.what):
        found |= {"Object Type": "domain", "Domain": rule.what}
    else:
        network = ip_network(rule.what)
        found |= {
            "Object Type": "ip", "Source IP Address": str(network.network_address), "Subnet Mask": str(network.netmask)
        }  # fmt: skip
    return found | (ALL_PORTS if rule.action is DefenceAction.DROP else {})


def merge(networks: Iterable[str]) -> list[str]:
    """Fewer ranges that hold the same addresses: a PBX takes its rules one by one."""
    read = [ip_network(each) for each in networks]
    four = collapse_addresses(each for each in read if each.version == 4)
    six = collapse_addresses(each for each in read if isinstance(each, IPv6Network))
    return [*map(str, four), *map(str, six)]
