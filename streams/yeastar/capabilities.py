"""What a P-Series can tell and what can be done to it, as its firmware and the API application's rights allow."""

from collections.abc import Iterable

from msgspec.structs import replace

from detector.contract.vocabulary import Act
from detector.formats.yeastar.yeastar_tellings import API, CDR
from streams.config.connection import PbxMake
from streams.pbxs.discovery import Capabilities, Doing
from streams.pbxs.pbx_errors import AccessDenied, NotSupported
from streams.yeastar.answers import Information
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import ACTIONS
from streams.yeastar.settings_reader import reason

RECORDS = "cdr/search"


async def capabilities(client: YeastarClient) -> Capabilities:
    """All of it, by reading a little of each interface. Raises `PbxError` if there is no way in at all."""
    known = await information(client)
    needed = {RECORDS, *(path for kind in ACTIONS.all().values() for path in kind.reads)}
    lacking = {path: reason(error) for path in sorted(needed) if (error := await client.hindrance(path)) is not None}
    records = tuple(replace(one, lacking=lacking.get(RECORDS)) for one in CDR.gives)
    return Capabilities(
        make=PbxMake.YEASTAR, model=known.model_name, firmware=known.firmware_version, tells=API.gives, records=records,
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
