"""Sentences by which Asterisk's channel drivers and FreePBX's dialplan turn somebody away."""

import re

AT = r"(?P<place>[^()\s]{2,64})"
WHO = r"'(?P<account>.{0,256}?)'"
ENDPOINT = r"'(?P<account>[^']{0,128})'"

DEVICE = re.compile(
    r"(?P<what>Failed to authenticate|Sending fake auth rejection for) (?:device|user) (?P<from>.*?)"
    rf"(?: for (?P<method>[A-Z]{{1,16}}), code = -?\d{{1,9}})?(?: \({AT}\))?\s*",
    re.DOTALL,
)
"""chan_sip, an INVITE: Asterisk 1.8 to 12 end with the caller's tag, later ones name method and code; no address."""
PROBE = re.compile(r"Unknown SIP command '(?P<method>[^']{0,64})' from '(?P<place>[^']{2,64})'\s*", re.ASCII)
UNKNOWN_CONNECTION = re.compile(r"\s*\"?Rejecting unknown SIP connection from (?P<place>[^\s\"]{2,64})\"?\s*", re.ASCII)
"""FreePBX's dialplan, for whoever comes without an account."""
REGISTRAR = (
    (re.compile(rf"Endpoint {ENDPOINT} \({AT}\) has no configured AORs"), "no_aor"),
    (re.compile(rf"AOR '[^']{{0,128}}' not found for endpoint {ENDPOINT} \({AT}\)"), "no_aor"),
    (
        re.compile(
            rf"Registration attempt from endpoint {ENDPOINT} \({AT}\) to AOR '[^']{{0,128}}' will exceed max contacts"
        ),
        "max_contacts",
    ),
)
"""What pjsip's registrar refuses to a phone that has given the right credentials, or needed none."""
IAX_REFUSED = (
    (
        re.compile(
            rf"Host {AT} failed (?:MD5 |RSA |plaintext )?authentication (?:for|with inkey) {WHO}(?: \(.*)?", re.DOTALL
        ),
        "bad_password",
    ),
    (re.compile(rf"Host {AT} failed to authenticate as '?(?P<account>.{{0,256}}?)'?\s*", re.DOTALL), "bad_password"),
    (re.compile(rf"Host {AT} denied access to register peer {WHO}\s*", re.DOTALL), "acl"),
    (re.compile(rf"No registration for peer {WHO} \(from {AT}\)\s*", re.DOTALL), "unknown_account"),
    (re.compile(rf"Peer {WHO} is not dynamic \(from {AT}\)\s*", re.DOTALL), "not_dynamic"),
)
IAX_CALL = re.compile(
    r"Rejected connect attempt from (?P<place>[^\s,]{2,64}), (?:who was trying to reach|request) "
    r"'(?P<to>[^@']{0,128})@[^']{0,128}'.*",
    re.ASCII | re.DOTALL,
)
TRUNK_REFUSED = (
    re.compile(r"Failed to authenticate on REGISTER to '(?P<trunk>[^']{1,256})'.*", re.DOTALL),
    re.compile(
        r"(?:Fatal|Temporal) response '\d{3}' received from '[^']{1,256}' "
        r"on registration attempt to '(?P<trunk>[^']{1,256})'.*",
        re.DOTALL,
    ),
)
"""Our own registration at a carrier is refused, by chan_sip and by pjsip."""
PROBES = frozenset({"OPTIONS", "PUBLISH", "INFO", "NOTIFY", "MESSAGE", "CANCEL", "BYE", "ACK", "PRACK"})
"""Requests that ask for no line and no registration: whoever sends them unknown is looking around."""
