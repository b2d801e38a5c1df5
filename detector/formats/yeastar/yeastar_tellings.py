"""What a P-Series tells, as it is read here: by the frames it pushes, and by its call records."""

from detector.contract.visibility import Source, Telling
from detector.formats.yeastar.yeastar_notices import NAMES

LEG = ("leg", "direction", "extension", "from", "to", "trunk", "trunk_in", "channel")
ENDED = ("leg", "direction", "extension", "from", "to", "trunk", "trunk_in", "on_behalf_of", "pin", "started_at",
         "answered_at", "duration", "talk", "disposition", "reason")  # fmt: skip
SYSTEM_EVENTS = "firmware that pushes system events (30034 to 30036), each switched on in System > Event Notification"
FIRMWARE = ("system_upgrade_completed", "new_system_firmware_detected", "system_restore")
"""Events that come under their own names."""
NOT_TOLD = (
    "the PBX pushes only registrations that succeed; of failures its notifications tell once they lock somebody out"
)
NOT_SHOWN = "the API tells of no change of its settings; what changed between two audits does"

FRAMES = (
    Telling(kind="call.started", fields=(*LEG, "via=direct|forward|transfer", "on_behalf_of", "started_at")),
    Telling(kind="call.answered", fields=(*LEG, "via=direct|forward|transfer", "on_behalf_of")),
    Telling(kind="call.ended", fields=(*ENDED, "channel", "via=direct|forward|voicemail")),
    Telling(kind="registration.accepted", fields=("extension", "source_ip", "device"), only=("party=extension",)),
    Telling(kind="registration.expired", fields=("extension", "source_ip", "device"), only=("party=extension",)),
    Telling(kind="registration.rejected", lacking=NOT_TOLD),
    Telling(
        kind="login.accepted", fields=("surface=web", "account", "source_ip", "role"), only=("surface=web",),
        text=True, provided=SYSTEM_EVENTS,
    ),
    Telling(
        kind="login.rejected", fields=("surface=web", "account", "source_ip"),
        only=("surface=web|linkus_desktop|linkus_mobile|linkus_web|",), text=True, provided=SYSTEM_EVENTS,
    ),
    Telling(
        kind="notice", fields=("level", "account", "extension", "trunk", "source_ip", "text"),
        only=(f"name={'|'.join(sorted({*NAMES.values(), *FIRMWARE}))}",), text=True, provided=SYSTEM_EVENTS,
    ),
    Telling(kind="config", lacking=NOT_SHOWN),
)  # fmt: skip
RECORDS = (
    Telling(
        kind="call.ended",
        fields=(*ENDED, "via=direct|forward|voicemail", "source_ip"),
        only=("direction=outbound|inbound|internal|transit",),
    ),
)

API = Source(name="p-series", title="a P-Series by its API, live", live=True, gives=FRAMES)
CDR = Source(name="p-series-cdr", title="call records of a P-Series", live=False, gives=RECORDS)
