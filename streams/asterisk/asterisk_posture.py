"""What an audit can know of an Asterisk by its manager interface: far less than of a PBX with an API."""

from collections.abc import Iterable

from detector.audit.declared import Declared
from detector.audit.posture import BlockedPosture, ExtensionPosture, Fact, Posture, RoutePosture, TrunkPosture
from detector.audit.strength import flaws
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.astdb import AstDb
from streams.asterisk.asterisk_action import AsteriskMeans
from streams.asterisk.asterisk_discover import discover, fact, firmware
from streams.pbxs.discovery import FoundExtension

FAMILY = "/ringfence/number/"
NO_WEB = "an Asterisk has no portal of its own"
NO_FILES = "the manager interface does not show it"


async def read_posture(means: AsteriskMeans, pbx: str, declared: Declared) -> Posture:
    """All that can be known of one PBX. Raises `PbxError` if there is no way in."""
    version = await firmware(means.client)
    found = await discover(means)
    passwords = await fact("PJSIPShowEndpoint", lambda: password_flaws(means.client, found.extensions.value or ()))
    blocked = await fact("DBGetTree: ringfence/number", lambda: AstDb(means.client).tree("ringfence/number"))
    return Posture(
        pbx=pbx,
        firmware=Fact(version, "CoreSettings"),
        web_port=Fact(None, NO_WEB),
        extensions=Fact(
            None if found.extensions.value is None
            else tuple(
                ExtensionPosture(number=one.number, password_flaws=(passwords.value or {}).get(one.number))
                for one in found.extensions.value
            ),
            found.extensions.source,
        ),
        passwords=Fact(True if passwords.value is not None else None, passwords.source),
        routes=Fact(
            None if found.routes.value is None
            else tuple(
                RoutePosture(name=one.name, patterns=one.patterns, trunks=one.trunks, groups=one.groups)
                for one in found.routes.value
            ),
            found.routes.source,
        ),
        trunks=Fact(
            None if found.trunks.value is None
            else tuple(TrunkPosture(name=one.name, hostname=next(iter(one.hosts), "")) for one in found.trunks.value),
            found.trunks.source,
        ),
        blocked=Fact(
            None if blocked.value is None
            else tuple(
                BlockedPosture(name=key, direction="outbound", numbers=(key.removeprefix(FAMILY),))
                for key in blocked.value
            ),
            blocked.source,
        ),
        premium_blocked=Fact(None, NO_FILES),
        backup_age=Fact(None, NO_FILES),
        declared=declared,
    )  # fmt: skip


async def password_flaws(client: AmiClient, extensions: Iterable[FoundExtension]) -> dict[str, tuple[str, ...]]:
    """What is wrong with each password that is shown, by extension; the passwords are forgotten at once."""
    found = {}
    for one in extensions:
        shown = await client.list("PJSIPShowEndpoint", Endpoint=one.number)
        secret = next((each["Password"] for each in shown if each.get("Password")), None)
        if secret is not None:
            found[one.number] = flaws(secret, one.number, one.name)
    return found
