"""The office the simulated PBX serves: named staff, two carriers, three routes, and the usual weaknesses."""

import random
from collections.abc import Collection

from streams.sim.options import SimOptions
from streams.sim.portal import Portal
from streams.sim.settings import (
    DialPattern,
    PbxSettings,
    PinList,
    RouteMember,
    RouteTrunk,
    SimBlockedNumbers,
    SimExtension,
    SimRoute,
    SimTrunk,
)
from streams.sim.weaknesses import Control

_NAMES = """
Alice Young, Ben Carter, Carla Diaz, David Kim, Emma Novak, Frank Miller,
Grace Lee, Henry Walsh, Irene Costa, Jack Turner, Karen Boyd, Liam Foster,
Maria Gomez, Noah Reed, Olivia Park, Peter Hahn, Quinn Harper, Rosa Bianchi,
Sam Whitaker, Tina Brooks, Umar Aziz, Vera Lindt, Walter Stone, Xenia Popov,
Yusuf Demir, Zoe Adams, Aaron Price, Bella Cruz, Colin Grant, Dora Weiss
"""
STAFF = tuple(name.strip() for name in _NAMES.split(","))
FIRST_NUMBER = 1000
INTERNATIONAL_STAFF = ("1000", "1001", "1004", "1007", "1012", "1015", "1017")
REMOTE_STAFF = {"1003": "198.51.100.23", "1007": "198.51.100.61", "1012": "198.51.100.140"}
"""Who may register from outside, and from where they do."""
TELEPHONES = ("Yealink", "Linkus")
UNASKED = "1020"
"""Who has a right that nobody meant to give, where the PBX is weak so."""
GUESSABLE = ("1007", "1012")
ADMINISTRATOR = "admin"
NATIONAL_ROUTE = "National"
INTERNATIONAL_ROUTE = "International"
EMERGENCY_ROUTE = "Emergency"
SOFTPHONE_ROUTE = "Softphones E.164"
PREMIUM = "91900.&9900.&+1900."


def lan_address(number: str) -> str:
    """The desk phone's address of an extension."""
    return f"192.168.20.{int(number) - FIRST_NUMBER + 20}"


def furnish(options: SimOptions, settings: PbxSettings, portal: Portal, rng: random.Random) -> None:
    """Fill an empty PBX with the office's configuration."""
    portal.administrators[ADMINISTRATOR] = _password(rng)
    for number, name in enumerate(STAFF, FIRST_NUMBER):
        settings.watched_extensions.add(_add_employee(settings, str(number), name, options.weak, rng).id)
    _add_trunk(settings, "carrier-a", "sip.carrier-a.example", "12125550100", options.trunk_capacity)
    _add_trunk(settings, "carrier-b", "sip.carrier-b.example", "12125550200", options.trunk_capacity)
    everybody = [str(FIRST_NUMBER + index) for index in range(len(STAFF))]
    national = (
        DialPattern(pattern="9NXXNXXXXXX", strip=1),
        DialPattern(pattern="91NXXNXXXXXX", strip=1),
        DialPattern(pattern="9NXXXXXX", strip=1),
    )
    if options.emergency_route:
        _add_route(
            settings, EMERGENCY_ROUTE, (DialPattern(pattern="911"), DialPattern(pattern="9911", strip=1)), everybody
        )
    _add_route(settings, NATIONAL_ROUTE, national, everybody)
    abroad = everybody if "C22" in options.weak else INTERNATIONAL_STAFF
    travellers = settings.pin_lists.add(lambda new: PinList(id=new, name="Travellers", pins=("48151", "62342")))
    pins = None if "C23" in options.weak else travellers.id
    _add_route(settings, INTERNATIONAL_ROUTE, (DialPattern(pattern="9011.", strip=1),), abroad, pins)
    _add_route(settings, SOFTPHONE_ROUTE, (DialPattern(pattern="+."),), INTERNATIONAL_STAFF, pins)
    if "C26" not in options.weak:
        settings.blocked_numbers.add(
            lambda new: SimBlockedNumbers(id=new, name="Premium rate", limit_type="outbound", number_list=PREMIUM)
        )


def _add_employee(
    settings: PbxSettings, number: str, name: str, weak: frozenset[Control], rng: random.Random
) -> SimExtension:
    first, last = name.split(" ", 1)
    secret = f"{number}{first.lower()}" if number in GUESSABLE and "C10" in weak else _password(rng)
    user_password = _password(rng)
    remote = number in REMOTE_STAFF
    return settings.extensions.add(
        lambda new: SimExtension(
            id=new,
            number=number,
            first_name=first,
            last_name=last,
            email_addr=f"{first}.{last}@example.com".lower(),
            role_id=1 if number == str(FIRST_NUMBER) else 2 if number == UNASKED and "C20" in weak else 5,
            caller_id=number,
            reg_name=number,
            reg_password=secret,
            user_password=user_password,
            concurrent_registrations=3 if remote and "C11" in weak else 1,
            allow_reg_remotely=1 if remote or (number == UNASKED and "C14" in weak) else 0,
            enb_user_agent_ident=0 if "C12" in weak else 1,
            allowed_user_agents=() if "C12" in weak else TELEPHONES,
            enb_ip_rstr=1 if (remote and "C13" not in weak) or (number == UNASKED and "C14" in weak) else 0,
            allowed_ips=() if "C13" in weak or not remote else (lan_address(number), REMOTE_STAFF[number]),
        )
    )


def _password(rng: random.Random) -> str:
    return "Aa7" + "".join(rng.choices("bcdefghjkmnpqrstuvwxyzBCDEFGHJKMNPQRSTUVWXYZ2345689", k=13))


def _add_trunk(settings: PbxSettings, name: str, hostname: str, caller_id: str, capacity: int) -> None:
    trunk = settings.trunks.add(
        lambda new: SimTrunk(id=new, name=name, hostname=hostname, def_outbound_cid=caller_id, capacity=capacity)
    )
    settings.watched_trunks.add(trunk.id)


def _add_route(
    settings: PbxSettings,
    name: str,
    patterns: tuple[DialPattern, ...],
    numbers: Collection[str],
    pins: int | None = None,
) -> None:
    members = tuple(
        RouteMember(id=e.id, ext_number=e.number, ext_name=e.name) for e in settings.extensions if e.number in numbers
    )
    trunks = tuple(RouteTrunk(id=t.id, name=t.name, type=t.type) for t in settings.trunks)
    settings.routes.add(
        lambda new: SimRoute(
            id=new,
            name=name,
            dial_pattern_list=patterns,
            trunk_list=trunks,
            ext_list=members,
            pin_protect="disable" if pins is None else "pin_list",
            pin_list=pins,
        )
    )
