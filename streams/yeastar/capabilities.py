"""What a P-Series can tell and what can be done to it, as its firmware and the API application's rights allow."""

from collections.abc import Iterable

from detector.contract.vocabulary import Act, Phase
from streams.config.connection import PbxMake
from streams.pbxs.discovery import Capabilities, Doing, Telling
from streams.pbxs.pbx_errors import AccessDenied, NotSupported
from streams.yeastar.answers import Information
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import ACTIONS
from streams.yeastar.settings_reader import reason

LEG = ("call_id", "leg", "direction", "extension", "from", "to", "trunk", "trunk_in", "channel", "via", "on_behalf_of")
RECORD = ("call_id", "leg", "direction", "extension", "from", "to", "trunk", "trunk_in", "channel", "via",
          "on_behalf_of", "pin", "started_at", "answered_at", "duration", "talk", "disposition", "reason")  # fmt: skip
LOGIN = ("surface", "account", "source_ip", "role")
NOT_TOLD = (
    "the PBX pushes only registrations that succeed; of failures its notifications tell once they lock somebody out"
)
NOT_SHOWN = "the API tells of no change of its settings; what changed between two audits does"

TELLS = (
    Telling(kind="call.started", fields=(*LEG, "started_at")),
    Telling(kind="call.answered", fields=LEG),
    Telling(kind="call.ended", fields=RECORD),
    Telling(kind="registration.accepted", fields=("extension", "source_ip", "device")),
    Telling(kind="registration.expired", fields=("extension", "source_ip", "device")),
    Telling(kind="registration.rejected", lacking=NOT_TOLD),
    Telling(kind="login.accepted", fields=LOGIN),
    Telling(kind="login.rejected", fields=LOGIN),
    Telling(kind="notice", fields=("name", "level", "account", "extension", "trunk", "source_ip", "text")),
    Telling(kind="config", lacking=NOT_SHOWN),
)
"""What frames tell. Nobody can ask whether the firmware pushes notices and which are switched on."""
ADDRESS = Telling(kind="call.ended", fields=("source_ip",))
"""A frame has no caller's address: it is in the record."""
RECORDS = "cdr/search"
ROUTE = ("route", "possible_routes")
"""Nor the route of a call: it is derived from the PBX's routes."""
ROUTES = ("outbound_route/list", "outbound_route/get")


async def capabilities(client: YeastarClient) -> Capabilities:
    """All of it, by reading a little of each interface. Raises `PbxError` if there is no way in at all."""
    known = await information(client)
    needed = {RECORDS, *ROUTES, *(path for kind in ACTIONS.all().values() for path in kind.reads)}
    lacking = {path: reason(error) for path in sorted(needed) if (error := await client.hindrance(path)) is not None}
    address = Telling(kind=ADDRESS.kind, fields=ADDRESS.fields, lacking=lacking.get(RECORDS))
    without = first(lacking.get(path) for path in ROUTES)
    routes = [Telling(kind=f"call.{phase}", fields=ROUTE, lacking=without) for phase in Phase]
    return Capabilities(
        make=PbxMake.YEASTAR, model=known.model_name, firmware=known.firmware_version, tells=(*TELLS, address, *routes),
        does=tuple(
            Doing(act=Act(name), lacking=first(lacking.get(path) for path in kind.reads))
            for name, kind in ACTIONS.all().items()
        ),
    )  # fmt: skip


async def information(client: YeastarClient) -> Information:
    """What PBX it is, as far as it says so."""
    try:
        return await client.information()
    except (AccessDenied, NotSupported):
        return Information()


def first(reasons: Iterable[str | None]) -> str | None:
    """The first that there is."""
    return next((one for one in reasons if one is not None), None)
