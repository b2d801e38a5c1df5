"""What a user agent says, in the sender's own words: attack tools by name, and a device whatever its version."""

from functools import lru_cache

from detector.memory.fields import KEPT_AT_HAND

TOOLS = (
    "friendly-scanner", "friendly-request", "sipvicious", "svcrack", "svmap", "svwar", "sipcli", "sip-scan", "sipscan",
    "sipsak", "siparmyknife", "sipblast", "sippts", "sundayddr", "vaxsipuseragent", "iwar", "pplsip", "sivus",
    "sipp/", "smap 0", "wardial", "sip-attack", "mr.sip", "hydra", "masscan", "zgrab", "sqlmap", "nikto", "nmap",
)  # fmt: skip
"""In small letters. Names that honest devices or libraries carry as well are left out."""


@lru_cache(maxsize=KEPT_AT_HAND)
def attack_tool(agent: str, own: tuple[str, ...] = ()) -> str | None:
    """The tool that a user agent names, one of `own` (in small letters) too; None for what looks honest."""
    text = agent.lower()
    return next((tool.strip("/ 0") for tool in (*TOOLS, *own) if tool in text), None)


@lru_cache(maxsize=KEPT_AT_HAND)
def without_version(agent: str | None) -> str:
    """A user agent without digits: phones are updated."""
    return "".join(character for character in agent or "" if not character.isdigit())[:64]
