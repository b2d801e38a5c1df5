"""The page of a PBX says how each control is seen there, and names the rules that nothing feeds."""

import re
from typing import Any

import httpx

from detector.contract.controls import CONTROLS
from detector.detect.catalogue import catalogue
from detector.settings import profile
from streams.config.connection import Connection
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.pbxs.pbx_status import PbxStatus
from streams.pbxs.sight import PbxSight, SightKind, sight_of

EVIL = "<script>alert(1)</script>"
CONNECTION = Connection(url="https://pbx.example:8088")


def seen(pbx: str = "hq", connection: Connection | None = CONNECTION, rules: Any = None, **known: Any) -> PbxSight:
    installed = InstalledPbx(id=pbx, connection=connection, rules=rules or {})
    settings = core_settings(Installation(pbxs=(installed,)))
    return sight_of(installed, profile(settings, pbx, catalogue()), PbxStatus(at=1, **known) if known else None)


def rows(page: str) -> dict[str, str]:
    """What is said of each control, by its number."""
    found = re.findall(r'<th scope="row">(C\d\d) .*?</th>\s*<td>(.*?)</tr>', page, re.DOTALL)
    return {control: " ".join(re.sub(r"<[^>]*>", " ", text).split()) for control, text in found}


def test_it_is_reached_from_the_first_page_and_says_of_each_control_how_it_is_seen(
    console: Any, visitor: httpx.Client
) -> None:
    console.sights["hq"] = seen(model="P570", firmware="37.23.0.123")
    assert '<a href="/pbxs/hq">' in visitor.get("/").text
    page = visitor.get("/pbxs/hq").text
    said = rows(page)
    assert said.keys() == CONTROLS.keys()
    assert said["C27"].startswith(SightKind.LIVE)
    assert said["C18"] == "only audited login.link_reuse programs of your own that write our events"
    assert "all of it only with firmware that pushes system events" in said["C15"]
    assert "<bdi>P570</bdi>, firmware <bdi>37.23.0.123</bdi>" in page
    assert "Not told: registration.rejected" in page


def test_what_we_may_not_read_is_not_seen_and_the_right_that_is_missing_is_named(
    console: Any, visitor: httpx.Client
) -> None:
    console.sights["hq"] = seen(no_records=f"the API application may not read {EVIL}")
    page = visitor.get("/pbxs/hq").text
    assert EVIL not in page
    assert "Not told: call.ended: <bdi>the API application may not read &lt;script&gt;" in page


def test_settings_that_nothing_feeds_are_said(console: Any, visitor: httpx.Client) -> None:
    console.sights["hq"] = seen(rules={"registration.user_agent": {"allowed": ["Yealink"]}})
    assert "settings for rules that nothing feeds: registration.user_agent." in visitor.get("/pbxs/hq").text
    console.sights["hq"] = seen(rules={"call.frequency": {"limit": "9/1/second"}})
    assert "settings for rules that nothing feeds" not in visitor.get("/pbxs/hq").text


def test_where_settings_and_pbx_differ_is_said(console: Any, visitor: httpx.Client) -> None:
    console.sights["hq"] = seen(differences=(f"route {EVIL} is configured, and the PBX has none of that name",))
    page = visitor.get("/pbxs/hq").text
    assert EVIL not in page
    assert "route &lt;script&gt;alert(1)&lt;/script&gt; is configured, and the PBX has none" in page


def test_without_a_connection_nothing_is_seen(console: Any, visitor: httpx.Client) -> None:
    console.sights[EVIL] = seen("lab", None)
    page = visitor.get(f"/pbxs/{EVIL}").text
    assert "It has no connection" in page
    assert {said.split(" call.")[0].startswith(SightKind.UNSEEN) for said in rows(page).values()} == {True}


def test_strangers_and_other_names_get_nothing(console: Any, visitor: httpx.Client) -> None:
    assert visitor.get("/pbxs/nowhere").status_code == 404
    console.sights["hq"] = seen()
    with console.browser() as stranger:
        assert stranger.get("/pbxs/hq").headers["location"].startswith("/login")
