"""What can go wrong with a PBX: try again, or give up.

PbxError
├── TryAgain                 the same request may succeed later
│   ├── Unreachable          no connection, no or no readable answer in time
│   ├── TokenExpired         what we logged in with is not taken any more, also when it is fresh
│   ├── TooManyTokens        the PBX lets nobody else log in for now
│   ├── NotOurs              another gateway may have this PBX by now: nothing was sent
│   └── Busy                 the PBX stumbled
└── GiveUp                   it will fail again until somebody changes something
    ├── BadCredentials       the PBX does not know us
    ├── LockedOut            we stopped ourselves before the PBX blocks our address
    ├── AccessDenied         our account lacks the permission
    ├── IpForbidden          our address is not on the PBX's allow-list
    ├── NotSupported         this make or firmware has no such interface
    ├── BadParameter         a parameter is missing or wrong
    ├── Duplicate            the name is taken
    ├── NotFound             there is nothing to return or to change
    └── Refused              any other refusal

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
    """The PBX does not take what we logged in with."""


class TooManyTokens(TryAgain):
    """As many are logged in as the PBX allows."""


class NotOurs(TryAgain):
    """Another gateway may have this PBX by now: nothing was sent."""


class Busy(TryAgain):
    """The PBX reports an internal error."""


class BadCredentials(GiveUp):
    """Name or secret is wrong."""


class LockedOut(GiveUp):
    """We log in no more, before the PBX blocks our address; a start with other credentials does."""


class AccessDenied(GiveUp):
    """Our account may not use this interface."""


class IpForbidden(GiveUp):
    """Our address is not on the PBX's allow-list."""


class NotSupported(GiveUp):
    """This make or firmware has no such interface."""


class BadParameter(GiveUp):
    """A parameter is missing or wrong."""


class Duplicate(GiveUp):
    """An object of that name exists."""


class NotFound(GiveUp):
    """There is nothing to return or to change."""


class Refused(GiveUp):
    """The PBX said no, and we do not know why."""
