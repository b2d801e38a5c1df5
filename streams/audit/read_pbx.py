"""Asks one PBX for all that an audit tells of it, whatever its make; nothing is changed there."""

from datetime import datetime

from msgspec import Struct

from detector.audit.declared import Declared
from detector.audit.posture import Posture
from detector.settings import PbxProfile
from streams.config.installation import InstalledPbx
from streams.pbxs.discovery import Capabilities
from streams.pbxs.guarding.reconciling import misfits
from streams.pbxs.makes import connect
from streams.pbxs.pbx import NoMemory


class SeenPbx(Struct, frozen=True, kw_only=True):
    """Its settings as they are judged, what it can tell, what can be done to it, and where our settings misfit."""

    posture: Posture
    capabilities: Capabilities
    notes: tuple[str, ...]


async def read_pbx(pbx: InstalledPbx, profile: PbxProfile, declared: Declared, now: datetime) -> SeenPbx:
    """All of it. Raises `PbxError` if there is no way in, ValueError where the settings name none."""
    connection = connect(pbx, profile, NoMemory())
    try:
        posture = await connection.posture(declared, now)
        capabilities = await connection.capabilities()
        found = await connection.discover()
    finally:
        await connection.close()
    return SeenPbx(posture=posture, capabilities=capabilities, notes=tuple(misfits(profile, found)))
