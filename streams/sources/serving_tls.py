"""TLS for whoever connects to us to bring something."""

import ssl
from pathlib import Path

HANDSHAKE_SECONDS = 10.0


def serving(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """With this certificate; its key may stand in the same file. Raises OSError where they cannot be used."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
