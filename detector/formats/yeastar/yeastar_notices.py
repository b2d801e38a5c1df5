"""Yeastar's system events (30034 to 30036) as contract logins and notices; what they say is free text."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address

from detector.contract.events import Login, Notice
from detector.formats.yeastar.yeastar_fields import MAX_LONG_TEXT, MAX_TEXT, BadFieldError, Record, key, snake, text

LEVELS = {30034: "information", 30035: "warning", 30036: "alert"}
LOGINS = {
    "web_login_fail": ("rejected", "web"),
    "web_user_login_fail": ("rejected", "web"),
    "web_admin_login_succ": ("accepted", "web"),
    "web_user_login_succ": ("accepted", "web"),
    "linkus_login_fail": ("rejected", None),
    "linkus_client_login_fail": ("rejected", None),
}
NAMES = {
    "extension_registration_blocked_out": "extension_registration_blocked",
    "ext_registration_blocked_out": "extension_registration_blocked",
    "web_user_blocked_out": "web_user_blocked",
    "web_user_locked_out": "web_user_blocked",
    "linkus_user_blocked_out": "linkus_user_blocked",
    "auto_defense_ip_blocked_out": "auto_defense_ip_blocked",
    "outbound_call_frequency_exceed": "outbound_call_frequency_exceeded",
    "outbound_call_to_a_disallowed_country": "disallowed_country_call",
    "outbound_call_to_disallowed_country": "disallowed_country_call",
    "api_authentication_blocked_out": "api_authentication_blocked",
    "sip_trunk_disconnect": "sip_trunk_registration_failed",
    "sip_trunk_register_fail": "sip_trunk_registration_failed",
    "emergency_call_dialed_out": "emergency_call",
}
"""The PBX's `event_name` to the contract's. Those of security events are not published: settings add more."""

DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]"
ADDRESS_LABEL = re.compile(r"\bIP(?: address)?:", re.IGNORECASE)
ADDRESS = re.compile(r"\s*([0-9a-fA-F:.]{2,45}?)\.?(?=\s|$)")
LIKE_ADDRESS = re.compile(r"[0-9a-fA-F:.]{2,46}"), re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
# What a template says after the address: counts, a time, then who is speaking.
AFTER_ADDRESS = re.compile(
    rf"(?:\s+[A-Z][A-Za-z ]{{2,30}}: (?:\d{{1,9}}|{DATE}[\d:]{{5,8}}(?: [AP]M)?))*\s*(?:PBX Name:.*)?",
    re.DOTALL,
)
ACCOUNT_LABEL = re.compile(r"\b(?:Username|User name|Account):[ \t]*", re.IGNORECASE)
ADMINISTRATOR = re.compile(
    r"\A(?:The )?(?:administrator|user)[ \t]+(.+)[ \t]has logged in\b", re.IGNORECASE | re.DOTALL
)
EXTENSION = re.compile(r"\bextension(?: (?:number|user))?:?[ \t]+(\d{1,15})\b", re.IGNORECASE | re.ASCII)
TRUNK = re.compile(r"\bSIP trunk:? {1,3}(\S.{0,200}?) (?:has|is|was|failed)\b", re.IGNORECASE)


def system_event(
    pbx: str, frame_type: int, record: Record, received_at: datetime, names: Mapping[str, str]
) -> Login | Notice:
    """One system event; `names` maps the PBX's `event_name` (lower case) to the contract's.

    `at` is when we got it: the PBX's `create_time` and the time in its text differ by hours.
    Raises `BadFieldError`.
    """
    name = key(record, "event_name")
    content = text(record, "event_content", limit=MAX_LONG_TEXT) or ""
    known = snake(name)
    login = LOGINS.get(names.get(known, known))
    if login is not None:
        return _login(pbx, record, content, received_at, *login)
    subject = EXTENSION.search(content)
    trunk = TRUNK.search(content)
    return Notice(
        pbx=pbx,
        id=_id(record),
        at=received_at,
        received_at=received_at,
        trust="text",
        name=names.get(known, known),
        level=LEVELS[frame_type],
        account=account_of(content),
        extension=subject[1] if subject else None,
        trunk=_bounded(trunk[1], "event_content") if trunk else None,
        source_ip=address_of(content),
        text=content or None,
    )


def address_of(content: str) -> str | None:
    """The address a notification names, never one that an attacker wrote into a user name.

    Templates can be edited. Behind the label of a user name the address is the last one, and only what ends a
    template may follow. Where no such label comes first, the name may stand anywhere: then an address is known only
    if the text holds no other.
    """
    labels = list(ADDRESS_LABEL.finditer(content))
    if not labels:
        return None
    user = ACCOUNT_LABEL.search(content) or ADMINISTRATOR.match(content)
    behind = user is not None and user.start() < labels[0].start()
    found = ADDRESS.match(content, labels[-1].end())
    if found is None:
        return None
    if not (AFTER_ADDRESS.fullmatch(content, found.end()) if behind else holds_one_address(content)):
        return None
    try:
        return str(ip_address(found[1]))
    except ValueError:
        return None


def holds_one_address(content: str) -> bool:
    """Whether no two different addresses stand in a text, whatever stands before them."""
    found = set()
    for word in (word for form in LIKE_ADDRESS for word in form.findall(content)):
        with suppress(ValueError):
            found.add(ip_address(word.rstrip(".:")))
    return len(found) == 1


def account_of(content: str) -> str | None:
    """The name behind the user label, up to the template's own next words or the line's end."""
    administrator = ADMINISTRATOR.match(content)
    if administrator:
        return _bounded(administrator[1].strip(), "event_content") or None
    label = ACCOUNT_LABEL.search(content)
    if label is None:
        return None
    rest = content[label.end() :]
    sentence = re.match(rf"(.*)[ \t]at[ \t]{DATE}", rest, re.DOTALL)
    name = sentence[1] if sentence else rest.partition("\n")[0]
    return _bounded(name.strip(), "event_content") or None


def _login(pbx: str, record: Record, content: str, received_at: datetime, outcome: str, surface: str | None) -> Login:
    administrator = snake(key(record, "event_name")) == "web_admin_login_succ"
    return Login(
        pbx=pbx,
        id=_id(record),
        at=received_at,
        received_at=received_at,
        trust="text",
        outcome=outcome,
        surface=surface,
        account=account_of(content),
        source_ip=address_of(content),
        role="administrator" if administrator else None,
    )


def _id(record: Record) -> str:
    """The PBX numbers nothing; its own time and text make both transports agree."""
    parts = (text(record, name, limit=MAX_LONG_TEXT) or "" for name in ("event_name", "create_time", "event_content"))
    return f"notice:{sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _bounded(value: str, field: str) -> str:
    if len(value) > MAX_TEXT:
        raise BadFieldError(f"a name of {len(value)} characters, allowed are {MAX_TEXT}", field)
    return value
