"""Events of the simulated PBX over WebSocket and webhook."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import pytest
from websockets import ConnectionClosed, InvalidStatus, connect

from streams.sim import SimOptions, SimulatedPbx, SimWebhook


def address(pbx, token):
    return f"{pbx.url.replace('http', 'ws')}/openapi/v1.0/subscribe?access_token={token}"


async def subscribed(pbx, api, topics):
    socket = await connect(address(pbx, (await api.login())["access_token"]))
    await socket.send(json.dumps({"topic_list": topics}))
    assert json.loads(await socket.recv()) == {"errcode": 0, "errmsg": "SUCCESS"}
    return socket


async def test_socket_gets_its_topics_and_nothing_else(pbx, api):
    async with await subscribed(pbx, api, [30007, 30036]) as socket:
        pbx.register("1000")
        pbx.dial("1000", "912125550147")
        pbx.fail_logins("admin", "203.0.113.77")
        frames = [json.loads(await socket.recv()) for _ in range(2)]
    assert [frame["type"] for frame in frames] == [30007, 30036]
    assert {frame["sn"] for frame in frames} == {pbx.serial}
    assert isinstance(frames[0]["msg"], str)
    assert json.loads(frames[0]["msg"])["registered_ip"] == "192.168.20.20"
    assert frames[1]["msg"]["event_name"] == "web_login_fail"


async def test_heartbeat_and_unreadable_messages(pbx, api):
    async with await subscribed(pbx, api, []) as socket:
        await socket.send("heartbeat")
        assert await socket.recv() == "heartbeat response"
        for text in ("hello", "[]", '{"topic_list": 5}', '{"topic_list": ["x"]}', "{}"):
            await socket.send(text)
            assert json.loads(await socket.recv())["errcode"] == 40002


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_socket_without_a_valid_token_is_refused(pbx, token):
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(pbx, token))
    assert refused.value.response.status_code == 200
    assert json.loads(refused.value.response.body)["errcode"] == 10004


@pytest.mark.parametrize("options", [{"websocket_idle_seconds": 0.5}, {"access_token_seconds": 1}])
async def test_socket_ends_when_idle_or_when_the_token_does(api_of, options):
    async with SimulatedPbx(SimOptions(**options)) as pbx, api_of(pbx) as api:
        socket = await subscribed(pbx, api, [30007])
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 15)
        pbx.register("1000")


async def test_heartbeats_keep_an_idle_socket_alive(api_of):
    async with SimulatedPbx(SimOptions(websocket_idle_seconds=0.5)) as pbx, api_of(pbx) as api:
        socket = await subscribed(pbx, api, [])
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            await socket.send("heartbeat")
            assert await socket.recv() == "heartbeat response"
            await asyncio.sleep(0.01)
        await socket.close()


async def test_webhook_is_signed_over_the_raw_body(receiver):
    secret = "k" * 32
    hook = SimWebhook(url=receiver.url, secret=secret, event_ids=(30012, 30036))
    async with SimulatedPbx(SimOptions(speed=200, webhooks=(hook,))) as pbx:
        pbx.register("1000")
        await pbx.dial("1000", "912125550147").call.over.wait()
        pbx.fail_logins("admin", "203.0.113.77")
        await pbx.webhooks_settled()
    method, headers, body = receiver.requests[0]
    assert method == "POST"
    right = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    assert headers["x-signature"] == base64.b64encode(right).decode()
    assert [json.loads(r[2])["type"] for r in receiver.requests] == [30012, 30036]
    assert [d.accepted for d in pbx.sent_webhooks] == [True, True]


async def test_webhook_is_tried_three_more_times(receiver):
    receiver.statuses = [500, 302, 404, 204, 500, 500, 500, 500]
    options = SimOptions(webhooks=(SimWebhook(url=receiver.url),), webhook_retry_wait_seconds=0.01)
    async with SimulatedPbx(options) as pbx:
        pbx.register("1000")
        pbx.register("1001")
        await pbx.webhooks_settled()
        assert [(d.attempts, d.status, d.accepted) for d in pbx.sent_webhooks] == [
            (4, 204, True),
            (4, 500, False),
        ]
    assert len({body for _, _, body in receiver.requests}) == 2


async def test_silent_or_absent_receiver_is_given_up(receiver):
    receiver.silent = True
    hooks = (SimWebhook(url=receiver.url), SimWebhook(url="http://127.0.0.1:9/nobody"))
    options = SimOptions(webhooks=hooks, webhook_timeout_seconds=0.05, webhook_retry_wait_seconds=0.01)
    async with SimulatedPbx(options) as pbx:
        pbx.register("1000")
        await pbx.webhooks_settled()
        assert [(d.attempts, d.status) for d in pbx.sent_webhooks] == [(4, None), (4, None)]
