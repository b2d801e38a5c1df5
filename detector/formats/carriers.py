"""What carried a log line (syslog, journal, container runtimes, shippers), and the line as its program wrote it."""

import re

import msgspec
from msgspec import Struct, field

from detector.contract.codec import from_micros, mended

LEVELS = 4
"""A line may be carried in several wrappings at once, such as syslog in a container's log."""
COLOURS = re.compile(r"(?:\x1b|#033)\[[\d;]*[A-Za-z]", re.ASCII)
TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
SHORT = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?"
PRIORITY = re.compile(r"<\d{1,3}>(?:(?=[A-Z\d])|(?=1 ))", re.ASCII)
RFC5424 = re.compile(
    rf"1 (?P<time>{TIME}|-)(?: [^\s]{{1,255}}){{4}} "
    r"(?:-|(?:\[(?:[^\]\\]|\\.){0,1024}\]){1,8}) ?(?:\ufeff)?",
    re.ASCII,
)
WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
FULL = rf"{WEEKDAY} (?P<full>\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{{1,9}})?) (?P<zone>[A-Z]{{2,5}}|[+-]\d\d(?:\d\d)?)"
RFC3164 = re.compile(
    rf"(?P<time>{SHORT}|{TIME}|{FULL}) [^\s\[\]]{{1,255}} [^\s:\[]{{1,128}}(?:\[\d{{1,10}}\])?: ", re.ASCII
)
"""Also what `journalctl` prints, with `-o short-precise`, `short-iso` and `short-full` as well."""
COMPOSE = re.compile(r"[A-Za-z0-9][\w.-]{0,127} +\| ", re.ASCII)
CRI = re.compile(rf"(?P<time>{TIME}) (?:stdout|stderr) [FP] ", re.ASCII)
RUNTIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
STAMPED = re.compile(rf"(?P<time>{RUNTIME}) (?=\[|[A-Z]{{3,9}}\[|\S+ +\| |[A-Z][a-z]{{2}} [ \d]\d )", re.ASCII)
POD = re.compile(r"\[pod/[\w./-]{1,200}\] ", re.ASCII)
REPEATED = re.compile(r"message repeated (?P<times>\d{1,6}) times: \[ ?(?P<text>.*)\]\s*", re.ASCII | re.DOTALL)
CARRIERS = (RFC5424, RFC3164, CRI, COMPOSE, POD, STAMPED)
NO_ZONE = frozenset({"UTC", "GMT"})


class Carried(Struct, frozen=True, gc=False):
    """A line out of its wrappings. `time` is that of the innermost that tells one, `""` for none; `times` how often."""

    text: str
    time: str = ""
    times: int = 1


class _Json(Struct):
    """What the journal (`-o json`), a container runtime and log shippers write, an object a line."""

    message: str | list[int] | None = field(name="MESSAGE", default=None)
    micros: str = field(name="__REALTIME_TIMESTAMP", default="")
    log: str | None = None
    time: str = ""
    shipped: str | None = field(name="message", default=None)
    shipped_at: str = field(name="@timestamp", default="")


JSON = msgspec.json.Decoder(_Json)


def unwrap(raw: bytes) -> Carried:
    """The line as its program wrote it; one that nothing carries comes back as it is, without colours and line end."""
    content = raw.rstrip(b"\r\n").decode("utf-8", "replace")
    if "\x1b[" in content or "#033[" in content:
        content = COLOURS.sub("", content)
    carried = Carried(content)
    for _ in range(LEVELS):
        inner = _out_of_json(carried) if carried.text[:1] == "{" else _out_of_text(carried)
        if inner is None:
            break
        carried = inner
    repeated = REPEATED.fullmatch(carried.text)
    if repeated is not None:
        return Carried(repeated["text"], carried.time, max(1, int(repeated["times"])))
    return carried


def _out_of_text(carried: Carried) -> Carried | None:
    text = carried.text
    if text[:1] == "<" and (priority := PRIORITY.match(text)):
        return Carried(text[priority.end() :], carried.time)
    for carrier in CARRIERS:
        head = carrier.match(text)
        if head is not None:
            return Carried(text[head.end() :], _time(head) or carried.time)
    return None


def _time(head: re.Match[str]) -> str:
    """As `datetime.fromisoformat` and `LogClock` read it; a zone's abbreviation is that of the PBX, but for UTC."""
    found = head.groupdict()
    if full := found.get("full"):
        zone = found["zone"]
        return f"{full}+00:00" if zone in NO_ZONE else f"{full}{zone}" if zone[0] in "+-" else full
    time = found.get("time") or ""
    return "" if time == "-" else time


def _out_of_json(carried: Carried) -> Carried | None:
    """The message of an object that wraps one; anything else stays what it is."""
    try:
        entry = mended(JSON.decode, carried.text.encode())
        if entry.message is not None and entry.micros.isdecimal() and len(entry.micros) < 20:
            text = bytes(entry.message).decode("utf-8", "replace") if isinstance(entry.message, list) else entry.message
            return Carried(text.rstrip("\r\n"), from_micros(int(entry.micros)).isoformat())
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None
    if entry.log is not None:
        return Carried(COLOURS.sub("", entry.log.rstrip("\r\n")), entry.time or carried.time)
    if entry.shipped is not None:
        return Carried(COLOURS.sub("", entry.shipped.rstrip("\r\n")), entry.shipped_at or carried.time)
    return None
