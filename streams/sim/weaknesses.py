"""The weaknesses a simulated PBX can have, by control, and what its portal shows where the API does not."""

from typing import Literal

Control = Literal[
    "C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C09", "C10", "C11", "C12", "C13", "C14", "C15", "C16",
    "C17", "C18", "C19", "C20", "C21", "C22", "C23", "C24", "C25", "C26", "C27", "C28", "C29", "C30", "C31", "C32",
]  # fmt: skip
USUAL: frozenset[Control] = frozenset({"C10", "C11", "C12", "C13", "C23", "C31"})
"""What the attacks of the simulator live on; an empty set is a sound PBX."""

OLD_FIRMWARE = "37.20.0.5"
NOTIFIED = [
    "extension_registration_blocked_out", "web_user_blocked_out", "linkus_user_blocked_out",
    "auto_defense_ip_blocked_out", "outbound_call_frequency_exceeded", "outbound_call_to_a_disallowed_country",
    "api_authentication_blocked_out",
]  # fmt: skip
WEAK_IN_PORTAL: dict[Control, dict[str, object]] = {
    "C02": {"ssh": True},
    "C03": {"exposed_services": {"sip": 5060}},
    "C04": {"port_forwarding": True},
    "C05": {"shared_blocklist": False},
    "C06": {"allowed_countries": []},
    "C07": {"static_accept": ["192.168.20.0/24", "0.0.0.0/0"]},
    "C08": {"auto_defense": {}},
    "C09": {"registration_attempts": 0},
    "C15": {"login_attempts": 0},
    "C16": {"single_sign_on": False},
    "C17": {"two_factor": False},
    "C18": {"login_link_once": False},
    "C19": {"password_min_length": 6},
    "C21": {"remote_login_restricted": False},
    "C24": {"routes_with_time_condition": []},
    "C25": {"allowed_country_codes": []},
    "C27": {"call_frequency": ""},
    "C28": {"trunk_calls": {"carrier-a": 30, "carrier-b": 0}},
    "C29": {"max_call_seconds": 0},
    "C30": {"notifications": NOTIFIED[:2]},
    "C32": {"archive": "none"},
}


def portal(weak: frozenset[Control], firmware: str) -> dict[str, object]:
    """What an administrator reads in the portal, as `defaults` of an audit's settings file."""
    shown: dict[str, object] = {
        "latest_firmware": firmware, "ssh": False, "exposed_services": {"sip_tls": 15061}, "port_forwarding": False,
        "shared_blocklist": True, "allowed_countries": ["US"], "static_accept": ["192.168.20.0/24"],
        "auto_defense": {"sip": "40/2", "https": "120/60", "ssh": "10/60"}, "registration_attempts": 5,
        "remote_extensions": ["1003", "1007", "1012"], "login_attempts": 5, "single_sign_on": True, "two_factor": True,
        "login_link_once": True, "password_min_length": 10, "password_history": 5, "administrators": ["1000"],
        "remote_login_restricted": True, "routes_for_everybody": ["National"],
        "routes_with_time_condition": ["International", "Softphones E.164"],
        "allowed_country_codes": ["1", "44", "49"], "call_frequency": "5/1/second",
        "trunk_calls": {"carrier-a": 30, "carrier-b": 30}, "max_call_seconds": 7200, "notifications": NOTIFIED,
        "notification_contacts": 2, "backup_schedule": True, "archive": "sftp",
    }  # fmt: skip
    for control in weak:
        shown |= WEAK_IN_PORTAL.get(control, {})
    return shown
