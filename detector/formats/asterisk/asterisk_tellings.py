"""What an Asterisk tells, as it is read here: by its manager interface, its two logs, and its call records."""

from detector.contract.visibility import Source, Telling

ASKED = ("account", "source_ip", "transport")
REFUSED = (*ASKED, "method=REGISTER|INVITE", "reason")
CREDENTIALS = ("surface=ami", "method=password", "account", "source_ip")
TURNED_AWAY = ("direction=outbound|", "extension", "from", "to", "source_ip", "disposition")
LEG = ("leg", "direction", "extension", "from", "to", "trunk", "trunk_in", "route", "on_behalf_of", "channel")
REASONS = "reason=busy|timeout|cancelled|congestion|unallocated|rejected"
"""Those that rules may ask for; any other word of the dialplan is left out."""
OVER = ("started_at", "answered_at", "duration", "talk", "disposition")
SECURITY = "`security` named in logger.conf"
MANAGER = "a manager user with `read = security,call,cdr,system,user`"
AMI_REQUESTS = ("ami_request_bad_format", "ami_request_not_allowed", "ami_request_not_supported")
OF_SECURITY = ("registrar_refused", *AMI_REQUESTS)


def notices(*names: str, text: bool = False, provided: str | None = None) -> Telling:
    """Notices of these names."""
    only = (f"name={'|'.join(sorted(names))}",)
    fields = ("level", "account", "trunk", "source_ip", "text")
    return Telling(kind="notice", fields=fields, only=only, text=text, provided=provided)


def security(provided: str, *more: str, accepted: tuple[str, ...] = ASKED) -> tuple[Telling, ...]:
    """What security events tell, whichever way they come; of refusals `more` by some."""
    asked = (*ASKED, "method=REGISTER|INVITE")
    return (
        Telling(kind="registration.accepted", fields=accepted, only=("party=extension",), provided=provided),
        Telling(kind="registration.challenged", fields=asked, only=("party=extension",), provided=provided),
        Telling(kind="registration.rejected", fields=(*REFUSED, *more), only=("party=extension",), provided=provided),
        Telling(kind="login.accepted", fields=CREDENTIALS, only=("surface=ami",), provided=provided),
        Telling(kind="login.rejected", fields=(*CREDENTIALS, "reason", *more), only=("surface=ami",),
                provided=provided),
        Telling(kind="call.ended", fields=(*TURNED_AWAY, "reason=unallocated|session_limit"),
                only=("direction=outbound|",), provided=provided),
    )  # fmt: skip


MESSAGES = (
    Telling(kind="registration.accepted", fields=("account",), only=("party=extension",), text=True),
    Telling(
        kind="registration.rejected",
        fields=("account", "method=REGISTER|INVITE|SUBSCRIBE", "source_ip", "reason", "count"),
        only=("party=extension",), text=True,
    ),
    Telling(kind="login.rejected", fields=(*CREDENTIALS, "reason", "count"), only=("surface=ami",), text=True),
    Telling(
        kind="call.ended", fields=(*TURNED_AWAY, "reason=unallocated|rejected"), only=("direction=outbound|",),
        text=True,
    ),
    notices("acl_rejected", "sip_probe", "registrar_refused", "sip_trunk_registration_failed", text=True),
)  # fmt: skip
LOGS = (*security(SECURITY, "count"), notices(*OF_SECURITY, provided=SECURITY), *MESSAGES)
AMI_CALL = (*LEG, "via=direct|forward|transfer", "source_ip")
AMI = (
    *security(MANAGER, accepted=(*ASKED, "user_agent")),
    notices(*OF_SECURITY, "sip_trunk_registration_failed", provided=MANAGER),
    Telling(kind="registration.expired", fields=("account", "party"), provided=MANAGER),
    Telling(kind="registration.removed", fields=("account", "party"), provided=MANAGER),
    Telling(kind="call.started", fields=AMI_CALL, provided=MANAGER),
    Telling(kind="call.answered", fields=(*AMI_CALL, "started_at"), provided=MANAGER),
    Telling(
        kind="call.ended", provided=MANAGER,
        fields=(*LEG, "via=direct|forward|transfer|voicemail|conference|queue|disa", "source_ip", *OVER, REASONS),
    ),
)  # fmt: skip
RECORDS = (
    Telling(
        kind="call.ended",
        fields=(*LEG, "via=direct|forward|voicemail|conference|queue|disa", *OVER),
        only=("direction=outbound|inbound|internal|transit",),
    ),
)

MANAGER_INTERFACE = Source(name="asterisk-ami", title="an Asterisk by its manager interface", live=True, gives=AMI)
BOTH_LOGS = Source(name="asterisk-log", title="both logs of an Asterisk, messages and security", live=True, gives=LOGS)
ONE_LOG = Source(name="asterisk-messages", title="the log messages of an Asterisk alone", live=True, gives=MESSAGES)
CALL_RECORDS = Source(name="asterisk-cdr", title="call records of an Asterisk", live=False, gives=RECORDS)
