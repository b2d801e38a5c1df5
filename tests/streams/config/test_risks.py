"""Each dangerous setting: told with its place and what to write instead, and not once somebody accepted it."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from streams.cli.main import commands
from streams.config.dangers.risk_names import RiskName
from streams.config.dangers.risks import FIRST_DAY_SECONDS, is_fresh, open_risks
from streams.config.loading import load
from streams.containment.enforcers.enforcer import enforcer_settings

ROOT = Path(__file__).parents[3]
LONG, SHORT = "a-token-of-more-than-16", "short"
SECRETS = {"ID": "id", "LONG": LONG, "SHORT": SHORT}


def settings() -> dict[str, Any]:
    """A configuration without a risk."""
    return {
        "data": "data",
        "defaults": {"region": "US", "access_digit": "9", "protected": ["192.0.2.0/24"], "mode": "ask"},
        "feed": {"enabled": True, "token": "env:LONG"},
        "enforcers": {"feed": {}},
        "pbxs": [
            {
                "id": "hq",
                "trunks": {"carrier": {"hosts": ["198.51.100.1"]}},
                "routes": {"Emergency": {"emergency": True}},
                "connection": {"url": "https://127.0.0.1:1", "client_id": "env:ID", "client_secret": "env:LONG"},
            }
        ],
    }


def changed(path: str, value: Any) -> dict[str, Any]:
    """The same with one value changed, or taken out where that is None."""
    found = made = settings()
    *way, last = path.split(".")
    for key in way:
        found = found[0][key] if isinstance(found, list) else found[key]
    place: Any = found[0] if isinstance(found, list) else found
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made


CALLS_IN_AUTO = {"call.frequency": {"mode": "auto"}}
RISKS: list[tuple[RiskName, dict[str, Any], str]] = [
    (RiskName.CONSOLE_OPEN, settings() | {"console": {"host": "0.0.0.0"}}, "console.host"),  # noqa: S104 - the danger
    (RiskName.PBX_UNENCRYPTED, changed("pbxs.connection.url", "http://pbx.example:8088"), "pbxs[0].connection.url"),
    (RiskName.PBX_UNVERIFIED, changed("pbxs.connection.verify_tls", False), "pbxs[0].connection.verify_tls"),
    (RiskName.FEED_TOKEN, changed("feed.token", "env:SHORT"), "feed.token"),
    (RiskName.EMERGENCY_ACCESS_DIGIT, changed("defaults.access_digit", None), "pbxs[0]"),
    (RiskName.RULES_ALL_AUTOMATIC, changed("defaults.mode", "auto"), "pbxs[0].mode"),
    (RiskName.TRUNK_HOSTS, changed("pbxs.trunks", {"carrier": {}}), "pbxs[0].trunks.carrier"),
    (RiskName.PROTECTED_WIDE, changed("defaults.protected", ["192.0.2.0/24", "0.0.0.0/0"]), "defaults.protected[1]"),
    (RiskName.PROTECTED_NONE, changed("defaults.protected", None), "pbxs[0]"),
]


def ring(folder: Path, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(folder)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    (folder / "ringfence.yaml").write_text(yaml.safe_dump(given))
    return CliRunner().invoke(commands, ["check", "-c", "ringfence.yaml"])


@pytest.mark.parametrize(("name", "given", "field"), [pytest.param(*case, id=case[0].value) for case in RISKS])
def test_each_is_told_with_its_place_until_it_is_accepted(
    name: RiskName, given: dict[str, Any], field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = ring(tmp_path, given, monkeypatch)
    [line] = [line for line in done.stderr.splitlines() if f"accepted_risks: {{{name}: WHY}}" in line]
    assert re.match(rf"ringfence\.yaml:\d+: {re.escape(field)}: ", line)
    assert "; write " in line
    assert (done.exit_code, "good" in done.stderr) == (2, False)
    accepted = ring(tmp_path, given | {"accepted_risks": {name.value: "we know"}}, monkeypatch)
    assert (accepted.exit_code, "good, 1 PBX" in accepted.stderr) == (0, True), accepted.stderr


def test_a_webhook_that_anybody_can_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for secret, risky in (("env:SHORT", True), (None, True), ("env:LONG", False)):
        given = settings()
        given["pbxs"][0]["connection"] |= {"events": "webhook", "webhook_secret": secret}
        assert ("webhook.secret" in ring(tmp_path, given, monkeypatch).stderr) is risky


def test_no_route_for_emergency_calls_matters_where_routes_are_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = changed("pbxs.routes", None)
    assert ring(tmp_path, given, monkeypatch).exit_code == 0
    for path in (("defaults",), ("pbxs", 0)):
        given = changed("pbxs.routes", None)
        layer: Any = given
        for key in path:
            layer = layer[key]
        layer["rules"] = CALLS_IN_AUTO
        assert "emergency.no_route" in ring(tmp_path, given, monkeypatch).stderr


def test_where_locks_spare_emergency_calls_no_route_for_them_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = changed("pbxs.routes", None)
    given["defaults"]["rules"] = CALLS_IN_AUTO
    assert "emergency.no_route" in ring(tmp_path, given, monkeypatch).stderr
    given["pbxs"][0]["connection"] |= {"make": "asterisk", "url": "amis://127.0.0.1:1"}
    assert "emergency.no_route" not in ring(tmp_path, given, monkeypatch).stderr


@pytest.mark.parametrize(
    "given",
    [
        settings(),
        changed("pbxs.connection.url", "http://127.0.0.1:8088"),
        changed("defaults.access_digit", ""),
        changed("defaults.emergency_numbers", ["911"]),
        changed("pbxs.protected", ["10.0.0.0/8"]),
    ],
    ids=["sound", "http on this machine", "nothing is dialled for a line", "numbers are listed", "private networks"],
)
def test_what_is_sound_is_good(given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = ring(tmp_path, given, monkeypatch)
    assert (done.exit_code, "good, 1 PBX" in done.stderr) == (0, True), done.stderr


def test_all_at_once_and_a_name_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {
        "console": {"host": "0.0.0.0"}, "defaults": {"mode": "auto", "protected": ["::/0"]},  # noqa: S104 - the danger
        "feed": {"enabled": True, "token": "env:SHORT"}, "enforcers": {"feed": {}},
        "pbxs": [{
            "id": "hq", "trunks": {"carrier": {}},
            "hep": {"host": "0.0.0.0", "addresses": ["192.0.2.10"], "key": "env:SHORT"},  # noqa: S104 - the danger
            "connection": {
                "url": "http://pbx.example", "client_id": "env:ID", "client_secret": "env:LONG", "verify_tls": False,
                "events": "webhook", "webhook_secret": "env:SHORT",
            },
        }],
    }  # fmt: skip
    said = ring(tmp_path, given, monkeypatch).stderr
    assert {name for name in RiskName if f"{{{name}:" in said} == set(RiskName) - {RiskName.PROTECTED_NONE}
    wrong = ring(tmp_path, settings() | {"accepted_risks": {"console.opne": "why"}}, monkeypatch)
    assert (wrong.exit_code, "console.open" in wrong.stderr) == (2, True)


def test_after_the_first_day_rules_may_all_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = changed("defaults.mode", "auto")
    (tmp_path / "data").mkdir()
    key = tmp_path / "data" / "key"
    key.write_bytes(b"k")
    assert "rules.all_automatic" in ring(tmp_path, given, monkeypatch).stderr
    long_ago = time.time() - FIRST_DAY_SECONDS - 1
    os.utime(key, (long_ago, long_ago))
    assert ring(tmp_path, given, monkeypatch).exit_code == 0


def test_a_pbx_that_is_only_replayed_is_no_danger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ring(tmp_path, {"pbxs": [{"id": "hq", "trunks": {"carrier": {}}}]}, monkeypatch).exit_code == 0


@pytest.mark.parametrize("document", ["deploy/ringfence.yaml", "deploy/ringfence-cluster.yaml", "README.md"])
def test_what_the_manual_shows_is_free_of_them(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / document).read_text()
    if document.endswith(".md"):
        [text] = re.findall(r"```yaml\n(defaults:.*?)```", text, re.DOTALL)
    text = re.sub(r"(?:env:[A-Z_]+|file:/run/secrets/(?!journal)\w+)", "env:LONG", text)
    text = text.replace("file:/run/secrets/journal", "postgresql://localhost/ringfence")
    monkeypatch.setenv("LONG", LONG)
    config = tmp_path / "ringfence.yaml"
    config.write_text(text)
    installation = load(config, enforcers=enforcer_settings())
    assert [str(risk) for risk in open_risks(installation, fresh=True)] == []


def test_who_was_never_started_is_fresh(tmp_path: Path) -> None:
    installation = load(None).model_copy(update={"data": tmp_path})
    assert is_fresh(installation, "key")
    (tmp_path / "key").write_bytes(b"k")
    assert not is_fresh(installation, "key", lambda: time.time() + FIRST_DAY_SECONDS + 1)
