"""How a PBX is reached: by an address that fits its make."""

from typing import Any

import pytest
from pydantic import ValidationError

from streams.config.connection import Connection
from streams.config.dangers.risk_names import RiskName
from streams.config.dangers.risks import open_risks
from streams.config.installation import Installation

PLAIN, MANAGER = {"url": "https://pbx.example:8088"}, {"make": "asterisk", "url": "amis://pbx.example:5039"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (PLAIN, None),
        (MANAGER, None),
        (MANAGER | {"url": "ami://[2001:db8::1]:5038"}, None),
        (PLAIN | {"make": "asterisk"}, "ami:// or amis://"),
        (MANAGER | {"make": "yeastar"}, "https:// or http://"),
        (MANAGER | {"url": "ami://pbx.example/path"}, "not a URL of a manager interface"),
        (MANAGER | {"url": "ami://user:secret@pbx.example"}, "not a URL of a PBX"),
        (MANAGER | {"url": "ami://pbx.example?x=1"}, "not a URL of a PBX"),
        (MANAGER | {"url": "ami://"}, "not a URL of a PBX"),
        (MANAGER | {"url": "telnet://pbx.example:23"}, "not a URL of a PBX"),
        (MANAGER | {"events": "webhook", "webhook_secret": None}, "pushes nothing"),
        (MANAGER | {"call_records": "Master.csv"}, None),
        (PLAIN | {"call_records": "Master.csv"}, "tells its call records itself"),
        (MANAGER | {"make": "cisco"}, "asterisk"),
    ],
)
def test_an_address_fits_the_make(given: dict[str, Any], wrong: str | None) -> None:
    if wrong is None:
        assert Connection.model_validate(given).url == given["url"]
        return
    with pytest.raises(ValidationError, match=wrong):
        Connection.model_validate(given)


@pytest.mark.parametrize(
    ("url", "risky"),
    [("ami://192.0.2.10:5038", True), ("amis://192.0.2.10:5039", False), ("ami://127.0.0.1:5038", False)],
)
def test_a_manager_interface_without_tls_is_for_this_machine(url: str, risky: bool) -> None:
    pbx = {"id": "hq", "connection": MANAGER | {"url": url}}
    found = {one.name: one for one in open_risks(Installation.model_validate({"pbxs": [pbx]}), fresh=False)}
    assert (RiskName.PBX_UNENCRYPTED in found) == risky
    if risky:
        assert found[RiskName.PBX_UNENCRYPTED].instead == "amis://"
