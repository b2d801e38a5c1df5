"""Guessing of passwords of people: temporary, then permanent lock-out, and honest mistyping (C15)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    OFFICE,
    OTHER_THIEF,
    decisions,
    detections,
    fired,
    login,
    notice,
    run,
    settings,
)

RULE = "login.bruteforce"


def failures(seconds, times=5, **more):
    return [login(seconds + step, **more) for step in range(times)]


KNOWN = [login(-day * DAY, "accepted", source=OFFICE) for day in (1, 2)]
CASES = [
    ("one below the limit", failures(0, 4), []),
    ("at the limit", failures(0, 5), [4]),
    ("one past the limit", failures(0, 6), [4]),
    ("starts over", failures(0, 10), [4, 9]),
    ("many accounts guessed", [login(step, account=f"user{step}") for step in range(5)], [4]),
    ("every surface counts", [login(s, surface=("web", "ssh", "api", "linkus_mobile")[s % 4]) for s in range(5)], [4]),
    ("slow drip", [login(75 * step) for step in range(20)], []),
    ("the window still holds the first", [login(0), *failures(296.999, 4)], [299.999]),
    ("the window no longer holds the first", [login(0), *failures(297, 4)], []),
    ("out of order", [login(second) for second in (4, 1, 3, 0, 2)], [2]),
    ("twice the same event", [event for event in failures(0, 4) for _ in "ab"], []),
    ("one event stands for several", [login(0, count=4), login(9)], [9]),
    ("two addresses", [*failures(0, 4), *failures(0, 4, source=OTHER_THIEF)], []),
    ("no address known", failures(0, 20, source=None), []),
    ("accepted logins", [login(step, "accepted") for step in range(50)], []),
    ("somebody known mistypes", [*KNOWN, *failures(0, 9, source=OFFICE)], []),
    ("somebody known mistypes too often", [*KNOWN, *failures(0, 10, source=OFFICE)], [9]),
    ("a known address, but another account", [*KNOWN, *failures(0, 5, source=OFFICE, account="root")], [4]),
    ("known since today is not known", [login(-60, "accepted", source=OFFICE), *failures(0, 5, source=OFFICE)], [4]),
    ("the PBX locked out a web user", [notice(3, "web_user_blocked")], [3]),
    ("the PBX locked out a Linkus user", [notice(3, "linkus_user_blocked")], [3]),
    ("the PBX locked out an API client", [notice(3, "api_authentication_blocked")], [3]),
    ("the PBX locked out a phone", [notice(3, "extension_registration_blocked")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_login_bruteforce(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("limits", "events", "seconds"),
    [
        pytest.param({"failures": 3}, failures(0, 3), [2], id="fewer failures"),
        pytest.param({"window": 4}, failures(0, 5), [], id="shorter window"),
        pytest.param({"window": 4.001}, failures(0, 5), [4], id="just within the window"),
    ],
)
def test_limits_of_the_pbx(limits, events, seconds) -> None:
    assert fired(events, RULE, settings(rules={RULE: limits})) == seconds


@pytest.mark.parametrize(
    ("starts", "permanent"),
    [
        ([0, 1_000], [False, False]),
        ([0, 1_000, 2_000], [False, False, True]),
        ([0, 1_000, DAY - 0.001], [False, False, True]),
        ([0, 1_000, DAY], [False, False, False]),
    ],
)
def test_the_third_lock_out_within_a_day_is_for_good(starts, permanent) -> None:
    found = run([event for start in starts for event in failures(start, 5)])
    said = detections(found, RULE)
    assert [each.values["permanent"] for each in said] == permanent
    assert (decisions(found, "block_ip")[-1].until.year == 9999) == permanent[-1]


def test_banned_for_good_at_the_number_the_settings_say() -> None:
    found = run(failures(0, 5), settings(rules={RULE: {"permanent": 1}}))
    (block,) = decisions(found, "block_ip")
    assert (block.until.year, block.review_at is not None) == (9999, True)


@pytest.mark.parametrize(("texts", "mode"), [(0, "auto"), (1, "ask")])
def test_what_was_read_out_of_text_alone_blocks_nobody(texts, mode) -> None:
    (block,) = decisions(run([*failures(0, texts, trust="text"), *failures(texts, 5 - texts)]), "block_ip")
    assert block.mode == mode
