"""What the P-Series' API means by its error codes."""

from streams.pbxs.pbx_errors import (
    AccessDenied,
    BadParameter,
    Busy,
    Duplicate,
    IpForbidden,
    NotFound,
    NotSupported,
    PbxError,
    Refused,
    TokenExpired,
    TooManyTokens,
)

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
