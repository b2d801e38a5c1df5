"""How far the certificate of a PBX is believed."""

import ssl
from functools import cache
from pathlib import Path


@cache
def tls(verify: bool | Path) -> ssl.SSLContext:
    """The context for `verify`: the system's authorities, those of a file, or no check at all. One for all PBXs."""
    if verify is True:
        return ssl.create_default_context()
    if verify is not False:
        return ssl.create_default_context(cafile=verify)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
