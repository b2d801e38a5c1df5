"""Which block lists of addresses there are: files, or what a server hands out."""

from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, Field, model_validator

from detector.settings.params import Params, Seconds
from detector.settings.values import Identifier, Located, host_or_network, refusal
from streams.config.connection import web_parts

SHORTEST = 300.0
LOCAL = frozenset({"localhost", "ip6-localhost"})


def list_url(value: str) -> str:
    """`https://host/path`, or `http`, with no account in it."""
    parts = web_parts(value)
    if parts is None or len(value) > 1_000 or not value.isprintable():
        raise refusal("not a URL of a list", "a URL such as https://lists.example/bad.netset")
    host_or_network(str(parts.hostname), cidr=False)
    return value


def may_be_asked(url: str, *, plainly: bool) -> bool:
    """Whether a list may be fetched from there: encrypted, on this machine, or `plainly` as somebody said."""
    parts = urlsplit(url)
    if parts.scheme == "https" or plainly:
        return parts.scheme in ("http", "https")
    host = str(parts.hostname)
    try:
        return parts.scheme == "http" and (host in LOCAL or ip_address(host).is_loopback)
    except ValueError:
        return False


class BlockListSource(Params):
    """A list of addresses as plain text, CSV or netset: a `file`, whose age is the file's, or a `url`.

    A file is read again when it changes, a URL asked again `every` so many seconds; `plain_http` lets it be asked
    without encryption, so that anybody on the way can change it.
    """

    name: Identifier
    file: Located | None = None
    url: Annotated[str, AfterValidator(list_url)] | None = None
    every: Annotated[Seconds, Field(ge=SHORTEST)] = 6 * 3_600
    plain_http: bool = False

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.file is None) == (self.url is None):
            raise refusal("a list has a file or a url", "one of them")
        if self.url is not None and not may_be_asked(self.url, plainly=self.plain_http):
            raise refusal("a list is fetched by https", "https, http on this machine, or plain_http: true")
        return self

    @property
    def source(self) -> str:
        """Where it comes from, without what may be a key in its query."""
        return str(self.file) if self.url is None else urlunsplit((*urlsplit(self.url)[:3], "", ""))
