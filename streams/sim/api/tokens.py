"""Tokens: get, refresh, revoke."""

from streams.sim.api.endpoint import Answer, ApiError, QueryParams, endpoint, token_expired
from streams.sim.api_access import TokenPair
from streams.sim.core import PbxCore


@endpoint("POST", "get_token", needs_token=False)
def get_token(core: PbxCore, params: QueryParams) -> Answer:
    """A token pair for the client's id and secret; 1 for wrong ones, 60002 when too many tokens live."""
    if not core.access.authenticate(params.text("username"), params.text("password"), params.client_ip):
        raise ApiError(1, "FAILURE")
    return _shown(core, core.access.issue())


@endpoint("POST", "refresh_token", needs_token=False)
def refresh_token(core: PbxCore, params: QueryParams) -> Answer:
    """A new pair for a refresh token."""
    token = params.text("refresh_token")
    if not core.access.knows_refresh(token):
        raise token_expired()
    return _shown(core, core.access.refresh(token))


@endpoint("GET", "del_token")
def del_token(core: PbxCore, params: QueryParams) -> Answer:
    """Revoke the access token in use."""
    core.access.revoke(params.text("access_token"))
    return {}


def _shown(core: PbxCore, pair: TokenPair | None) -> Answer:
    if pair is None:
        raise ApiError(60002, "MAX LIMITATION EXCEEDED")
    return {
        "access_token_expire_time": int(core.options.access_token_seconds),
        "access_token": pair.access,
        "refresh_token_expire_time": int(core.options.refresh_token_seconds),
        "refresh_token": pair.refresh,
    }
