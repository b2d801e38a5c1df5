"""The section `fleet`: what holds without it, and what is refused."""

import pytest
from pydantic import ValidationError

from streams.config.fleet_settings import FleetSettings
from streams.config.installation import Installation


def test_three_pbxs_within_a_week_is_what_holds() -> None:
    assert Installation().fleet == FleetSettings(enabled=True, pbxs=3, window=604_800)
    assert Installation.model_validate({"fleet": {"pbxs": 5, "window": "1d"}}).fleet.window == 86_400


@pytest.mark.parametrize(
    "setting", [{"pbxs": 1}, {"pbxs": 10_001}, {"window": "59m"}, {"window": "31d"}, {"unknown": 1}, {"enabled": "so"}]
)
def test_unsound_values_are_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="1 validation error"):
        FleetSettings.model_validate(setting)
