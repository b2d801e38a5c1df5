"""Our compiled tables against the library they are made from."""

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType as Kind

from detector.enrich.dialling.numbering import calling_code, look_up, region

KINDS = {
    Kind.FIXED_LINE: "fixed",
    Kind.MOBILE: "mobile",
    Kind.FIXED_LINE_OR_MOBILE: "fixed",
    Kind.TOLL_FREE: "toll_free",
    Kind.PREMIUM_RATE: "premium",
    Kind.SHARED_COST: "shared_cost",
    Kind.PERSONAL_NUMBER: "shared_cost",
    Kind.VOIP: "other",
    Kind.PAGER: "other",
    Kind.UAN: "other",
    Kind.VOICEMAIL: "other",
    Kind.UNKNOWN: None,
}


def test_every_example_of_every_country_is_found_as_the_library_finds_it() -> None:
    for code in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in KINDS:
            example = phonenumbers.example_number_for_type(code, kind)
            if example is not None:
                agrees(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:])


def test_random_numbers_are_found_as_the_library_finds_them() -> None:
    chance = random.Random(20)  # noqa: S311 - a fixed seed, nothing secret
    codes = [c for c, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if regions != ("001",)]
    for _ in range(4000):
        agrees(f"{chance.choice(codes)}{chance.randrange(10**6, 10**11)}")


def agrees(digits: str) -> None:
    number = phonenumbers.parse(f"+{digits}")
    if str(number.country_code) + phonenumbers.national_significant_number(number) != digits:
        return  # the library dropped a national prefix that nobody dials
    if digits.startswith("448") and phonenumbers.number_type(number) is Kind.PREMIUM_RATE:
        return
    found = look_up(digits, home="")
    assert found is not None
    assert found.kind == KINDS[phonenumbers.number_type(number)], digits
    assert found.country == (phonenumbers.region_code_for_number(number) or found.country), digits


def test_british_service_numbers_are_shared_cost_and_09_is_premium() -> None:
    kinds = {digits: listing.kind for digits in ("448451234567", "448712345678", "449098790123")
             if (listing := look_up(digits, "GB")) is not None}  # fmt: skip
    assert kinds == {"448451234567": "shared_cost", "448712345678": "shared_cost", "449098790123": "premium"}


def test_a_shared_range_belongs_to_the_home_country_that_has_it() -> None:
    countries = [found.country for home in ("US", "CA", "JM") if (found := look_up("18005551234", home))]
    assert countries == ["US", "CA", "US"]


@pytest.mark.parametrize("digits", ["", "0", "210123456", "999123456789", "8591234"])
def test_what_begins_with_no_calling_code_is_not_found(digits: str) -> None:
    assert calling_code(digits) is None
    assert look_up(digits, "US") is None


def test_an_unassigned_number_keeps_its_country() -> None:
    found = look_up("25200", "US")
    assert found is not None
    assert (found.country, found.kind) == ("SO", None)


def test_an_unknown_region_is_named() -> None:
    with pytest.raises(ValueError, match="'XX'"):
        region("XX")
