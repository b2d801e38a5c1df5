"""Lists that are fetched: only what has changed, never for ever, never too much, never unencrypted from afar."""

import asyncio

import pytest

from streams.config.block_list_settings import BlockListSource
from streams.lists import fetching
from streams.lists.fetching import Fetched, FetchError, fetch
from tests.streams.lists.list_server import list_server

BODY = b"203.0.113.7\n"


def got(answers, etag=None, path="/list", **more):
    async def ask():
        async with list_server() as server:
            server.answers.update({
                name: (status, {k: v.format(port=server.port) for k, v in headers.items()}, body)
                for name, (status, headers, body) in answers.items()
            })  # fmt: skip
            settings = BlockListSource(name="bad", url=server.url(path))
            return await fetch(settings, etag, None, **more), server.asked

    return asyncio.run(ask())


def test_a_list_comes_with_the_words_to_ask_with_again() -> None:
    found, asked = got({"/list": (200, {"ETag": '"1"', "Last-Modified": "Mon"}, BODY)})
    assert found == Fetched(BODY, '"1"', "Mon")
    assert asked[0][1]["accept-encoding"] == "identity"
    assert "if-none-match" not in asked[0][1]


def test_what_has_not_changed_is_not_sent_again() -> None:
    assert got({"/list": (200, {"ETag": '"1"'}, BODY)}, etag='"1"')[0] == Fetched(None)


@pytest.mark.parametrize(("hops", "reached"), [(3, True), (4, False)])
def test_redirects_are_bounded(hops, reached) -> None:
    answers = {f"/{n}": (302, {"Location": f"/{n + 1}"}, b"") for n in range(hops)} | {f"/{hops}": (200, {}, BODY)}
    if reached:
        assert got(answers, path="/0")[0].content == BODY
    else:
        with pytest.raises(FetchError, match="more than 3"):
            got(answers, path="/0")


@pytest.mark.parametrize(("answer", "why"), [
    ((302, {"Location": "http://lists.example/bad"}, b""), "nothing is encrypted"),
    ((302, {"Location": "file:///etc/passwd"}, b""), "nothing is encrypted"),
    ((404, {}, b""), "says 404"),
    ((500, {}, b"203.0.113.7"), "says 500"),
    ((200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"), "packed"),
    ((200, {}, b"203.0.113.7\n" * (fetching.LARGEST_LIST // 12 + 1)), "larger than"),
], ids=["to where nothing is encrypted", "to a file", "not there", "broken", "packed", "too large"])  # fmt: skip
def test_what_is_refused(answer, why) -> None:
    with pytest.raises(FetchError, match=why):
        got({"/list": answer})


def test_nobody_is_waited_for_for_ever() -> None:
    with pytest.raises(FetchError, match="no answer within"):
        got({"/list": (0, {}, b"")}, within=0.2)


def test_nobody_there() -> None:
    with pytest.raises(FetchError, match="ConnectError"):
        asyncio.run(fetch(BlockListSource(name="bad", url="http://127.0.0.1:1/list"), None, None))


@pytest.mark.parametrize(("given", "why"), [
    ({}, "a file or a url"),
    ({"file": "a", "url": "https://lists.example/a"}, "a file or a url"),
    ({"url": "http://lists.example/a"}, "by https"),
    ({"url": "http://127.0.0.1.lists.example/a"}, "by https"),
    ({"url": "ftp://lists.example/a"}, "not a URL"),
    ({"url": "https://user:word@lists.example/a"}, "not a URL"),
    ({"url": "https://lists.example/a", "every": 10}, "greater than or equal to 300"),
])  # fmt: skip
def test_settings_that_are_refused(given, why) -> None:
    with pytest.raises(ValueError, match=why):
        BlockListSource.model_validate({"name": "bad"} | given)


@pytest.mark.parametrize("given", [
    {"url": "https://lists.example/a?key=1"}, {"url": "http://localhost:1/a"}, {"url": "http://[::1]/a"},
    {"url": "http://lists.example/a", "plain_http": True}, {"file": "bad.netset"},
])  # fmt: skip
def test_settings_that_are_taken(given) -> None:
    assert "key" not in BlockListSource.model_validate({"name": "bad"} | given).source
