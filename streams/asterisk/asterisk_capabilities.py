"""What an Asterisk can tell and what can be done to it, as our manager user's rights and its dialplan allow."""

from collections.abc import Collection

from detector.contract.vocabulary import Act
from detector.formats.asterisk.asterisk_tellings import AMI
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.asterisk_action import ASTERISK_ACTIONS, AsteriskMeans, lacking_look, sorcery_lines
from streams.asterisk.asterisk_discover import firmware
from streams.asterisk.dialplan_hook import hook_problem
from streams.config.connection import PbxMake
from streams.pbxs.discovery import Capabilities, Doing
from streams.pbxs.pbx_errors import AccessDenied, NotSupported

WRITES = "a manager user with `write = system,call,reporting`"


async def capabilities(means: AsteriskMeans) -> Capabilities:
    """All of it; changes nothing. Raises `PbxError` if there is no way in at all."""
    version = await firmware(means.client)
    rights = await _lacking_rights(means.client)
    hook = await hook_problem(means.client, means.dialling.emergency)
    looks = frozenset[str]() if rights else await sorcery_lines(means.client)
    return Capabilities(
        make=PbxMake.ASTERISK, model="Asterisk", firmware=version, tells=AMI,
        does=tuple(
            Doing(act=Act(name), lacking=rights or (hook if kind.hooked else None) or unlooked(kind.looks, looks))
            for name, kind in ASTERISK_ACTIONS.all().items()
        ),
    )  # fmt: skip


def unlooked(line: str, there: Collection[str]) -> str | None:
    """What is said where an action needs a line of sorcery.conf that is not there."""
    return lacking_look(line) if line and line not in there else None


async def _lacking_rights(client: AmiClient) -> str | None:
    """What we may not do: to list contacts takes the class that to write into AstDB takes."""
    try:
        await client.list("PJSIPShowContacts")
    except AccessDenied:
        return WRITES
    except NotSupported:
        return None
    return None
