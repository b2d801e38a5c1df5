"""Files that are followed and senders of syslog: what is wrong in their settings, and what is seen by them."""

from typing import Any

import pytest
from pydantic import ValidationError

from detector.detect.catalogue import catalogue
from detector.settings import profile
from streams.config.installation import Installation, core_settings
from streams.config.installation_problems import installation_problems
from streams.pbxs.sight import SightKind, sight_of

LOG = {"format": "asterisk-log", "paths": ["/var/log/asterisk/messages"]}
RECORDS = {"format": "asterisk-cdr", "paths": ["/var/log/asterisk/cdr-csv/*.csv"]}
SENDER = {"format": "asterisk-log", "senders": ["192.0.2.10"]}
UDP = {"udp": {"port": 5514}}
KAFKA = {"brokers": ["kafka.example:9092"]}


def files(*given: Any) -> dict[str, Any]:
    return {"id": "hq", "files": list(given)}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (LOG | {"paths": ["messages"]}, "not a file that can be followed"),
        (LOG | {"paths": ["/var/log/"]}, "not a file that can be followed"),
        (LOG | {"paths": ["/var/**/messages"]}, "not a file that can be followed"),
        (LOG | {"paths": []}, "at least 1"),
        (LOG | {"format": "yeastar-cdr"}, "asterisk-log"),
        (LOG | {"timezone": "Europe/Berln"}, "Europe/Berlin"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused(given: Any, wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        Installation.model_validate({"pbxs": [files(given)]})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"pbxs": [files(LOG, RECORDS)]}, []),
        ({"pbxs": [files(LOG, LOG | {"paths": ["/b"]})]}, ["asterisk-log is used twice"]),
        ({"pbxs": [files(LOG), files(LOG) | {"id": "b"}]}, ["/var/log/asterisk/messages is used twice"]),
        ({"pbxs": [files(LOG)], "kafka": KAFKA}, ["only `ringfence run` without Kafka reads this"]),
        ({"pbxs": [{"id": "hq", "syslog": SENDER}], "syslog": UDP}, []),
        ({"pbxs": [{"id": "hq", "syslog": SENDER}]}, ["syslog is received nowhere"]),
        ({"pbxs": [{"id": name, "syslog": SENDER} for name in "ab"], "syslog": UDP}, ["192.0.2.10 tells of a already"]),
        ({"pbxs": [{"id": name, "syslog": SENDER | {"hosts": [name]}} for name in "ab"], "syslog": UDP}, []),
    ],
)
def test_what_does_not_fit_together_is_said(written: Any, expected: list[str]) -> None:
    found = [problem.text for problem in installation_problems(Installation.model_validate(written), catalogue())]
    assert [one.startswith(text) for one, text in zip(found, expected, strict=True)] == [True] * len(expected)


@pytest.mark.parametrize(
    ("pbx", "seen"),
    [
        (files(LOG, RECORDS), {"C09": SightKind.LIVE, "C29": SightKind.RECORDS}),
        (files(RECORDS), {"C09": SightKind.UNSEEN, "C29": SightKind.RECORDS}),
        ({"id": "hq", "syslog": SENDER}, {"C09": SightKind.LIVE, "C29": SightKind.UNSEEN}),
    ],
    ids=["log and records", "records alone", "syslog"],
)
def test_what_is_followed_is_seen(pbx: Any, seen: dict[str, SightKind]) -> None:
    settings = Installation.model_validate({"pbxs": [pbx], "syslog": UDP})
    found = sight_of(settings.pbxs[0], profile(core_settings(settings), "hq", catalogue()))
    assert found.connected
    assert {one.control: one.seen for one in found.sight.controls if one.control in seen} == seen
