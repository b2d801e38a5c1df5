"""The makes of PBX by their names: the one place where the package of a make is looked for."""

from importlib import import_module

from detector.settings import PbxProfile
from streams.config.connection import PbxMake
from streams.config.installation import InstalledPbx
from streams.pbxs.pbx import Fence, KeyedHash, LoginMemory, Make, PbxConnection, WebhookSource


def make_of(name: PbxMake) -> Make:
    """The make of that name; its package is imported now, so that nobody has those of makes he does not use."""
    found = import_module(f"streams.{name}.make").MAKE
    if not isinstance(found, Make) or found.name is not name:
        raise TypeError(f"streams.{name}.make.MAKE is not the make {name}")
    return found


def connect(pbx: InstalledPbx, profile: PbxProfile, memory: LoginMemory, fence: Fence | None = None) -> PbxConnection:
    """A way to this PBX. Raises ValueError where the settings lack what its make needs for one."""
    if pbx.connection is None:
        raise ValueError(f"PBX {pbx.id} has no connection")
    return make_of(pbx.connection.make).connect(pbx, profile, memory, fence)


def webhook_of(pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash) -> WebhookSource | None:
    """What this PBX pushes to us, if it does; without its secrets."""
    if pbx.connection is None:
        return None
    return make_of(pbx.connection.make).webhook(pbx, profile, keyed_hash)
