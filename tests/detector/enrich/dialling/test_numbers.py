"""Numbers as eight countries dial them, and as attackers do."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.enrich.dialling.numbers import Klass, Number, NumberPlan

PLANS = {
    "US": NumberPlan(region="US", international_prefix="011", access_digit="9", emergency_numbers=("933",)),
    "US bare": NumberPlan(region="US", international_prefix="011", access_digit=""),
    "GB": NumberPlan(region="GB", international_prefix="00", access_digit="9"),
    "GB bare": NumberPlan(region="GB", international_prefix="00"),
    "DE": NumberPlan(region="DE", international_prefix="00", access_digit="0"),
    "DE bare": NumberPlan(region="DE", international_prefix="00"),
    "FR": NumberPlan(region="FR", international_prefix="00", access_digit="0"),
    "FR bare": NumberPlan(region="FR", international_prefix="00"),
    "AU": NumberPlan(region="AU", international_prefix="0011", access_digit="0"),
    "AU bare": NumberPlan(region="AU", international_prefix="0011"),
    "CN": NumberPlan(region="CN", international_prefix="00", access_digit="9"),
    "CN bare": NumberPlan(region="CN", international_prefix="00"),
    "BR": NumberPlan(region="BR", international_prefix="00", access_digit="0"),
    "BR bare": NumberPlan(region="BR", international_prefix="00"),
    "ZA": NumberPlan(region="ZA", international_prefix="00", access_digit="0"),
    "ZA bare": NumberPlan(region="ZA", international_prefix="00"),
}

# plan, dialled, E.164, country, class
OUTSIDE = """
US       912125551234               +12125551234     US  national
US       92125551234                +12125551234     US  national
US       12125551234                +12125551234     US  national
US       9175551234                 +19175551234     US  national
US       9-1-(415)-555-0199         +14155550199     US  national
US       918005551234               +18005551234     US  toll_free
US       919005551234               +19005551234     US  premium
US       918765551234               +18765551234     JM  international
US       18095551234                +18095551234     DO  international
US       914165551234               +14165551234     CA  international
US       917875551234               +17875551234     PR  national
US       901125261234567            +25261234567     SO  international
US       9011252612345678           +252612345678    SO  international
US       011252612345678            +252612345678    SO  international
US       9011442079460123           +442079460123    GB  international
US       9011449098790123           +449098790123    GB  premium
US       9011870776123456           +870776123456    -   satellite
US       90118816123456789          +8816123456789   -   satellite
US       901188216123456            +88216123456     -   satellite
US       9011979123456789           +979123456789    -   premium
US       901180012345678            +80012345678     -   toll_free
US       91010288011252612345678    +252612345678    SO  international
US       1010288011252612345678     +252612345678    SO  international
US       91010288 1 212 555 1234    +12125551234     US  national
US       9,011252612345678          +252612345678    SO  international
US       *6790112526123456 78       +252612345678    SO  international
US bare  12125551234                +12125551234     US  national
US bare  2125551234                 +12125551234     US  national
US bare  912125551234               +12125551234     US  national
US bare  92125551234                +12125551234     US  national
US bare  011252612345678            +252612345678    SO  international
US bare  9011252612345678           +252612345678    SO  international
US bare  18765551234                +18765551234     JM  international
US bare  442079460123               +442079460123    GB  international
GB       902079460123               +442079460123    GB  national
GB       907700900123               +447700900123    GB  national
GB       02079460123                +442079460123    GB  national
GB       909098790123               +449098790123    GB  premium
GB       908431234567               +448431234567    GB  shared_cost
GB       907012345678               +447012345678    GB  shared_cost
GB       908081570123               +448081570123    GB  toll_free
GB       901534456789               +441534456789    JE  national
GB       900252612345678            +252612345678    SO  international
GB       9001 876 555 1234          +18765551234     JM  international
GB bare  02079460123                +442079460123    GB  national
GB bare  00252612345678             +252612345678    SO  international
GB bare  +44 (0)20 7946 0123        +442079460123    GB  national
GB bare  442079460123               +442079460123    GB  national
GB bare  0252612345678              +252612345678    SO  international
DE       0030 2345 6789             +493023456789    DE  national
DE       0015112345678              +4915112345678   DE  national
DE       000252612345678            +252612345678    SO  international
DE       00252612345678             +252612345678    SO  international
DE       009001123456               +499001123456    DE  premium
DE       001801234567               +491801234567    DE  shared_cost
DE bare  03023456789                +493023456789    DE  national
DE bare  015112345678               +4915112345678   DE  national
DE bare  0049 30 23456789           +493023456789    DE  national
DE bare  00252612345678             +252612345678    SO  international
DE bare  0088216 1234 5678          +8821612345678   -   satellite
DE bare  004369910123456            +4369910123456   AT  international
FR       00612345678                +33612345678     FR  national
FR       0142345678                 +33142345678     FR  national
FR       000252612345678            +252612345678    SO  international
FR       00899123456                +33899123456     FR  premium
FR bare  0142345678                 +33142345678     FR  national
FR bare  0033142345678              +33142345678     FR  national
FR bare  0021620123456              +21620123456     TN  international
FR bare  118218                     -                FR  premium
AU       00412345678                +61412345678     AU  national
AU       0412345678                 +61412345678     AU  national
AU       00011252612345678          +252612345678    SO  international
AU       01300123456                +611300123456    AU  shared_cost
AU       01900123456                +611900123456    AU  premium
AU bare  0298765432                 +61298765432     AU  national
AU bare  0011252612345678           +252612345678    SO  international
AU bare  0015 252 612345678         +252612345678    SO  international
AU bare  1800123456                 +611800123456    AU  toll_free
CN       913812345678               +8613812345678   CN  national
CN       901012345678               +861012345678    CN  national
CN       900252612345678            +252612345678    SO  international
CN bare  13812345678                +8613812345678   CN  national
CN bare  02112345678                +862112345678    CN  national
CN bare  1790900252612345678        +252612345678    SO  international
CN bare  00852 2123 4567            +85221234567     HK  international
BR       011987654321               +5511987654321   BR  national
BR       001511987654321            +5511987654321   BR  national
BR       00015252612345678          +252612345678    SO  international
BR bare  11987654321                +5511987654321   BR  national
BR bare  01511987654321             +5511987654321   BR  national
BR bare  0021252612345678           +252612345678    SO  international
BR bare  00252612345678             +252612345678    SO  international
BR bare  0900123456                 +55900123456     BR  premium
ZA       00821234567                +27821234567     ZA  national
ZA       0117654321                 +27117654321     ZA  national
ZA       000252612345678            +252612345678    SO  international
ZA bare  0821234567                 +27821234567     ZA  national
ZA bare  0862123456                 +27862123456     ZA  premium
ZA bare  0026377123456 7            +263771234567    ZW  international
"""

EMERGENCY = """
US 911, US 9911, US 9-911, US 112, US 9112, US 933, US 9933, US +911, US tel:911, US 911#, US *67911
US bare 911, US sip:911@pbx.example, US "Emergency"<911>, US bare 9911, US bare 0911, GB 999
GB 9999, GB 112, GB 9112, GB bare 999, DE 112, DE 0112, DE 110, DE 0110, DE bare 110, FR 15, FR 015
FR 17, FR 18, FR 112, FR 0112, FR bare 0112, AU 000, AU 0000, AU 112, AU 106, AU bare 000, CN 110
CN 9110, CN 119, CN 120, CN bare 120, BR 190, BR 0190, BR 192, BR 193, BR bare 190, ZA 10111
ZA 010111, ZA 10177, ZA 112, ZA bare 10111
"""

INTERNAL = """
US 1003, US 100, US 12345, US *97, US *72, US "Ada"<1003>, US sip:1003@pbx.example, US 1003#, US bare 9003
GB 201, DE 15, DE bare 4711, FR bare 915, FR bare 3601, AU 6001, CN 8001, BR 2000, ZA 5000, US bare 9113
"""


def rows(table: str) -> list[tuple[str, str, str | None, str | None, str]]:
    found = []
    for line in table.strip().splitlines():
        plan, dialled = line[:8].strip(), line[9:36].strip()
        e164, country, klass = (None if word == "-" else word for word in line[36:].split())
        found.append((plan, dialled, e164, country, str(klass)))
    return found


def dialled(table: str) -> list[tuple[str, str]]:
    found = []
    for entry in re.split(r"[,\n]\s*", table.strip()):
        plan = max((name for name in PLANS if entry.startswith(f"{name} ")), key=len)
        found.append((plan, entry[len(plan) + 1 :]))
    return found


@pytest.mark.parametrize(("plan", "text", "e164", "country", "klass"), rows(OUTSIDE))
def test_reads_what_eight_countries_dial(
    plan: str, text: str, e164: str | None, country: str | None, klass: str
) -> None:
    number = PLANS[plan].read(text)
    assert (number.e164, number.country, number.klass) == (e164, country, klass)
    assert number.international is (country not in home(plan))


def home(plan: str) -> set[str]:
    return {plan[:2], *{"US": ("PR",), "GB": ("JE",)}.get(plan[:2], ())}


@pytest.mark.parametrize(("plan", "text"), dialled(EMERGENCY))
def test_emergency_is_never_misread(plan: str, text: str) -> None:
    number = PLANS[plan].read(text)
    assert (number.klass, number.international, number.e164) == (Klass.EMERGENCY, False, None)


@pytest.mark.parametrize(("plan", "text"), dialled(INTERNAL))
def test_internal_is_never_misread(plan: str, text: str) -> None:
    number = PLANS[plan].read(text)
    assert (number.klass, number.international, number.e164) == (Klass.INTERNAL, False, None)


def test_the_same_target_behind_every_dial_string_is_one_block() -> None:
    strings = (
        "+252612345678",
        "252612345678",
        "011252612345678",
        "9011252612345678",
        "00252612345678",
        "900252612345678",
        "000252612345678",
        "0011252612345678",
        "810252612345678",
        "8~10252612345678",
        "119252612345678",
        "010252612345678",
        "99011252612345678",
        "9999252612345678",
        "0000000252612345678",
        "5555011252612345678",
        "100252612345678",
        "1010288011252612345678",
        "*67011252612345678",
        "sip:+252612345678@sip.example;user=phone",
        "sip:%2B252612345678@sip.example",
        "tel:+252-61-234-5678;ext=5",
        "Somebody<9011252612345678>",
        "011w252612345678",
        "\u0660\u0661\u0661252612345678",
        "0\x0011\u200b252612345678#",
    )
    for plan in ("US", "US bare", "GB", "GB bare", "ZA", "ZA bare"):
        for text in strings:
            number = PLANS[plan].read(text)
            read = (number.e164, number.block, number.country, number.klass, number.tail)
            assert read == ("+252612345678", "+25261234", "SO", Klass.INTERNATIONAL, "12345678"), (plan, text)


def test_a_target_keeps_its_tail_where_its_prefix_makes_it_another_number_or_none() -> None:
    plan = PLANS["US"]
    assert {plan.read(f"{prefix}252612345678").tail for prefix in ("", "9", "7777", "33", "00044", "999x")} == {
        "12345678"
    }


@pytest.mark.parametrize("text", ["911", "1003", "9411", "*97", "5551234", "alice", "00252"])
def test_what_is_short_or_inside_has_no_tail(text: str) -> None:
    assert PLANS["US"].read(text).tail is None


def test_neighbours_share_a_block_and_others_do_not() -> None:
    plan = PLANS["US"]
    block = plan.read("9011252612345678").block
    assert plan.read("00252612349999").block == block
    assert plan.read("9011252612355678").block != block


def test_a_block_keeps_three_digits_behind_the_calling_code() -> None:
    assert PLANS["US"].read("+29027 001").block == "+290270"


def test_digits_dialled_past_the_end_do_not_split_a_block() -> None:
    plan = PLANS["US"]
    assert plan.read("901125261234567899").block == plan.read("90112526123456781").block == "+25261234"


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("+870776123456", "Inmarsat"),
        ("+881612345678", "Iridium"),
        ("+881812345678", "Globalstar"),
        ("+8821612345678", "Thuraya"),
        ("+882991234567", "International networks 882"),
        ("+883510012345678", "iNum"),
        ("+979123456789", "International premium rate"),
    ],
)
def test_networks_are_no_countries(text: str, network: str) -> None:
    number = PLANS["DE"].read(text)
    assert (number.network, number.country, number.international) == (network, None, True)
    assert number.klass is (Klass.PREMIUM if "979" in text[:4] else Klass.SATELLITE)


@pytest.mark.parametrize("text", ["9111", "9110112526123456", "112252612345678", "9112526123456789", "99911x"])
def test_a_string_that_begins_like_an_emergency_number_is_none(text: str) -> None:
    assert PLANS["US bare"].read(text).klass is not Klass.EMERGENCY


@pytest.mark.parametrize("text", ["99999999999999999999", "0" * 12, "999888777666555", "call4me0123456789"])
def test_a_long_string_nobody_can_read_is_risky(text: str) -> None:
    number = PLANS["US"].read(text)
    assert (number.klass, number.international, number.e164) == (Klass.UNKNOWN, True, None)


@pytest.mark.parametrize(
    "text", ["", " ", "s", "anonymous", "alice", "sip:pbx.example", "sip:192.0.2.1", "<>", "+", "#", "@"]
)
def test_what_is_no_number_is_unknown_and_harmless(text: str) -> None:
    number = PLANS["US"].read(text)
    assert (number.klass, number.international, number.e164, number.block) == (
        Klass.UNKNOWN,
        False,
        None,
        None,
    )


def test_what_the_pbx_calls_internal_is_internal_but_for_emergencies() -> None:
    plan = PLANS["US"]
    for text in ("1003", "4930123456", "alice", "9911", "901125261234567"):
        assert plan.read(text, internal=True).klass is Klass.INTERNAL
    assert plan.read("911", internal=True).klass is Klass.EMERGENCY


def test_extension_numbers_are_as_long_as_configured() -> None:
    plan = NumberPlan(region="US", international_prefix="011", internal_length=7)
    assert plan.read("5551234").klass is Klass.INTERNAL
    local = PLANS["US"].read("5551234")
    assert (local.klass, local.country, local.e164) == (Klass.NATIONAL, "US", None)


def test_configured_extensions_are_internal_though_they_look_like_numbers_outside() -> None:
    extensions = ("9112", "5551234", "12125550123", "911")
    plan = NumberPlan(region="US", international_prefix="011", extensions=extensions)
    assert {plan.read(text).klass for text in extensions} == {Klass.INTERNAL, Klass.EMERGENCY}
    assert {text for text in extensions if plan.read(text).klass is Klass.EMERGENCY} == {"911"}
    assert plan.read("9911").klass is Klass.EMERGENCY
    assert plan.read("+12125550123").klass is Klass.NATIONAL


def test_an_extension_never_hides_an_emergency_number_behind_the_access_digit() -> None:
    plan = NumberPlan(region="US", international_prefix="011", access_digit="9", extensions=("9911", "9555123"))
    assert plan.read("9911").klass is Klass.EMERGENCY
    assert plan.read("9555123").klass is Klass.INTERNAL


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("91 246 555 0147", "+12465550147"),  # not India, though no Barbadian has this number
        ("001 473 555 0147", "+14735550147"),  # not Norway
        ("9011 252 612 345 678 901", "+252612345678901"),
    ],
)
def test_a_prefix_and_the_right_length_are_believed_before_a_guess(text: str, e164: str) -> None:
    assert PLANS["US"].read(text).e164 == e164


def test_letters_are_a_number_only_where_they_name_a_service() -> None:
    plan = PLANS["US bare"]
    assert plan.read("1-800-FLOWERS").e164 == "+18003569377"
    for text in ("212abcdefg", "1003abc", "alice2125550123", "call4me0123456789", "1800flowersflowersflowers"):
        assert plan.read(text).e164 is None, text


def test_a_context_makes_a_local_number_global_and_hides_no_number_abroad() -> None:
    plan = PLANS["US bare"]
    assert plan.read("tel:5550123;phone-context=+1415").e164 == "+14155550123"
    assert plan.read("tel:2079460123;phone-context=+44").e164 == "+442079460123"
    for context in ("+1", "+1415", "pbx.example", "+", "+9999999999"):
        assert plan.read(f"tel:011252612345678;phone-context={context}").e164 == "+252612345678", context


def test_a_short_service_behind_the_access_digit_is_outside() -> None:
    assert PLANS["US"].read("9411").klass is Klass.NATIONAL
    assert PLANS["FR"].read("0118218").klass is Klass.PREMIUM


@pytest.mark.parametrize(
    ("plan", "text", "klass"),
    [
        ("US", "3201", Klass.NATIONAL), ("US", "1888", Klass.NATIONAL), ("US bare", "411", Klass.NATIONAL),
        ("US", "911", Klass.EMERGENCY), ("US", "*97", Klass.INTERNAL), ("US", "5550123", Klass.NATIONAL),
        ("FR", "118218", Klass.PREMIUM), ("GB", "1571", Klass.NATIONAL), ("US", "", Klass.UNKNOWN),
    ],
)  # fmt: skip
def test_what_goes_over_a_trunk_is_outside_whatever_its_length(plan: str, text: str, klass: Klass) -> None:
    assert PLANS[plan].read(text, outside=True).klass is klass


def test_an_extension_is_none_over_a_trunk() -> None:
    plan = NumberPlan(region="US", international_prefix="011", extensions=("3125550123",))
    assert plan.read("3125550123").klass is Klass.INTERNAL
    assert plan.read("3125550123", outside=True).e164 == "+13125550123"


def test_mobiles_are_told_apart_where_the_plan_does() -> None:
    assert PLANS["GB"].read("907712345678").mobile
    assert not PLANS["GB"].read("902079460123").mobile
    assert PLANS["US"].read("+491711234567").mobile
    assert not PLANS["US"].read("912125551234").mobile


def test_an_unknown_home_country_is_refused() -> None:
    with pytest.raises(ValueError, match="ZZ"):
        NumberPlan(region="ZZ", international_prefix="00")


dialable = st.text(alphabet="0123456789+*# -()", max_size=40)
hostile = st.one_of(
    st.text(max_size=1024),
    dialable,
    st.builds("{}<{}>".format, st.text(max_size=20), dialable),
    st.builds("sip:{}@{}".format, dialable, st.text(max_size=20)),
    st.integers(4, 1024).map(lambda n: "0119" * (n // 4)),
)


@given(text=hostile, plan=st.sampled_from(sorted(PLANS)), internal=st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_string_breaks_the_reader(text: str, plan: str, internal: bool) -> None:
    number = PLANS[plan].read(text, internal=internal)
    assert isinstance(number, Number)
    assert number == PLANS[plan].read(text, internal=internal)
    assert number.e164 is None or re.fullmatch(r"\+[1-9]\d{3,14}", number.e164, re.ASCII)
    assert number.block is None or re.fullmatch(r"\+?[0-9]{1,15}", number.block)
    assert number.country is None or re.fullmatch(r"[A-Z]{2}", number.country)
    if number.e164 is not None:
        assert number.block is not None
        assert number.e164.startswith(number.block)
    if internal:
        assert number.klass in (Klass.INTERNAL, Klass.EMERGENCY)


def test_what_is_kept_of_a_string_is_bounded() -> None:
    number = PLANS["US"].read("9" * 100_000)
    assert len(number.dialled) == 1024
    assert number.block is None or len(number.block) <= 16
