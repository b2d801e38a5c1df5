"""What can go wrong with a PBX: try again, or give up.

PbxError
├── TryAgain                 the same request may succeed later
│   ├── Unreachable          no connection, no or no readable answer in time
│   ├── TokenExpired         10004, also after a fresh token
│   ├── TooManyTokens        60002: all access tokens of the application are taken
│   ├── NotOurs              another gateway may have this PBX by now: nothing was sent
│   └── Busy                 -2: the PBX stumbled
└── GiveUp                   it will fail again until somebody changes something
    ├── BadCredentials       1 on get_token
    ├── LockedOut            we stopped ourselves before the PBX blocks our address
    ├── AccessDenied         10005: the API application lacks the permission
    ├── IpForbidden          70087: our address is not on the API's allow-list
    ├── NotSupported         10001: this firmware has no such interface
    ├── BadParameter         40002
    ├── Duplicate            40003: the name is taken
    ├── NotFound             60001
    └── Refused              any other non-zero errcode

No message holds a token, a secret or a URL with one.
"""


class PbxError(Exception):
    """Anything a PBX, or the way to it, did to a request."""


class TryAgain(PbxError):  # noqa: N818 - named for what to do
    """The same request may succeed later."""


class GiveUp(PbxError):  # noqa: N818 - named for what to do
    """The same request will fail again."""


class Unreachable(TryAgain):
    """No connection, or no readable answer in time."""


class TokenExpired(TryAgain):
    """The PBX does not take the access token."""


class TooManyTokens(TryAgain):
    """All access tokens of the API application are taken."""


class NotOurs(TryAgain):
    """Another gateway may have this PBX by now: nothing was sent."""


class Busy(TryAgain):
    """The PBX reports an internal error."""


class BadCredentials(GiveUp):
    """The client id or secret is wrong."""


class LockedOut(GiveUp):
    """We do not log in any more, before the PBX blocks our address; `unlock()` tries again."""


class AccessDenied(GiveUp):
    """The API application may not use this interface."""


class IpForbidden(GiveUp):
    """Our address is not on the API's allow-list."""


class NotSupported(GiveUp):
    """This firmware has no such interface."""


class BadParameter(GiveUp):
    """A parameter is missing or wrong."""


class Duplicate(GiveUp):
    """An object of that name exists."""


class NotFound(GiveUp):
    """There is nothing to return or to change."""


class Refused(GiveUp):
    """An errcode we do not know."""


BY_ERRCODE: dict[int, type[PbxError]] = {
    -2: Busy,
    10001: NotSupported,
    10004: TokenExpired,
    10005: AccessDenied,
    40002: BadParameter,
    40003: Duplicate,
    60001: NotFound,
    60002: TooManyTokens,
    70087: IpForbidden,
}


def from_errcode(errcode: int, errmsg: str, path: str) -> PbxError:
    """The error for a non-zero `errcode` of the endpoint `path`; `errmsg` is cut to 120 characters."""
    shown = "".join(c for c in errmsg[:120] if c.isprintable())
    return BY_ERRCODE.get(errcode, Refused)(f"{path}: {errcode} {shown}".rstrip())
