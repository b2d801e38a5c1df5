"""What a login to a P-Series leaves behind: a crash loop neither uses up the PBX's tokens nor its patience."""

import msgspec
from msgspec import Struct


class Remembered(Struct, frozen=True, kw_only=True):
    """Tokens with their ends in seconds since 1970, and failures in a row.

    `credentials` names client id and secret by a keyed hash: other ones start with a clean slate.
    """

    credentials: str = ""
    access: str = ""
    refresh: str = ""
    renew_at: float = 0.0
    refresh_until: float = 0.0
    failures: int = 0

    def __repr__(self) -> str:
        """Without the tokens."""
        return "Remembered()"


def recall(kept: bytes | None, credentials: str) -> Remembered:
    """What was left for these credentials; what cannot be read, or belongs to others, is as nothing."""
    try:
        found = msgspec.json.decode(kept or b"", type=Remembered)
    except msgspec.MsgspecError:
        found = None
    return found if found is not None and found.credentials == credentials else Remembered(credentials=credentials)
