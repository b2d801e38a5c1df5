"""The configuration as typed layers, and the flat profile of each PBX that comes of them."""

from detector.settings.connection import Connection, PbxMake, Transport
from detector.settings.installation import CallOut, Notify, Settings, settings_as_json
from detector.settings.layers import Pbx, Policy, Route, Rules, Trunk
from detector.settings.problems import Problem, problems, wrong_rules
from detector.settings.profile import ExtensionProfile, PbxProfile, Tariffs
from detector.settings.resolve import Policies, profile
from detector.settings.rules import Catalogue, RuleSettings

__all__ = [
    "CallOut",
    "Catalogue",
    "Connection",
    "ExtensionProfile",
    "Notify",
    "Pbx",
    "PbxMake",
    "PbxProfile",
    "Policies",
    "Policy",
    "Problem",
    "Route",
    "RuleSettings",
    "Rules",
    "Settings",
    "Tariffs",
    "Transport",
    "Trunk",
    "problems",
    "profile",
    "settings_as_json",
    "wrong_rules",
]
