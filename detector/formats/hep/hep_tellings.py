"""What copies of the SIP of a PBX tell, as they are read here."""

from detector.contract.visibility import Source, Telling

ASKED = ("account", "source_ip", "user_agent", "transport")
SENT = "HEP sent by the PBX, a proxy before it, or a capture agent, with `hep` in the settings"
LEG = ("leg", "direction", "extension", "from", "to", "trunk", "trunk_in", "route", "source_ip", "user_agent")
OVER = ("started_at", "answered_at", "duration", "talk", "disposition")
REASONS = "reason=busy|timeout|cancelled|congestion|unallocated|rejected"
CREDENTIALS = (
    Telling(kind="registration.accepted", fields=ASKED, only=("party=extension",), provided=SENT),
    Telling(kind="registration.removed", fields=ASKED, only=("party=extension",), provided=SENT),
    Telling(
        kind="registration.challenged", fields=(*ASKED, "method=REGISTER|INVITE|SUBSCRIBE"),
        only=("party=extension",), provided=SENT,
    ),
    Telling(
        kind="registration.rejected", fields=(*ASKED, "method=REGISTER|INVITE|SUBSCRIBE", "reason"),
        only=("party=extension",), provided=SENT,
    ),
    Telling(
        kind="notice", fields=("level", "account", "trunk", "source_ip", "text"),
        only=("name=sip_probe|sip_probes_folded|sip_trunk_registration_failed",), provided=SENT,
    ),
)  # fmt: skip
TURNED_AWAY = Telling(
    kind="call.ended", only=("direction=",), provided=SENT,
    fields=("leg", "direction=", "from", "to", "source_ip", "user_agent", "started_at", "duration", "talk",
            "disposition", REASONS),
)  # fmt: skip
CALLS = (
    Telling(kind="call.started", fields=(*LEG, "via=direct"), provided=SENT),
    Telling(kind="call.answered", fields=(*LEG, "via=direct"), provided=SENT),
    Telling(kind="call.ended", fields=(*LEG, "via=direct", *OVER, REASONS), provided=SENT),
)
ALONE = Source(name="hep", title="copies of its SIP by HEP", live=True, gives=(*CREDENTIALS, *CALLS))
BESIDE = Source(
    name="hep-beside", title="copies of its SIP by HEP, beside a connection that tells of calls", live=True,
    gives=(*CREDENTIALS, TURNED_AWAY),
)  # fmt: skip
