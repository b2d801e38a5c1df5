"""Asterisk: the second make of PBX behind the seam."""

from collections.abc import Mapping
from typing import ClassVar

from detector.contract.visibility import Source
from detector.contract.vocabulary import Act
from detector.formats.asterisk.asterisk_tellings import MANAGER_INTERFACE
from detector.settings import PbxProfile
from streams.asterisk.ami import place_of
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.asterisk_action import ASTERISK_ACTIONS
from streams.asterisk.asterisk_pbx import AsteriskConnection
from streams.asterisk.dialplan_hook import hook_text
from streams.asterisk.manager_login import ManagerLogin
from streams.config.connection import PbxMake
from streams.config.installation import InstalledPbx
from streams.pbxs.dialling import dialling_of
from streams.pbxs.pbx import AnyAction, Fence, KeyedHash, LoginMemory, Make, WebhookSource
from streams.pbxs.tls_context import tls


class AsteriskMake(Make):
    """Asterisk by its manager interface, FreePBX included."""

    name: ClassVar[PbxMake] = PbxMake.ASTERISK

    def connect(
        self, pbx: InstalledPbx, profile: PbxProfile, memory: LoginMemory, fence: Fence | None = None
    ) -> AsteriskConnection:
        """Raises ValueError without name and secret of a manager user."""
        connection = pbx.connection
        if connection is None or connection.client_id is None or connection.client_secret is None:
            raise ValueError(f"PBX {pbx.id} has no connection with client_id and client_secret")
        login = ManagerLogin(connection.client_id.get_secret_value(), connection.client_secret, memory, fence)
        client = AmiClient(place_of(connection.url, tls(connection.verify_tls)), login)
        return AsteriskConnection(client, pbx, profile)

    def webhook(self, pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash) -> WebhookSource | None:
        """It pushes nothing."""
        return None

    def actions(self) -> Mapping[Act, type[AnyAction]]:
        """Those in the folder `actions`."""
        return {Act(name): kind for name, kind in ASTERISK_ACTIONS.all().items()}

    def sources(self) -> tuple[Source, ...]:
        """Its manager interface."""
        return (MANAGER_INTERFACE,)

    def hook(self, profile: PbxProfile) -> str:
        """The dialplan file, with the emergency numbers of the settings."""
        return hook_text(dialling_of(profile).emergency)


MAKE = AsteriskMake()
