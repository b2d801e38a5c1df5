"""What a FreeSWITCH tells by its log, as it is read here: all of it is text."""

from detector.contract.visibility import Source, Telling

LEG = ("leg", "direction", "extension", "from", "to", "trunk", "route", "on_behalf_of", "channel", "source_ip")
ANY_WAY = "via=direct|forward|transfer"
REFUSALS = "`log-auth-failures` in the sofia profiles"
CALLS = "the level `info`, and `debug` for trunks"
REASONS = "reason=unallocated|rejected|busy|cancelled|congestion|timeout|no_permission"
"""Those that rules may ask for; any other cause is left out."""
ASKED = ("account", "method=REGISTER|INVITE|SUBSCRIBE", "source_ip")

TELLS = (
    Telling(kind="registration.challenged", fields=ASKED, only=("party=extension",), text=True, provided=REFUSALS),
    Telling(
        kind="registration.rejected",
        fields=(*ASKED, "reason"),
        only=("party=extension",),
        text=True,
        provided=REFUSALS,
    ),
    Telling(
        kind="notice",
        fields=("level", "trunk", "source_ip", "text"),
        only=("name=acl_rejected|sip_trunk_registration_failed",),
        text=True,
    ),
    Telling(kind="call.started", fields=(*LEG, ANY_WAY), text=True, provided=CALLS),
    Telling(kind="call.answered", fields=(*LEG, "via=direct|forward"), text=True, provided=CALLS),
    Telling(
        kind="call.ended",
        fields=(*LEG, ANY_WAY, "trunk_in", "started_at", "answered_at", "duration", "talk", "disposition", REASONS),
        text=True,
        provided=CALLS,
    ),
)
LOG = Source(name="freeswitch-log", title="the log of a FreeSWITCH", live=True, gives=TELLS)
