"""Envelope, tokens and locks of the simulated API."""

import httpx
import pytest

from streams.sim import SimOptions, SimulatedPbx


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "no/such/path"),
        ("GET", "get_token"),
        ("POST", "extension/list"),
        ("DELETE", "extension/list"),
        ("GET", "block_ip/list"),
        ("GET", "subscribe"),
    ],
)
async def test_unknown_path_or_wrong_verb_is_10001(api, method, path):
    assert (await api.raw(method, path))["errcode"] == 10001


async def test_other_versions_and_pages_are_10001(pbx, api):
    for path in ("/openapi/v2.0/extension/list", "/", "/sim/state"):
        answer = await api.client.get(pbx.url + path)
        assert (answer.status_code, answer.json()["errcode"]) == (200, 10001)


async def test_empty_user_agent_is_40002(api):
    answer = await api.raw("GET", "system/information", headers={"User-Agent": ""})
    assert answer["errcode"] == 40002


async def test_missing_user_agent_is_40002(api):
    del api.client.headers["User-Agent"]
    assert (await api.login())["errcode"] == 40002


async def test_token_pair(api):
    answer = await api.login()
    assert (answer["errcode"], answer["errmsg"]) == (0, "SUCCESS")
    assert (answer["access_token_expire_time"], answer["refresh_token_expire_time"]) == (1800, 86400)
    assert len(answer["access_token"]) == len(answer["refresh_token"]) == 32


async def test_token_is_taken_from_the_query_only(api):
    token = (await api.login())["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await api.raw("GET", "system/information", headers=bearer))["errcode"] == 10004
    assert (await api.raw("GET", f"system/information?access_token={token}"))["errcode"] == 0


async def test_refresh_gives_a_new_pair_and_ends_the_old(api):
    old = await api.login()
    new = await api.raw("POST", "refresh_token", json={"refresh_token": old["refresh_token"]})
    assert new["errcode"] == 0
    assert (await api.raw("GET", f"system/information?access_token={old['access_token']}"))["errcode"] == 10004
    assert (await api.raw("GET", f"system/information?access_token={new['access_token']}"))["errcode"] == 0
    again = await api.raw("POST", "refresh_token", json={"refresh_token": old["refresh_token"]})
    assert again["errcode"] == 10004


async def test_ninth_token_is_refused_until_one_is_revoked(api):
    tokens = [(await api.login())["access_token"] for _ in range(8)]
    assert (await api.login())["errcode"] == 60002
    assert (await api.raw("GET", f"del_token?access_token={tokens[0]}"))["errcode"] == 0
    assert (await api.raw("GET", f"system/information?access_token={tokens[0]}"))["errcode"] == 10004
    assert (await api.login())["errcode"] == 0


async def test_token_ends_by_itself_and_can_be_refreshed(api_of, until):
    async with SimulatedPbx(SimOptions(access_token_seconds=0.05)) as pbx, api_of(pbx) as api:
        pair = await api.login()
        await until(lambda: pbx.core.access.expiry(pair["access_token"]) is None)
        assert (await api.raw("GET", f"cdr/list?access_token={pair['access_token']}"))["errcode"] == 10004
        answer = await api.raw("POST", "refresh_token", json={"refresh_token": pair["refresh_token"]})
        assert answer["errcode"] == 0


async def test_five_wrong_logins_in_a_row_refuse_the_connection(pbx, api_of):
    async with api_of(pbx, "127.0.0.9") as api, api_of(pbx) as other:
        for _ in range(5):
            assert (await api.login("wrong"))["errcode"] == 1
        with pytest.raises(httpx.TransportError):
            await api.login()
        assert pbx.blocked_api_ips == {"127.0.0.9"}
        assert (await other.login())["errcode"] == 0
        assert pbx.events[-1][1]["event_name"] == "api_authentication_blocked_out"
        pbx.unblock_api_ip("127.0.0.9")
        assert (await api.login())["errcode"] == 0


async def test_a_good_login_starts_the_count_again(pbx, api):
    for _ in range(2):
        for _ in range(4):
            await api.login("wrong")
        assert (await api.login())["errcode"] == 0
    assert pbx.blocked_api_ips == set()


async def test_foreign_address_is_70087(api_of):
    options = SimOptions(api_allowed_ips=("127.0.0.8/30",))
    async with SimulatedPbx(options) as pbx, api_of(pbx) as outside, api_of(pbx, "127.0.0.9") as inside:
        assert (await outside.login())["errcode"] == 70087
        assert (await inside.login())["errcode"] == 0


async def test_missing_permission_is_10005_and_missing_interface_10001(api_of):
    options = SimOptions(denied_permissions={"call"}, unsupported_endpoints={"webhook/query"})
    async with SimulatedPbx(options) as pbx, api_of(pbx) as api:
        assert (await api.get("call/query"))["errcode"] == 10005
        assert (await api.get("webhook/query"))["errcode"] == 10001
        assert (await api.get("cdr/list"))["errcode"] == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"username": 1, "password": 2}', b"x" * (1 << 20) + b"y"])
async def test_unreadable_body_is_40002(api, body):
    assert (await api.raw("POST", "get_token", content=body))["errcode"] == 40002


async def test_client_secret_is_not_shown():
    options = SimOptions(client_secret="very secret indeed")
    pbx = SimulatedPbx(options)
    assert pbx.client_secret == "very secret indeed"
    assert "very secret" not in repr(options)
