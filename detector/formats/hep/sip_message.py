"""One SIP message, as far as it says who asks whom for what: bounded, and refused where it can be read in two ways."""

import re

from msgspec import Struct

VERSION = b"SIP/2.0"
MAX_HEAD = 16 * 1024
MAX_HEADERS = 128
MAX_VALUE = 2_048
MAX_WORD = 256
NAMES = {
    b"call-id": "call_id", b"i": "call_id", b"cseq": "cseq", b"from": "from_", b"f": "from_", b"to": "to", b"t": "to",
    b"via": "via", b"v": "via", b"user-agent": "user_agent", b"contact": "contact", b"m": "contact",
    b"expires": "expires", b"authorization": "credentials", b"proxy-authorization": "credentials",
    b"www-authenticate": "question", b"proxy-authenticate": "question",
}  # fmt: skip
"""Headers that are read, by all their names."""
ONCE = frozenset({"call_id", "cseq", "from_", "to"})
"""Twice, a PBX and we may go by different ones."""
CSEQ = re.compile(r"(\d{1,10})[ \t]+([!-~]{1,32})", re.ASCII)
METHOD = re.compile(rb"[A-Za-z0-9.!%*_+`'~-]{1,32}")
STATUS = re.compile(rb"SIP/2\.0 ([1-6]\d\d)(?: [^\r\n]*)?")
URI = re.compile(r"(?:sips?:([^@;>?\s]{0,256})@|tel:([+\d*#().-]{1,64}))", re.IGNORECASE | re.ASCII)
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
TAG = re.compile(r";[ \t]*tag[ \t]*=", re.IGNORECASE)
ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
PARAMETER = re.compile(
    r"""([A-Za-z][\w-]{0,31})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.){0,512})"|([^\s,"]{1,512}))""", re.ASCII
)
BRANCH = re.compile(r";[ \t]*branch[ \t]*=[ \t]*([^;,\s]{1,256})", re.IGNORECASE)
EXPIRES = re.compile(r";[ \t]*expires[ \t]*=[ \t]*\"?(\d{1,10})", re.IGNORECASE)


class SipMessage(Struct, frozen=True, gc=False):
    """A request, whose `status` is 0, or an answer. All texts are what the other side wrote.

    `number` and `method` are those of CSeq; `branch` is that of the first Via; `user` is of `username` in credentials,
    and `answer` the response in them, which no two guesses share. `within`: of a dialogue that has begun, which the
    tag of To says. `expires` is None where it is not said.
    """

    status: int
    method: str
    number: int
    uri: str
    call_id: str
    branch: str
    from_: str
    to: str
    user_agent: str = ""
    user: str | None = None
    answer: str = ""
    stale: bool = False
    contact: bool = False
    within: bool = False
    expires: int | None = None


class SipError(Exception):
    """Not a message that can be read; the text says why, in words that do not hold what came."""


def read_message(data: bytes) -> SipMessage:
    """The message these bytes begin with; its body is not looked at. Raises SipError."""
    first, *lines = _lines(data)
    status, method, uri = _first(first)
    fields = _headers(lines)
    for name in ("call_id", "cseq", "from_", "to"):
        if not fields.get(name):
            raise SipError("a SIP message without Call-ID, CSeq, From or To")
    numbered = CSEQ.fullmatch(fields["cseq"])
    if numbered is None or (status == 0 and numbered[2] != method):
        raise SipError("a SIP message whose CSeq is none, or of another method")
    branch = BRANCH.search(fields.get("via", ""))
    credentials, question, contact = fields.get("credentials"), fields.get("question", ""), fields.get("contact")
    proof = _parameters(credentials) if credentials is not None else {}
    return SipMessage(
        status, numbered[2], int(numbered[1]), _user(uri), fields["call_id"], branch[1] if branch else "",
        _user(fields["from_"]), _user(fields["to"]), fields.get("user_agent", ""),
        None if credentials is None else proof.get("username", "")[:MAX_WORD], proof.get("response", "")[:MAX_WORD],
        question != "" and _parameters(question).get("stale", "").lower() == "true", contact is not None,
        TAG.search(fields["to"]) is not None, _expires(contact, fields.get("expires")),
    )  # fmt: skip


def _lines(data: bytes) -> list[bytes]:
    """The lines of the head; PBXs also take those that end in a line feed alone."""
    end = data.find(b"\r\n\r\n", 0, MAX_HEAD)
    if end < 0 or data.count(b"\n", 0, end) != data.count(b"\r\n", 0, end):
        blank = BLANK_LINE.search(data, 0, MAX_HEAD)
        if blank is None:
            raise SipError("a SIP message whose headers have no end")
        lines = [line.removesuffix(b"\r") for line in data[: blank.start()].split(b"\n")]
    else:
        lines = data[:end].split(b"\r\n")
    if len(lines) > MAX_HEADERS:
        raise SipError("a SIP message of too many headers")
    return lines


def _first(line: bytes) -> tuple[int, str, str]:
    if line.startswith(VERSION):
        status = STATUS.fullmatch(line)
        if status is None:
            raise SipError("a SIP answer without a number")
        return int(status[1]), "", ""
    parts = line.split(b" ")
    if len(parts) != 3 or parts[2] != VERSION or METHOD.fullmatch(parts[0]) is None:
        raise SipError("neither a SIP request nor an answer")
    return 0, parts[0].decode(), parts[1][:MAX_VALUE].decode("utf-8", "replace")


def _headers(lines: list[bytes]) -> dict[str, str]:
    """The headers that are read, of each the first one."""
    fields: dict[str, str] = {}
    last = None
    for line in lines:
        if line[:1] in (b" ", b"\t"):  # it goes on with the header before it
            if last is not None:
                fields[last] = f"{fields[last]} {_text(line)}"[:MAX_VALUE]
            continue
        name, colon, value = line.partition(b":")
        if not colon:
            raise SipError("a SIP header without a name")
        known, last = NAMES.get(name.rstrip(b" \t").lower()), None
        if known is None:
            continue
        if known not in fields:
            last = known
            fields[known] = _text(value)
        elif known in ONCE:
            raise SipError("a SIP header twice that there may be once")
    return fields


def _text(value: bytes) -> str:
    return value[:MAX_VALUE].strip(b" \t").decode("utf-8", "replace")


def _user(text: str) -> str:
    """The user of the address in a header or a request line, `""` for none.

    A name before it may be in quotes, and hold what looks like an address.
    """
    text = text.lstrip()
    if text[:1] == '"':
        text = _behind_quotes(text)
    bracket = text.find("<")
    match = URI.match(text, bracket + 1)
    if match is None:
        return ""
    user = (match[1] or match[2] or "").partition(":")[0]
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), user) if "%" in user else user


def _behind_quotes(text: str) -> str:
    at = 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return text[at + 1 :]


def _parameters(header: str) -> dict[str, str]:
    """What a header of credentials holds; what stands in quotes is a value, whatever it looks like."""
    found: dict[str, str] = {}
    for name, quoted, bare in PARAMETER.findall(header):
        if found.setdefault(name.lower(), quoted or bare) != (quoted or bare):
            raise SipError("credentials that say two things")
    return found


def _expires(contact: str | None, header: str | None) -> int | None:
    """How long a registration is asked for, in seconds."""
    if contact is not None and (own := EXPIRES.search(contact)):
        return int(own[1])
    return int(header) if header is not None and len(header) <= 10 and header.isascii() and header.isdecimal() else None
