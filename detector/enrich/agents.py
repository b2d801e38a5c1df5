"""What a user agent says, in the sender's own words: attack tools by name, and a device whatever its version."""

from functools import lru_cache

from detector.memory.fields import LONGEST_KEPT

TOOLS = (
    "friendly-scanner", "friendly-request", "sipvicious", "svcrack", "svmap", "svwar", "sipcli", "sip-scan", "sipscan",
    "sipsak", "siparmyknife", "sipblast", "sippts", "sundayddr", "vaxsipuseragent", "iwar", "pplsip", "sivus",
    "sipp/", "smap 0", "wardial", "sip-attack", "mr.sip", "hydra", "masscan", "zgrab", "sqlmap", "nikto", "nmap",
)  # fmt: skip
"""In small letters. Names that honest devices or libraries carry as well are left out."""


def attack_tool(agent: str, own: tuple[str, ...] = ()) -> str | None:
    """The tool that a user agent names, one of `own` (in small letters) too; None for what looks honest."""
    return _known_tool(agent, own) if len(agent) <= LONGEST_KEPT else _find_tool(agent, own)


def _find_tool(agent: str, own: tuple[str, ...]) -> str | None:
    text = agent.lower()
    return next((tool.strip("/ 0") for tool in (*TOOLS, *own) if tool in text), None)


_known_tool = lru_cache(maxsize=8_192)(_find_tool)


def without_version(agent: str | None) -> str:
    """A user agent without digits: phones are updated."""
    return _known_letters(agent) if agent is None or len(agent) <= LONGEST_KEPT else _letters(agent)


def _letters(agent: str | None) -> str:
    return "".join(character for character in agent or "" if not character.isdigit())[:64]


_known_letters = lru_cache(maxsize=8_192)(_letters)
