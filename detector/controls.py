"""The controls C01..C32 of the P-Series Security Guide, and in which forms each of them is implemented here."""

from enum import StrEnum

from msgspec import Struct


class Form(StrEnum):
    """How a control is implemented: on events, on settings, by doing something."""

    STREAM = "stream"
    POSTURE = "posture"
    ACTION = "action"


class Control(Struct, frozen=True):
    """One control of the guide. `also` is what implements it besides detectors, checks and actions."""

    title: str
    forms: tuple[Form, ...]
    also: str = ""


STREAM, POSTURE, ACTION = Form.STREAM, Form.POSTURE, Form.ACTION

CONTROLS: dict[str, Control] = {
    "C01": Control("Firmware up to date", (STREAM, POSTURE)),
    "C02": Control("SSH off", (STREAM, POSTURE)),
    "C03": Control("No default ports", (POSTURE,)),
    "C04": Control("No port forwarding", (STREAM, POSTURE)),
    "C05": Control("Shared IP blocklist", (STREAM,), "fleet list (`fleet`), feed of blocked addresses (`feed`)"),
    "C06": Control("Allowed country IPs", (STREAM,)),
    "C07": Control("Static defence", (), "allow list (`protected`), enforcers (`nftables`, `feed`)"),
    "C08": Control("Auto defence", (STREAM,)),
    "C09": Control("Registration lockout", (STREAM, ACTION), "notification (`notify`, `calls`)"),
    "C10": Control("Strong registration credentials", (POSTURE,)),
    "C11": Control("One device per extension", (STREAM, POSTURE)),
    "C12": Control("User agent authorisation", (STREAM,)),
    "C13": Control("IP restriction per extension", (STREAM,)),
    "C14": Control("Remote registration", (STREAM,)),
    "C15": Control("Login lockout", (STREAM, ACTION), "notification (`notify`, `calls`)"),
    "C16": Control("Single sign-on", (STREAM, POSTURE)),
    "C17": Control("Two-factor mandatory", (STREAM, POSTURE)),
    "C18": Control("Login QR code or link", (STREAM,)),
    "C19": Control("Strong user passwords", (POSTURE,)),
    "C20": Control("Roles", (STREAM, POSTURE)),
    "C21": Control("Remote login restriction", (STREAM,)),
    "C22": Control("Outbound route permission", (STREAM, POSTURE, ACTION)),
    "C23": Control("PIN on outbound routes", (STREAM, POSTURE, ACTION)),
    "C24": Control("Time condition", (STREAM,)),
    "C25": Control("Allowed country codes", (STREAM,)),
    "C26": Control("Blocked numbers", (STREAM, ACTION)),
    "C27": Control("Outbound call frequency", (STREAM,)),
    "C28": Control("Concurrent calls", (STREAM,)),
    "C29": Control("Call duration", (STREAM, ACTION)),
    "C30": Control("Event notification and log", (), "notifications (`notify`, `calls`), journal, console (incidents)"),
    "C31": Control("Backup", (ACTION,)),
    "C32": Control("Archive", ()),
}
