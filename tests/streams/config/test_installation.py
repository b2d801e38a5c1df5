"""The whole configuration: its single values, what does not fit together, and what of it the core is given."""

import json
import pickle
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from detector.settings import Pbx, Settings, settings_as_json
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.config.installation_problems import installation_problems

WRITTEN: dict[str, Any] = {
    "defaults": {"protected": ["10.0.0.0/8"], "holidays": ["2026-12-24"], "tariffs": "a.csv", "region": "DE"},
    "tenants": {"acme": {"privacy": {"mask_numbers": True, "retention": {"raw": "7d"}}}},
    "pbxs": [
        {
            "id": "hq",
            "tenant": "acme",
            "trunks": {"a": {"hosts": ["sip.example"], "max_calls": 4}},
            "routes": {"out": {"emergency": True}},
            "groups": {"g": {"members": [1001], "allowed_source_countries": []}},
            "extensions": {"1002": {"emergency_device": True, "international": False}},
        },
        {"id": "lab", "mode": "ask", "rules": {"call.cost": {"amount": 9}}, "business_hours": {"mon": "closed"}},
    ],
}
OUTSIDE: dict[str, Any] = {
    "connection": {"url": "https://pbx.example", "client_secret": SecretStr("hunter2")},
    "trunk_contexts": ["from-carrier"],
    "notice_names": {"sec_ext_locked": "extension_registration_blocked"},
}
ONCE: dict[str, Any] = {
    "feed": {"token": SecretStr("hunter2")},
    "notify": [{"name": "soc", "url": SecretStr("mailto://hunter2")}],
    "journal": SecretStr("postgresql://u:hunter2@db/r"),
    "kafka": {"brokers": ["kafka.example:9092"]},
    "fleet": {"pbxs": 5},
}


def refused(**written: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Installation.model_validate(written)
    return str(caught.value)


def found(**written: object) -> list[tuple[str, str]]:
    checked = installation_problems(Installation.model_validate(written), {})
    return [(".".join(map(str, problem.path)), problem.text) for problem in checked]


def test_the_core_is_given_all_that_findings_depend_on_and_nothing_else() -> None:
    hq, lab = WRITTEN["pbxs"]
    given = core_settings(Installation.model_validate({**WRITTEN, **ONCE, "pbxs": [hq | OUTSIDE, lab]}))
    assert given == Settings.model_validate(WRITTEN)
    assert [type(pbx) for pbx in given.pbxs] == [Pbx, Pbx]
    for written in (repr(given), json.dumps(settings_as_json(given)), pickle.dumps(given).decode("latin-1")):
        assert "hunter2" not in written
        assert "pbx.example" not in written
        assert "from-carrier" not in written


@pytest.mark.parametrize(("core", "outside"), [(Settings, Installation), (Pbx, InstalledPbx)])
def test_what_the_core_knows_is_written_in_the_configuration(core: Any, outside: Any) -> None:
    assert list(core.model_fields) == list(outside.model_fields)[: len(core.model_fields)]


def test_a_pbx_with_its_connection_does_not_get_into_the_core() -> None:
    pbx = InstalledPbx.model_validate({"id": "hq"} | OUTSIDE)
    with pytest.raises(ValidationError, match=r"pbxs\.0\.connection") as caught:
        Settings(pbxs=(pbx,))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("connection", "spares"),
    [({"make": "asterisk", "url": "ami://pbx.example"}, True), ({"url": "https://pbx.example"}, False), (None, False)],
    ids=["an Asterisk", "a P-Series", "no connection"],
)
def test_whether_locks_spare_emergency_calls_follows_from_the_make(connection: Any, spares: bool) -> None:
    pbx = {"id": "hq", "connection": connection}
    assert core_settings(Installation.model_validate({"pbxs": [pbx]})).pbxs[0].spares_emergency is spares
    assert "follows from its make" in refused(pbxs=[pbx | {"spares_emergency": True}])


def test_secrets_show_neither_in_repr_nor_in_errors() -> None:
    installation = Installation(journal=SecretStr("postgresql://u:hunter2@db/r"))
    assert installation.journal is not None
    assert installation.journal.get_secret_value() == "postgresql+psycopg://u:hunter2@db/r"
    assert "hunter2" not in repr(installation)
    wrong = [{"name": "soc", "url": "mailto://hunter2"}]
    assert "env:NAME or file:PATH" in refused(notify=wrong)
    assert "hunter2" not in refused(notify=wrong)
    assert "hunter2" not in refused(feed={"token": ["hunter2"]}, journal="mysql://u:hunter2@db/r")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            {"enforcers": {"feed": {}}},
            [("enforcers.feed", "the feed is not enabled (allowed: feed: {enabled: true, token: env:NAME})")],
        ),
        ({"enforcers": {"feed": {}}, "feed": {"enabled": True, "token": SecretStr("x")}}, []),
        (
            {"notify": [{"name": name, "url": SecretStr("x://")} for name in ("soc", "boss", "soc", "soc")]},
            [("notify.2.name", "soc is used twice"), ("notify.3.name", "soc is used twice")],
        ),
        ({"country_database": "/nowhere.mmdb"}, [("country_database", "there is no such file")]),
        (
            {"pbxs": [{"id": "a"}, {"id": "a"}], "enforcers": {"feed": {}}},
            [
                ("pbxs.1.id", "a is used twice"),
                ("enforcers.feed", "the feed is not enabled (allowed: feed: {enabled: true, token: env:NAME})"),
            ],
        ),
    ],
    ids=["no feed", "a feed", "receivers of one name", "no file", "in the core and outside"],
)
def test_what_does_not_fit_together_is_found(written: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert found(**written) == expected


@pytest.mark.parametrize(
    "url",
    ["pbx.example", "ftp://pbx.example", "https://u:p@pbx.example", "https://pbx.example?x=1", "https://:80", "//"],
)
def test_the_url_of_a_pbx_is_only_scheme_host_and_port(url: str) -> None:
    assert "not a" in refused(pbxs=[{"id": "a", "connection": {"url": url}}])


def test_webhooks_and_the_feed_need_their_secrets() -> None:
    connection = {"url": "https://pbx.example", "events": "both"}
    assert "need webhook_secret" in refused(pbxs=[{"id": "a", "connection": connection}])
    assert "needs a token" in refused(feed={"enabled": True})


@pytest.mark.parametrize("call", [{}, {"extension": "1", "number": "2"}])
def test_a_call_goes_to_an_extension_or_to_a_number(call: dict[str, str]) -> None:
    assert "exactly one" in refused(calls=[call])
