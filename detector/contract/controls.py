"""The controls C01..C32 of the P-Series Security Guide, and in which forms each of them is implemented here."""

from enum import StrEnum

from msgspec import Struct


class Form(StrEnum):
    """How a control is implemented: on events, on settings, by doing something."""

    STREAM = "stream"
    POSTURE = "posture"
    ACTION = "action"


class GuideControl(Struct, frozen=True):
    """One control of the guide. `also` is what implements it besides detectors, checks and actions."""

    title: str
    forms: tuple[Form, ...]
    also: str = ""


STREAM, POSTURE, ACTION = Form.STREAM, Form.POSTURE, Form.ACTION

CONTROLS: dict[str, GuideControl] = {
    "C01": GuideControl("Firmware up to date", (STREAM, POSTURE)),
    "C02": GuideControl("SSH off", (STREAM, POSTURE)),
    "C03": GuideControl("No default ports", (POSTURE,)),
    "C04": GuideControl("No port forwarding", (STREAM, POSTURE)),
    "C05": GuideControl("Shared IP blocklist", (STREAM,), "fleet list (`fleet`), feed of blocked addresses (`feed`)"),
    "C06": GuideControl("Allowed country IPs", (STREAM,)),
    "C07": GuideControl(
        "Static defence", (), "allow list (`protected`), what blocks addresses (`enforcers`), `blocks export`"
    ),
    "C08": GuideControl("Auto defence", (STREAM,)),
    "C09": GuideControl("Registration lockout", (STREAM, ACTION), "notification (`notify`, `calls`)"),
    "C10": GuideControl("Strong registration credentials", (POSTURE,)),
    "C11": GuideControl("One device per extension", (STREAM, POSTURE)),
    "C12": GuideControl("User agent authorisation", (STREAM,)),
    "C13": GuideControl("IP restriction per extension", (STREAM,)),
    "C14": GuideControl("Remote registration", (STREAM,)),
    "C15": GuideControl("Login lockout", (STREAM, ACTION), "notification (`notify`, `calls`)"),
    "C16": GuideControl("Single sign-on", (STREAM, POSTURE)),
    "C17": GuideControl("Two-factor mandatory", (STREAM, POSTURE)),
    "C18": GuideControl("Login QR code or link", (STREAM,)),
    "C19": GuideControl("Strong user passwords", (POSTURE,)),
    "C20": GuideControl("Roles", (STREAM, POSTURE)),
    "C21": GuideControl("Remote login restriction", (STREAM,)),
    "C22": GuideControl("Outbound route permission", (STREAM, POSTURE, ACTION)),
    "C23": GuideControl("PIN on outbound routes", (STREAM, POSTURE, ACTION)),
    "C24": GuideControl("Time condition", (STREAM,)),
    "C25": GuideControl("Allowed country codes", (STREAM,)),
    "C26": GuideControl("Blocked numbers", (STREAM, ACTION)),
    "C27": GuideControl("Outbound call frequency", (STREAM,)),
    "C28": GuideControl("Concurrent calls", (STREAM,)),
    "C29": GuideControl("Call duration", (STREAM, ACTION)),
    "C30": GuideControl(
        "Event notification and log", (), "notifications (`notify`, `calls`), journal, console (incidents)"
    ),
    "C31": GuideControl("Backup", (ACTION,)),
    "C32": GuideControl("Archive", ()),
}
