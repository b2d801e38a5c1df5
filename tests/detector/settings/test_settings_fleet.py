"""The section `fleet`: what holds without it, and what is refused."""

import pytest
from pydantic import ValidationError

from detector.settings import Settings, settings_as_json
from detector.settings.fleet import FleetSettings


def test_three_pbxs_within_a_week_is_what_holds() -> None:
    assert Settings().fleet == FleetSettings(enabled=True, pbxs=3, window=604_800)
    assert Settings.model_validate({"fleet": {"pbxs": 5, "window": "1d"}}).fleet.window == 86_400


def test_findings_do_not_depend_on_it() -> None:
    assert settings_as_json(Settings.model_validate({"fleet": {"pbxs": 5}})) == {}


@pytest.mark.parametrize(
    "setting", [{"pbxs": 1}, {"pbxs": 10_001}, {"window": "59m"}, {"window": "31d"}, {"unknown": 1}, {"enabled": "so"}]
)
def test_unsound_values_are_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="1 validation error"):
        FleetSettings.model_validate(setting)
