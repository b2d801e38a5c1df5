"""What people may put on the allow-list: what the guard can compare, and never half the world."""

import re
from ipaddress import ip_network

WIDEST = {4: 16, 6: 32}
SHORTEST_NUMBER = 4
_NUMBER = re.compile(r"\+[0-9]{4,15}", re.ASCII)
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]*){2,}(/.*)?|[0-9a-fA-F:]*:[0-9a-fA-F:]*:[^ ]*", re.ASCII)
_VALUE = re.compile(r"[^\x00-\x1f\x7f]{1,256}")


def allowable(what: str) -> str:
    """An entry as the guard compares it. Raises ValueError for what would allow half the world."""
    text = what.strip()
    if not _VALUE.fullmatch(text):
        raise ValueError("an entry has 1 to 256 characters that can be seen")
    if text.startswith("+"):
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"a number is + and {SHORTEST_NUMBER} to 15 digits")
        return text
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        if _ADDRESS.fullmatch(text):
            raise ValueError(f"{text} looks like an address and is none") from None
        return text
    if network.prefixlen < WIDEST[network.version]:
        raise ValueError(f"{network} is wider than /{WIDEST[network.version]}: name the networks that are meant")
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
