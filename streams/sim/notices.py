"""System events (30034-30036): what the PBX says about logins, blocks and emergency calls."""

from typing import NamedTuple

from streams.sim.event_hub import NOTICE_ALERT, NOTICE_INFORMATION, NOTICE_WARNING, EventHub
from streams.sim.options import SimOptions
from streams.sim.sim_clock import SimClock


class SimNotice(NamedTuple):
    """Kind, level and notification template of one system event."""

    event: int
    event_type: str
    text: str


_FOOT = "\nPBX Name: {pbx}\nPBX SN: {sn}"

# Only web_admin_login_succ, web_login_fail and sip_trunk_disconnect have been seen; the others are our guess.
NOTICES: dict[str, SimNotice] = {
    "web_admin_login_succ": SimNotice(
        NOTICE_INFORMATION,
        "operation",
        "The administrator {user} has logged in the PBX web interface at {time}.\n"
        "The login is derived from the IP address: {ip}.",
    ),
    "web_user_login_succ": SimNotice(
        NOTICE_INFORMATION,
        "operation",
        "The user {user} has logged in the PBX web interface at {time}.\n"
        "The login is derived from the IP address: {ip}.",
    ),
    "web_login_fail": SimNotice(
        NOTICE_ALERT,
        "operation",
        "Someone has failed to log in the PBX web interface via the Username: {user} at {time}.\n"
        "The login attempt is derived from the IP address: {ip}.",
    ),
    "linkus_login_fail": SimNotice(
        NOTICE_ALERT,
        "operation",
        "Someone has failed to log in the Linkus client via the Username: {user} at {time}.\n"
        "The login attempt is derived from the IP address: {ip}.",
    ),
    "web_user_blocked_out": SimNotice(
        NOTICE_ALERT,
        "security",
        "Web user blocked out: too many failed logins.\nUsername: {user}\nTime: {time}\nIP address: {ip}",
    ),
    "linkus_user_blocked_out": SimNotice(
        NOTICE_ALERT,
        "security",
        "Linkus user blocked out: too many failed logins.\nUsername: {user}\nTime: {time}\nIP address: {ip}",
    ),
    "extension_registration_blocked_out": SimNotice(
        NOTICE_ALERT,
        "security",
        "Extension registration blocked out: too many failed registrations.\n"
        "Extension: {user}\nTime: {time}\nIP address: {ip}\nFailed attempts: {count}",
    ),
    "auto_defense_ip_blocked_out": SimNotice(
        NOTICE_ALERT,
        "security",
        "An IP address has been blocked by Auto Defense.\nTime: {time}\nIP address: {ip}",
    ),
    "api_authentication_blocked_out": SimNotice(
        NOTICE_ALERT,
        "security",
        "API authentication blocked out: too many failed authentications.\nTime: {time}\nIP address: {ip}",
    ),
    "sip_trunk_disconnect": SimNotice(
        NOTICE_WARNING,
        "telephony",
        "The SIP trunk {trunk} has been disconnected at {time}.",
    ),
    "emergency_call_dialed_out": SimNotice(
        NOTICE_ALERT,
        "telephony",
        "Emergency Call Dialed Out.\nThe extension {user} has dialed the emergency number {number} at {time}.",
    ),
}
_LEVELS = {NOTICE_INFORMATION: "info", NOTICE_WARNING: "warn", NOTICE_ALERT: "error"}


class NoticeBoard:
    """Raises system events; those whose notification is switched off are not pushed."""

    def __init__(self, options: SimOptions, clock: SimClock, hub: EventHub) -> None:
        self._options = options
        self._clock = clock
        self._hub = hub

    def post(self, name: str, **fields: object) -> None:
        """Push one system event; `fields` fill its template. Its `create_time` is not local time."""
        if name in self._options.silent_notifications:
            return
        notice = NOTICES[name]
        now = self._clock.now()
        values = {key: str(value)[:256] for key, value in fields.items()}
        text = (notice.text + _FOOT).format(
            time=self._clock.display(now), pbx=self._options.device_name, sn=self._options.serial, **values
        )
        self._hub.emit(
            notice.event,
            {
                "event_name": name,
                "event_type": notice.event_type,
                "event_level": _LEVELS[notice.event],
                "event_content": text,
                "create_time": self._clock.display_utc(now),
            },
        )
