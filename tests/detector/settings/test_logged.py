"""Settings as they stand in the log: nothing the engine reads is lost, and what earlier versions wrote is read."""

import json

import pytest
from pydantic import ValidationError

from detector.settings import Settings, profile, settings_as_json, settings_from_json
from detector.settings.params import Params, Seconds


class Guessing(Params):
    failures: int = 5
    window: Seconds = 60.0


CATALOGUE: dict[str, type[Params]] = {"registration.bruteforce": Guessing}
WRITTEN = {
    "defaults": {"protected": ["10.0.0.0/8"], "holidays": ["2026-12-24"], "tariffs": "a.csv", "region": "DE"},
    "tenants": {"acme": {"privacy": {"mask_numbers": True, "retention": {"raw": "7d"}}}},
    "pbxs": [
        {
            "id": "hq",
            "tenant": "acme",
            "business_hours": {"fri-mon": "22:00-06:00"},
            "rules": {"registration.bruteforce": {"window": "5m", "mode": "auto"}},
            "trunks": {"a": {"hosts": ["sip.example"], "max_calls": 4}},
            "routes": {"out": {"emergency": True}},
            "groups": {"g": {"members": [1001], "allowed_source_countries": []}},
            "extensions": {"1002": {"emergency_device": True, "international": False}},
        }
    ],
}


def test_the_profiles_come_back() -> None:
    settings = Settings.model_validate(WRITTEN)
    again = settings_from_json(json.loads(json.dumps(settings_as_json(settings))))
    for pbx in ("hq", "unlisted"):
        assert profile(again, pbx, CATALOGUE) == profile(settings, pbx, CATALOGUE)
    assert settings_as_json(again) == settings_as_json(settings)


def test_defaults_need_no_words() -> None:
    assert settings_as_json(Settings()) == {}
    assert settings_from_json({}) == Settings()


def test_what_earlier_versions_wrote_of_a_pbx_is_read_over() -> None:
    logged = {"pbxs": [{"id": "a", "trunk_contexts": ["from-carrier"], "region": "DE"}, {"id": "b"}]}
    settings = settings_from_json(logged)
    assert settings_as_json(settings) == {"pbxs": [{"id": "a", "region": "DE"}, {"id": "b"}]}
    assert logged["pbxs"][0]["trunk_contexts"] == ["from-carrier"]


@pytest.mark.parametrize(
    "logged",
    [
        {"pbxs": [{"id": "a", "connection": {"url": "https://pbx.example"}}]},
        {"kafka": {}},
        {"pbxs": ["a"]},
        {"pbxs": 1},
    ],
    ids=["a connection", "an installation", "a PBX that is no map", "PBXs that are no list"],
)
def test_what_was_never_logged_is_refused_without_being_shown(logged: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings_from_json(logged)
    assert "pbx.example" not in str(caught.value)
