"""Boils what was signalled or typed down to the digits a switch would act on."""

import re
import unicodedata
from urllib.parse import unquote

import msgspec

LONGEST_TEXT = 1024
LONGEST_DIGITS = 64
SHORTEST_PAUSED = 7
"""Fewer digits before a pause are an access or exit code, and with `*` or `#` a code for the PBX."""

_SCHEME = re.compile(r"\s*(?:sips?|tel):", re.IGNORECASE)
_EMERGENCY_SERVICE = re.compile(r"\s*urn:service:sos\b", re.IGNORECASE)
_CONTEXT = re.compile(r";phone-context=(?:\+|%2B)([\d\-.()]{1,24})", re.IGNORECASE)
_PAUSE = re.compile(r"(?<=\d)[wp,]+(?=[\d+])", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=\d{7})(?:x|extn?|extension)\d{1,6}$", re.IGNORECASE)  # to be dialled when answered
_SEPARATORS = str.maketrans("", "", " -.()/[]_~:'\"!&=\\|\x7f" + "".join(map(chr, range(32))))
_LETTERS = re.compile(r"\+?\d{3,9}[a-z]{3,9}\d{0,6}", re.IGNORECASE)
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_WITHOUT_NAME = re.compile(r"[0-9+*#]*")
# Withheld number, no call waiting, forwarding: *67, *82, *31#, #31#, **21*; what follows is what is dialled.
_SERVICE_CODE = re.compile(r"(?:[*#]{1,2}\d{2,3}[*#](?=\+?\d)|\*\d\d(?=\+?\d{3}))+")
_NOT_DIGITS = re.compile(r"[^0-9]+")


class Dialled(msgspec.Struct, frozen=True):
    """The digits of one dialled string.

    `plus`: they are in international form. `feature`: a code for the PBX itself (`*97`).
    `words`: letters were among them, so no switch dials them as a number; `keypad` are the digits if a phone
    turned the letters into keys (1-800-FLOWERS). `context` is the global number a tel URI says they are relative to.
    `otherwise`: digits to try if all together are no number: those before a pause, those with a service code.
    """

    digits: str
    plus: bool = False
    feature: bool = False
    words: bool = False
    context: str = ""
    keypad: str = ""
    otherwise: tuple[str, ...] = ()


def boil_down(text: str) -> Dialled:
    """Read `Name<number>`, SIP and tel URIs, punctuation, pauses and service codes; never raises."""
    if text.isdecimal() and text.isascii():  # most are
        return Dialled(digits=text[:LONGEST_DIGITS])
    address = _address(text[:LONGEST_TEXT])
    kept = _EXTENSION.sub("", _ascii(address.number)[:LONGEST_TEXT].translate(_SEPARATORS))
    pause = _PAUSE.search(kept)
    otherwise = [_only_digits(kept[: pause.start()])] if pause is not None and pause.start() >= SHORTEST_PAUSED else []
    kept = _PAUSE.sub("", kept).replace(",", "")
    if _WITHOUT_NAME.fullmatch(kept) is None:
        keypad = _only_digits(kept.lower().translate(_KEYPAD)) if _LETTERS.fullmatch(kept) else ""
        return Dialled(digits=_only_digits(kept), words=True, plus=kept.startswith("+"), keypad=keypad)
    code = _SERVICE_CODE.match(kept)
    if code is not None:
        otherwise.append(_only_digits(kept))
        kept = kept[code.end() :]
    _, plus, tail = kept.rstrip("#+").rpartition("+")
    feature = "*" in tail or "#" in tail
    digits = _only_digits(tail)
    return Dialled(
        digits=digits,
        plus=bool(plus) and not digits.startswith("0"),  # no calling code does
        feature=feature and len(digits) < SHORTEST_PAUSED,
        context=address.context,
        otherwise=tuple(otherwise),
    )


class _Address(msgspec.Struct, frozen=True):
    """The part of a URI that names the number, and the global number it is relative to."""

    number: str
    context: str = ""


def _address(text: str) -> _Address:
    """What is inside the last `<...>`, before `@` and parameters."""
    start = text.rfind("<")
    if start >= 0:
        end = text.find(">", start)
        text = text[start + 1 : end if end >= 0 else None]
    if _EMERGENCY_SERVICE.match(text):
        return _Address("112")
    scheme = _SCHEME.match(text)
    if scheme is not None:
        text = text[scheme.end() :]
        if "@" not in text and "." in text and scheme.group().strip().lower() != "tel:":
            return _Address("")  # a host without a user
    text, _, parameters = text.partition("@")[0].partition(";")
    text = text.partition("?")[0]
    context = _CONTEXT.search(f";{parameters}") if parameters else None
    if scheme is not None:
        text = text.partition(":")[0]
    number = unquote(text) if "%" in text else text
    return _Address(number, _only_digits(context.group(1)) if context is not None else "")


def _ascii(text: str) -> str:
    """Digits of any script become ASCII digits; marks nobody sees are dropped; other letters become `x`."""
    if text.isascii():
        return text
    kept = []
    for character in unicodedata.normalize("NFKC", text)[:LONGEST_TEXT]:
        if character.isascii():
            kept.append(character)
        elif character.isdecimal():
            kept.append(str(unicodedata.decimal(character)))
        elif character.isalnum():
            kept.append("x")
    return "".join(kept)


def _only_digits(text: str) -> str:
    return _NOT_DIGITS.sub("", text)[:LONGEST_DIGITS]
