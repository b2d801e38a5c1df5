"""Yeastar P-Series: the first make of PBX behind the seam."""

from collections.abc import Mapping
from typing import ClassVar

from detector.contract.visibility import Source
from detector.contract.vocabulary import Act
from detector.formats.yeastar.yeastar_tellings import API, CDR
from detector.settings import PbxProfile
from streams.config.connection import PbxMake
from streams.config.installation import InstalledPbx
from streams.pbxs.pbx import AnyAction, Fence, KeyedHash, LoginMemory, Make
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series import PSeriesConnection, frames_of, zone_of
from streams.yeastar.p_series_action import ACTIONS
from streams.yeastar.webhook import PSeriesWebhook, webhook_of


class PSeries(Make):
    """The Yeastar P-Series, by its API and its webhook."""

    name: ClassVar[PbxMake] = PbxMake.YEASTAR

    def connect(
        self, pbx: InstalledPbx, profile: PbxProfile, memory: LoginMemory, fence: Fence | None = None
    ) -> PSeriesConnection:
        """A client of the PBX's API. Raises ValueError without a client id and secret."""
        connection = pbx.connection
        if connection is None or connection.client_id is None or connection.client_secret is None:
            raise ValueError(f"PBX {pbx.id} has no connection with client_id and client_secret")
        client = YeastarClient(
            str(connection.url), connection.client_id.get_secret_value(), connection.client_secret,
            zone=zone_of(pbx, profile), verify=connection.verify_tls, memory=memory, fence=fence,
        )  # fmt: skip
        return PSeriesConnection(client, pbx, connection, profile)

    def webhook(self, pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash) -> PSeriesWebhook | None:
        """Its webhook, which reads times as the PBX shows them once somebody has said how."""
        return webhook_of(pbx, frames_of(pbx, profile, keyed_hash))

    def actions(self) -> Mapping[Act, type[AnyAction]]:
        """Those in the folder `actions`."""
        return {Act(name): kind for name, kind in ACTIONS.all().items()}

    def sources(self) -> tuple[Source, ...]:
        """What it pushes, and its call records."""
        return (API, CDR)


MAKE = PSeries()
