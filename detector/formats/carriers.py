"""What carried a log line (syslog, journal, container runtimes, shippers), and the line as its program wrote it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, field

from detector.contract.codec import from_micros, mended

LEVELS = 5
"""A line may be carried in several wrappings at once, such as syslog in a container's log."""
BLOB = " blob data]"
"""So `journalctl` ends a line that it does not show, because of colours or other control characters in it."""
HIDDEN = "hidden by journalctl, because of colours: use -a, or -o json"
NULS = "NUL bytes, as in UTF-16: write the file in UTF-8"
ESCAPED = r"(?:\x1b|#033|\^\[|\\x1[bB]|\\033)\[[\d;]*[A-Za-z]"
"""Colours, as they are, and as syslog, `cat -v` and others write them out."""
HIDING = re.compile(rb"\x00|" + ESCAPED.encode())
COLOURS = re.compile(ESCAPED, re.ASCII)
LINE_ENDS = ("#012", "#015")
TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
SHORT = r"[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?"
WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
FULL = rf"{WEEKDAY} (?P<full>\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{{1,9}})?) (?P<zone>[A-Z]{{2,5}}|[+-]\d\d(?:\d\d)?)"
PROGRAM = (
    r"(?: [^\s\[\]]{1,255})? (?!(?:NOTICE|WARNING|ERROR|SECURITY|VERBOSE|DEBUG)\[)[^\s:\[]{1,128}(?:\[\d{1,10}\])?: "
)
"""Host (some leave it out), program and process; a level is no program."""
PRIORITY = re.compile(r"(?:\d{1,6} )?<\d{1,3}>(?:(?=[A-Z\d])|(?=1 ))", re.ASCII)
RFC5424 = re.compile(
    rf"1 (?P<time>{TIME}|-)(?: [^\s]{{1,255}}){{4}} "
    r"(?:-|(?:\[(?:[^\]\\]|\\.){0,1024}\]){1,8}) ?(?:\ufeff)?",
    re.ASCII,
)
DATED = re.compile(rf"(?P<time>{TIME}){PROGRAM}", re.ASCII)
"""Syslog with whole dates, and `journalctl -o short-iso`."""
NAMED = re.compile(rf"(?P<time>{SHORT}|{FULL}){PROGRAM}", re.ASCII)
"""RFC 3164, and what `journalctl` prints, with `-o short-precise` and `short-full` as well."""
LOGREAD = re.compile(
    rf"{WEEKDAY} (?P<month>[A-Z][a-z]{{2}} [ \d]\d) (?P<clock>\d\d:\d\d:\d\d) (?P<year>\d{{4}}) "
    r"\w{1,16}\.\w{1,16} [^\s:\[]{1,128}(?:\[\d{1,10}\])?: ",
    re.ASCII,
)
UNIX = re.compile(rf"(?P<epoch>\d{{9,10}}\.\d{{1,9}}){PROGRAM}", re.ASCII)
MONOTONIC = re.compile(rf"\[ *\d{{1,10}}\.\d{{6}}\]{PROGRAM}", re.ASCII)
COMPOSE = re.compile(r"[A-Za-z0-9][\w.-]{0,127} +\| ", re.ASCII)
CRI = re.compile(rf"(?P<time>{TIME}) (?:stdout|stderr) [FP] ", re.ASCII)
RUNTIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
BEHIND = r"\[|[A-Z]{3,9} ?\[|\S+ +\| |[A-Z][a-z]{2} [ \d]\d |\{|\d{4}-\d\d-\d\d |[0-9a-f]{8}-"
STAMPED = re.compile(rf"(?P<time>{RUNTIME}) (?={BEHIND})", re.ASCII)
"""`docker logs -t` and the like: a time before what begins as a line of ours does."""
POD = re.compile(r"\[pod/[\w./-]{1,200}\] ", re.ASCII)
CONTAINER = re.compile(rf"\[[A-Za-z][\w.-]{{0,127}}\] (?={BEHIND})", re.ASCII)
GREPPED = re.compile(r"(?:[\w./-]{0,254}[A-Za-z./][\w./-]{0,63}:)?(?:\d{1,9}:)?(?=\[|\d{4}-\d\d-\d\d )", re.ASCII)
"""The name of the file, and the number of the line in it, of one that somebody has searched for."""
REPEATED = re.compile(r"message repeated (?P<times>\d{1,6}) times: \[ ?(?P<text>.*)\]\s*", re.ASCII | re.DOTALL)
BY_DIGIT = (RFC5424, DATED, CRI, STAMPED, UNIX, COMPOSE, GREPPED)
BY_LETTER = (NAMED, LOGREAD, COMPOSE, GREPPED)
BY_BRACKET = (POD, MONOTONIC, CONTAINER)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WITH_YEAR = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d{4}) (.+)", re.ASCII)
NO_ZONE = frozenset({"UTC", "GMT"})
MILLIS_FROM = 100_000_000_000
LAST_EPOCH = 253_402_214_400


class Carried(Struct, frozen=True, gc=False):
    """A line out of its wrappings. `time` is that of the innermost that tells one, `""` for none; `times` how often."""

    text: str
    time: str = ""
    times: int = 1


class _Json(Struct):
    """What the journal (`-o json`), a container runtime and log shippers write, an object a line."""

    message: object = field(name="MESSAGE", default=None)
    micros: object = field(name="__REALTIME_TIMESTAMP", default=None)
    log: object = None
    shipped: object = field(name="message", default=None)
    graylog: object = field(name="short_message", default=None)
    google: object = field(name="textPayload", default=None)
    loki: object = field(name="line", default=None)
    time: object = None
    shipped_at: object = field(name="@timestamp", default=None)
    stamped_at: object = field(name="timestamp", default=None)
    dated: object = field(name="date", default=None)


JSON = msgspec.json.Decoder(_Json)


def unwrap(raw: bytes) -> Carried:
    """The line as its program wrote it; one that nothing carries comes back as it is, without colours and line end."""
    carried = Carried(plain(raw.decode("utf-8", "replace")))
    for _ in range(LEVELS):
        inner = _out_of_json(carried) if carried.text[:1] == "{" else _out_of_text(carried)
        if inner is None:
            break
        carried = inner
    if carried.text.startswith("message repeated ") and (repeated := REPEATED.fullmatch(carried.text)):
        return Carried(repeated["text"], carried.time, max(1, int(repeated["times"])))
    return carried


def bare(line: bytes) -> bytes:
    """Without what may stand within a word and hide it: colours, and the NULs of another encoding."""
    return HIDING.sub(b"", line) if b"\x00" in line or _may_be_coloured(line.decode("latin-1")) else line


def plain(text: str) -> str:
    """Without colours, and without what ends the line, also where syslog wrote it as octal digits."""
    text = text.rstrip("\r\n").lstrip("\ufeff \t")
    if _may_be_coloured(text):
        text = COLOURS.sub("", text)
    return text.removesuffix("#012").removesuffix("#015") if text.endswith(LINE_ENDS) else text


def coloured(text: str) -> bool:
    """Whether a colour may stand in it, as it is or as syslog writes it. One character is found soonest."""
    return ("\x1b" in text and "\x1b[" in text) or ("#" in text and "#033[" in text)


def _may_be_coloured(text: str) -> bool:
    return (
        coloured(text)
        or ("\\" in text and ("\\x1" in text or "\\033[" in text))
        or ("^" in text and "^[[" in text)
    )  # fmt: skip


def _out_of_text(carried: Carried) -> Carried | None:
    text = carried.text
    first = text[:1]
    if first == "[":
        return _first_of(BY_BRACKET, carried)
    if "0" <= first <= "9":
        priority = PRIORITY.match(text)
        return Carried(text[priority.end() :], carried.time) if priority else _first_of(BY_DIGIT, carried)
    if first == "<":
        priority = PRIORITY.match(text)
        return Carried(text[priority.end() :], carried.time) if priority else None
    return _first_of(BY_LETTER, carried)


def _first_of(carriers: Iterable[re.Pattern[str]], carried: Carried) -> Carried | None:
    for carrier in carriers:
        head = carrier.match(carried.text)
        if head is not None and head.end():
            return Carried(carried.text[head.end() :], _time(head) or carried.time)
    return None


def _time(head: re.Match[str]) -> str:
    """As `datetime.fromisoformat` and `LogClock` read it; a zone's abbreviation is that of the PBX, but for UTC."""
    found = head.groupdict()
    if full := found.get("full"):
        zone = found["zone"]
        return f"{full}+00:00" if zone in NO_ZONE else f"{full}{zone}" if zone[0] in "+-" else full
    if epoch := found.get("epoch"):
        return _moment(float(epoch))
    time = f"{found['month']} {found['year']} {found['clock']}" if "clock" in found else found.get("time") or ""
    if time[:1].isdigit():
        return time.replace(" +", "+").replace(" -", "-")
    dated = WITH_YEAR.fullmatch(time)
    if dated is not None and dated[1] in MONTHS:
        return f"{dated[3]}-{MONTHS.index(dated[1]) + 1:02}-{int(dated[2]):02} {dated[4]}"
    return "" if time == "-" else time


def _out_of_json(carried: Carried) -> Carried | None:
    """The message of an object that wraps one; anything else stays what it is."""
    try:
        entry = mended(JSON.decode, carried.text.encode("utf-8", "surrogatepass"))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if (said := _said(entry.message)) is not None and isinstance(entry.micros, str) and entry.micros.isdecimal():
        return Carried(plain(said), from_micros(int(entry.micros[:20])).isoformat())
    for content in (entry.log, entry.shipped, entry.graylog, entry.google, entry.loki):
        if isinstance(content, str):
            return Carried(plain(content), _shipped_at(entry) or carried.time)
    return None


def _said(message: object) -> str | None:
    """The journal writes bytes as numbers where they are no plain text."""
    if isinstance(message, str):
        return message
    if not isinstance(message, list):
        return None
    try:
        return bytes(message).decode("utf-8", "replace")
    except (TypeError, ValueError):
        return None


def _shipped_at(entry: _Json) -> str:
    for time in (entry.time, entry.shipped_at, entry.stamped_at, entry.dated):
        if isinstance(time, str) and time:
            return time[:40]
        if isinstance(time, int | float) and not isinstance(time, bool):
            return _moment(time)
    return ""


def _moment(epoch: float) -> str:
    """Seconds since 1970, or milliseconds, as ISO 8601; `""` for what is neither."""
    seconds = epoch / 1_000 if epoch > MILLIS_FROM else epoch
    return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 < seconds < LAST_EPOCH else ""
