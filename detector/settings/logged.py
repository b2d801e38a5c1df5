"""The settings as they stand in the log, where the engine reads them."""

from collections.abc import Mapping

from pydantic import JsonValue

from detector.settings.layers import Settings

FORMER_OF_PBX = frozenset({"trunk_contexts"})
"""What earlier versions wrote of a PBX that no finding depends on."""


def settings_as_json(settings: Settings) -> dict[str, JsonValue]:
    """What differs from the defaults; `settings_from_json` reads it back."""
    return settings.model_dump(mode="json", exclude_defaults=True)


def settings_from_json(logged: Mapping[str, object]) -> Settings:
    """The settings in the log, also those of an earlier version. Raises ValidationError where they are none."""
    pbxs = logged.get("pbxs")
    if not isinstance(pbxs, list):
        return Settings.model_validate(logged)
    return Settings.model_validate({**logged, "pbxs": [without_former(pbx) for pbx in pbxs]})


def without_former(pbx: object) -> object:
    """A PBX without what no finding depends on."""
    return {key: value for key, value in pbx.items() if key not in FORMER_OF_PBX} if isinstance(pbx, dict) else pbx
