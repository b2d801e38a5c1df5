"""What the settings of one PBX make of its numbers."""

from detector.detect.catalogue import catalogue
from detector.enrich.addresses import AddressTable
from detector.enrich.dialling.numbers import Klass
from detector.enrich.premises import Premises, Tables
from detector.settings import Policies, Settings

PBXS = [
    {"id": "plain", "extensions": {"1001": {}, "1002": {}}},
    {"id": "other", "extensions": {"2001": {}}},
    {"id": "long", "extensions": {"1001": {}, "5551234": {}, "9112": {}}},
]
POLICIES = Policies(Settings.model_validate({"pbxs": PBXS}), catalogue())


def site(pbx: str) -> Premises:
    return Premises(POLICIES.of(pbx), Tables(AddressTable()))


def test_extensions_that_look_like_numbers_outside_are_internal_on_their_own_pbx_only() -> None:
    found = {
        pbx: [site(pbx).plan.read(text).klass for text in ("1001", "5551234", "9112")] for pbx in ("plain", "long")
    }
    assert found == {
        "plain": [Klass.INTERNAL, Klass.NATIONAL, Klass.EMERGENCY],
        "long": [Klass.INTERNAL, Klass.INTERNAL, Klass.INTERNAL],
    }


def test_pbxs_without_such_extensions_share_a_plan() -> None:
    assert site("plain").plan is site("other").plan
    assert site("plain").plan is not site("long").plan
