"""Sentences by which Asterisk's channel drivers and FreePBX's dialplan turn somebody away."""

import re

AT = r"(?P<place>[^()\s]{2,64})"
WHO = r"'(?P<account>.{0,256}?)'"
ENDPOINT = r"'(?P<account>[^']{0,128})'"

DEVICE = re.compile(
    r"(?P<what>Failed to authenticate|Sending fake auth rejection for) (?:device|user) (?P<from>.*?)"
    rf"(?: for (?P<method>[A-Z]{{1,16}}))?(?:, code = -?\d{{1,9}})?(?: \((?:[A-Z]{{1,16}}: )?{AT}\))?\s*",
    re.DOTALL,
)
"""chan_sip, mostly an INVITE: Asterisk 1.8 to 12 end with the caller's tag, later ones name method and code; no
address."""
PROBE = re.compile(r"Unknown SIP command '(?P<method>[^']{0,64})' from '(?P<place>[^']{2,64})'\s*", re.ASCII)
HACKING = re.compile(r"hacking attempt detected '(?P<place>[^']{2,64})'\s*", re.ASCII)
"""A patch of chan_sip that some distributions have."""
UNKNOWN_CONNECTION = re.compile(r"\s*\"?Rejecting unknown SIP connection from (?P<place>[^\s\"]{2,64})\"?\s*", re.ASCII)
"""FreePBX's dialplan, for whoever comes without an account."""
FRIENDLY_SCANNER = re.compile(r"\s*\"?Friendly Scanner from ", re.ASCII)
"""FreePBX's dialplan for any number that comes in without a route of its own, from the carrier as well. The address is
what the caller wrote into a header: nobody is accused by it."""
REGISTRAR = (
    (re.compile(rf"Endpoint {ENDPOINT}(?: \({AT}\))? has no configured AORs"), "no_aor"),
    (re.compile(rf"AOR '[^']{{0,128}}' not found for endpoint {ENDPOINT}(?: \({AT}\))?"), "no_aor"),
    (
        re.compile(
            rf"Registration attempt from endpoint {ENDPOINT}(?: \({AT}\))? to AOR '[^']{{0,128}}' will exceed max"
        ),
        "max_contacts",
    ),
    (
        re.compile(
            rf"AOR '[^']{{0,128}}' has no configured max_contacts\. "
            rf"Endpoint {ENDPOINT}(?: \({AT}\))? unable to register"
        ),
        "not_dynamic",
    ),
    (
        re.compile(rf"Endpoint {ENDPOINT}(?: \({AT}\))? attempted to register to an AOR with a non-SIP URI"),
        "bad_format",
    ),
    (re.compile(rf"Failed to validate contacts in REGISTER request from {ENDPOINT}"), "bad_format"),
)
"""What pjsip's registrar refuses to a phone that has given the right credentials, or needed none; Asterisk 13 and
earlier name no address."""
IAX_REFUSED = (
    (re.compile(rf"Host {AT} failed MD5 authentication for {WHO}(?: \(.*)?", re.DOTALL), "bad_password"),
    (re.compile(rf"Host {AT} failed (?:RSA |plaintext )?authentication (?:for|with inkeys?) {WHO}.*", re.DOTALL),
     "bad_password"),
    (re.compile(rf"Host {AT} did not provide proper plaintext password for {WHO}\s*", re.DOTALL), "bad_password"),
    (re.compile(rf"Host {AT} failed to authenticate as '?(?P<account>.{{0,256}}?)'?\s*", re.DOTALL), "bad_password"),
    (re.compile(rf"Host {AT} denied access to register peer {WHO}\s*", re.DOTALL), "acl"),
    (re.compile(rf"No registration for peer {WHO} \(from {AT}\)\s*", re.DOTALL), "unknown_account"),
    (re.compile(rf"Peer {WHO} is not dynamic \(from {AT}\)\s*", re.DOTALL), "not_dynamic"),
    (re.compile(rf"Empty registration from {AT}(?P<account>)\s*", re.DOTALL), "bad_format"),
    (re.compile(rf"Inappropriate authentication received for {WHO}(?P<place>)\s*", re.DOTALL), "auth_method"),
)  # fmt: skip
IAX_CALL = re.compile(
    r"Rejected connect attempt from (?P<place>[^\s,]{2,64}), (?:who was trying to reach|request) "
    r"'(?P<to>[^@']{0,128})(?:@[^']{0,128})?'.*",
    re.ASCII | re.DOTALL,
)
TRUNK_REFUSED = {
    "chan_sip.c": (
        re.compile(r"Failed to authenticate on REGISTER to '(?P<trunk>[^']{1,256})'.*", re.DOTALL),
        re.compile(r"Forbidden - wrong password on authentication for REGISTER for '.*' to '(?P<trunk>[^']{1,256})'.*",
                   re.DOTALL),
    ),
    "res_pjsip_outbound_registration.c": (
        re.compile(
            r"(?:Fatal|Temporal) response '\d{3}' received from '[^']{1,256}' "
            r"on registration attempt to '(?P<trunk>[^']{1,256})'.*",
            re.DOTALL,
        ),
    ),
    "chan_iax2.c": (
        re.compile(r"Registration of '[^']{0,256}' rejected: '.*' from: '(?P<trunk>[^']{1,256})'\s*", re.DOTALL),
    ),
}  # fmt: skip
"""Our own registration at a carrier is refused."""
PROBES = frozenset({"OPTIONS", "PUBLISH", "INFO", "NOTIFY", "MESSAGE", "CANCEL", "BYE", "ACK", "PRACK"})
"""Requests that ask for no line and no registration: whoever sends them unknown is looking around."""
REQUEST = r"(?:INVITE|SUBSCRIBE|NOTIFY|MESSAGE|PUBLISH|REFER|INFO|OPTIONS|UPDATE|CANCEL|BYE|ACK|PRACK) "
NOTHING_TO_TELL = re.compile(
    rf"\s*(?:Failed to authenticate on {REQUEST}"
    rf"|Forbidden - (?:maybe )?wrong password on authentication for {REQUEST}"
    r"|Endpoint '.{0,128}' state subscription failed|Subscription request from endpoint "
    r"|No registered subscribe handler"
    r"|(?:Retransmission|Remote host can't|Maximum retries|No response received|Hanging up call|Unable to)"
    r"|Peer '[^']{0,256}' is now [^']{0,128}\Z|(?:-- )?Unregistered SIP "
    r"|Removed contact |(?:-- )?Got SIP response |Received response: |Could not create an object of type )",
    re.DOTALL,
)
"""Of whoever is ours, or of the carrier: nobody was turned away."""
