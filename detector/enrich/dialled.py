"""Boils what was signalled or typed down to the digits a switch would act on."""

import re
import unicodedata
from urllib.parse import unquote

import msgspec

LONGEST_TEXT = 1024
LONGEST_DIGITS = 64

_SCHEME = re.compile(r"\s*(?:sips?|tel):", re.IGNORECASE)
_PAUSE = re.compile(r"(?<=\d)[wp,]+(?=[\d+])", re.IGNORECASE)
_OPTIONAL_ZERO = re.compile(r"(?<=\d)\s*\(0\)")  # +44 (0)20: only dialled without the country
_SEPARATORS = str.maketrans("", "", " -.()/[]_~:,'\"!&=\\|\x7f" + "".join(map(chr, range(32))))
_WITHOUT_NAME = re.compile(r"[0-9+*#]*")
# Withheld number, no call waiting, forwarding: *67, *82, *31#, #31#, **21*; what follows is what is dialled.
_SERVICE_CODE = re.compile(r"(?:[*#]{1,2}\d{2,3}[*#](?=\+?\d)|\*\d\d(?=\+?\d{3}))+")
_NOT_DIGITS = re.compile(r"[^0-9]+")


class Dialled(msgspec.Struct, frozen=True):
    """The digits of one dialled string.

    `plus`: they are in international form. `feature`: a code for the PBX itself (`*97`).
    `words`: letters were among them, so no switch dials them as a number.
    """

    digits: str
    plus: bool = False
    feature: bool = False
    words: bool = False


def boil_down(text: str) -> Dialled:
    """Read `Name<number>`, SIP and tel URIs, punctuation, pauses and service codes; never raises."""
    if text.isdecimal() and text.isascii():  # most are
        return Dialled(digits=text[:LONGEST_DIGITS])
    kept = _ascii(_address(text[:LONGEST_TEXT]))[:LONGEST_TEXT]
    kept = _OPTIONAL_ZERO.sub("", _PAUSE.sub("", kept)).translate(_SEPARATORS)
    if _WITHOUT_NAME.fullmatch(kept) is None:
        return Dialled(digits=_only_digits(kept), words=True)
    code = _SERVICE_CODE.match(kept)
    if code is not None:
        kept = kept[code.end() :]
    _, plus, tail = kept.rstrip("#+").rpartition("+")
    feature = "*" in tail or "#" in tail
    digits = _only_digits(tail) if feature or plus else tail[:LONGEST_DIGITS]
    return Dialled(digits=digits, plus=bool(plus), feature=feature and len(digits) < 7)


def _address(text: str) -> str:
    """The part that names the number: inside the last `<...>`, before `@` and parameters."""
    start = text.rfind("<")
    if start >= 0:
        end = text.find(">", start)
        text = text[start + 1 : end if end >= 0 else None]
    scheme = _SCHEME.match(text)
    if scheme is not None:
        text = text[scheme.end() :]
        if "@" not in text and "." in text and scheme.group().strip().lower() != "tel:":
            return ""  # a host without a user
    text = text.partition("@")[0].partition(";")[0].partition("?")[0]
    if scheme is not None:
        text = text.partition(":")[0]
    return unquote(text) if "%" in text else text


def _ascii(text: str) -> str:
    """Digits of any script become ASCII digits; marks nobody sees are dropped; other letters become `x`."""
    if text.isascii():
        return text
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        if character.isascii():
            kept.append(character)
        elif character.isdecimal():
            kept.append(str(unicodedata.decimal(character)))
        elif character.isalnum():
            kept.append("x")
    return "".join(kept)


def _only_digits(text: str) -> str:
    return _NOT_DIGITS.sub("", text)[:LONGEST_DIGITS]
