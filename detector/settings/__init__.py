"""What findings depend on as typed layers, and the flat profile of each PBX that comes of them."""

from detector.settings.layers import Pbx, Policy, Route, Rules, Settings, Trunk
from detector.settings.logged import settings_as_json, settings_from_json
from detector.settings.problems import Keys, Problem, problems, wrong_rules
from detector.settings.profile import ExtensionProfile, PbxProfile, Tariffs
from detector.settings.resolve import Policies, profile
from detector.settings.rules import Catalogue, RuleSettings

__all__ = [
    "Catalogue",
    "ExtensionProfile",
    "Keys",
    "Pbx",
    "PbxProfile",
    "Policies",
    "Policy",
    "Problem",
    "Route",
    "RuleSettings",
    "Rules",
    "Settings",
    "Tariffs",
    "Trunk",
    "problems",
    "profile",
    "settings_as_json",
    "settings_from_json",
    "wrong_rules",
]
