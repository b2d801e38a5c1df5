"""Where HEP comes in and whose it is: never anybody's, and never two PBXs' at once."""

from typing import Any

import pytest
from pydantic import ValidationError

from detector.detect.catalogue import catalogue
from streams.config.dangers.risk_names import RiskName
from streams.config.dangers.risks import open_risks
from streams.config.installation import Installation
from streams.config.installation_problems import installation_problems
from streams.config.listener_settings import HepSettings

SOUND: dict[str, Any] = {"addresses": ["192.0.2.10"], "senders": ["192.0.2.10"]}
CONNECTION = {"make": "asterisk", "url": "amis://pbx.example:5039"}
KAFKA = {"brokers": ["kafka.example:9093"]}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (SOUND, None),
        ({"addresses": ["192.0.2.10"], "key": "env:KEY"}, None),
        (SOUND | {"transport": "tls", "certificate": "x.pem"}, None),
        ({"addresses": ["192.0.2.10"]}, "anybody could speak in the name of the PBX"),
        ({"senders": ["192.0.2.10"]}, "addresses"),
        (SOUND | {"addresses": []}, "addresses"),
        (SOUND | {"addresses": ["pbx.example"]}, "not an address"),
        (SOUND | {"senders": ["pbx.example"]}, "not an address"),
        (SOUND | {"key": "secret"}, "a secret must not be written here"),
        (SOUND | {"transport": "tls"}, "go together"),
        (SOUND | {"certificate": "x.pem"}, "go together"),
        (SOUND | {"capture_ids": [-1]}, "capture_ids"),
    ],
)
def test_what_is_refused(given: dict[str, Any], wrong: str | None) -> None:
    if wrong is None:
        assert HepSettings.model_validate(given).addresses == ("192.0.2.10",)
        return
    with pytest.raises(ValidationError, match=wrong):
        HepSettings.model_validate(given)


def test_an_address_is_written_in_one_way() -> None:
    assert HepSettings.model_validate(SOUND | {"addresses": ["::ffff:192.0.2.10"]}).addresses == ("192.0.2.10",)


def problems(*heps: dict[str, Any], **more: Any) -> list[str]:
    pbxs = [{"id": f"pbx-{number}", "hep": hep} for number, hep in enumerate(heps)]
    settings = Installation.model_validate({"pbxs": pbxs, **more})
    return [one.text for one in installation_problems(settings, catalogue())]


KEYED = {"addresses": ["192.0.2.10"], "key": "env:KEY"}


@pytest.mark.parametrize(
    ("heps", "said"),
    [
        ([KEYED, SOUND | {"port": 9061}], []),
        ([SOUND, SOUND | {"senders": ["192.0.2.20"]}], []),
        ([SOUND, KEYED], ["whose packets these are cannot be told"]),
        ([SOUND, SOUND | {"transport": "tcp"}], ["another transport"]),
    ],
    ids=["two ports", "two senders", "one takes from anybody", "two transports"],
)
def test_two_pbxs_at_one_port(heps: list[dict[str, Any]], said: list[str]) -> None:
    found = problems(*heps)
    assert len(found) == len(said)
    assert all(text in one for text, one in zip(said, found, strict=True))


def test_processes_that_share_pbxs_do_not_receive_it_and_that_is_said() -> None:
    assert any("`ringfence run` only" in one for one in problems(SOUND, kafka=KAFKA))


@pytest.mark.parametrize(
    ("more", "risky"),
    [({}, False), ({"host": "192.0.2.1"}, True), ({"host": "192.0.2.1", "transport": "tcp"}, True),
     ({"host": "192.0.2.1", "transport": "tls", "certificate": "x.pem"}, False)],
    ids=["this machine", "UDP", "TCP", "TLS"],
)  # fmt: skip
def test_who_can_speak_in_the_name_of_the_pbx_is_said(more: dict[str, Any], risky: bool) -> None:
    pbx = {"id": "hq", "connection": CONNECTION, "hep": SOUND | more}
    found = {one.name for one in open_risks(Installation.model_validate({"pbxs": [pbx]}), fresh=False)}
    assert (RiskName.HEP_FORGEABLE in found) == risky
