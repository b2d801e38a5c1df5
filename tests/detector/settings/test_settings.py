from datetime import date

import pytest
from pydantic import PositiveInt, ValidationError, model_validator

from detector.contract.vocabulary import Mode
from detector.settings import Pbx, PbxProfile, Policies, Settings, problems, profile
from detector.settings.params import Params, Seconds
from detector.settings.values import REGIONS, host_or_network

CLOSED: tuple[tuple[int, int], ...] = ()
OFFICE = ((480, 1080),)


class Guessing(Params):
    failures: PositiveInt = 5
    window: Seconds = 60.0


class Calls(Params):
    limit: PositiveInt = 5
    warn: PositiveInt = 3

    @model_validator(mode="after")
    def _warns_first(self) -> "Calls":
        if self.warn > self.limit:
            raise ValueError("warn is above limit")
        return self


CATALOGUE: dict[str, type[Params]] = {"registration.bruteforce": Guessing, "call.frequency": Calls}


def one(pbx: dict[str, object], **top: object) -> PbxProfile:
    return profile(Settings.model_validate({"pbxs": [{"id": "hq", **pbx}], **top}), "hq", CATALOGUE)


def found(**settings: object) -> list[tuple[str, str]]:
    checked = problems(Settings.model_validate(settings), CATALOGUE)
    return [(".".join(map(str, problem.path)), problem.text) for problem in checked]


def refused(**settings: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)
    return str(caught.value)


def test_nothing_configured_is_an_office_in_the_united_states_that_only_tells() -> None:
    bare = profile(Settings(), "anything", CATALOGUE)
    assert (bare.pbx, bare.tenant, bare.region, bare.timezone) == ("anything", "", "US", "America/New_York")
    assert (bare.international_prefix, bare.access_digit, bare.currency, bare.holidays) == ("011", "", "USD", "US")
    assert bare.business_hours == (OFFICE,) * 5 + (CLOSED,) * 2
    assert bare.allowed_source_countries == bare.allowed_destination_countries == frozenset()
    assert (bare.emergency_numbers, bare.protected, dict(bare.trunks), dict(bare.routes)) == ((), (), {}, {})
    assert (bare.raw_retention, bare.findings_retention, bare.mask_numbers) == (30 * 86_400, 400 * 86_400, False)
    rule = bare.rule("registration.bruteforce", "1001")
    assert (rule.limits, rule.mode) == (Guessing(), Mode.NOTIFY)
    assert bare.extension("1001").international
    assert not bare.extension("1001").emergency_device


def test_each_layer_outweighs_the_one_it_inherits_from() -> None:
    layer = {"allowed_destination_countries": ["US"], "rules": {"call.frequency": {"limit": 10}}}
    settings = Settings.model_validate(
        {
            "defaults": {**layer, "currency": "EUR", "mode": "shadow"},
            "tenants": {"acme": {"allowed_destination_countries": ["US", "CA"], "mode": "ask"}},
            "pbxs": [
                {
                    "id": "hq",
                    "tenant": "acme",
                    "rules": {"call.frequency": {"warn": 7}},
                    "groups": {"sales": {"members": ["1001", "1002"], "rules": {"call.frequency": {"limit": 20}}}},
                    "extensions": {
                        "1001": {"rules": {"call.frequency": {"mode": "auto"}}, "allowed_destination_countries": []},
                        "1003": {"group": "sales"},
                    },
                },
                {"id": "branch"},
            ],
        }
    )
    policies = Policies(settings, CATALOGUE)
    hq, branch = policies.of("hq"), policies.of("branch")

    assert (branch.rule("call.frequency").limits, branch.rule("call.frequency").mode) == (Calls(limit=10), Mode.SHADOW)
    assert hq.rule("call.frequency").limits == Calls(limit=10, warn=7)
    assert hq.rule("call.frequency").mode == Mode.ASK
    assert hq.rule("call.frequency", "1002").limits == Calls(limit=20, warn=7)
    assert hq.rule("call.frequency", "1001").limits == Calls(limit=20, warn=7)
    assert [hq.rule("call.frequency", number).mode for number in ("1001", "1002")] == [Mode.AUTO, Mode.ASK]
    assert (hq.currency, hq.tenant, branch.tenant) == ("EUR", "acme", "")
    assert hq.allowed_destination_countries == {"US", "CA"}
    assert hq.extension("1001").allowed_destination_countries == frozenset()
    assert hq.extension("1002").allowed_destination_countries == {"US", "CA"}
    assert [hq.extension(number).group for number in ("1001", "1002", "1003", "1004")] == ["sales"] * 3 + [None]


def test_what_is_protected_adds_up() -> None:
    settings = {
        "defaults": {"protected": ["10.0.0.0/8"]},
        "tenants": {"acme": {"protected": ["192.0.2.1", "10.0.0.0/8"]}},
        "pbxs": [{"id": "hq", "tenant": "acme", "protected": ["VPN.example."]}],
    }
    assert profile(Settings.model_validate(settings), "hq", CATALOGUE).protected == (
        "10.0.0.0/8", "192.0.2.1", "vpn.example",
    )  # fmt: skip


def test_a_mode_named_by_a_rule_outweighs_the_mode_of_any_layer() -> None:
    profile = one({"mode": "shadow"}, defaults={"rules": {"call.frequency": {"mode": "auto"}}})
    assert profile.rule("call.frequency").mode == Mode.AUTO
    assert profile.rule("registration.bruteforce").mode == Mode.SHADOW


def test_a_mode_of_an_extension_holds_for_all_its_rules() -> None:
    profile = one({"extensions": {"1001": {"mode": "ask"}}})
    assert [profile.rule("call.frequency", number).mode for number in ("1001", "1002")] == [Mode.ASK, Mode.NOTIFY]


@pytest.mark.parametrize(
    ("region", "prefix", "zone", "holidays"),
    [
        ("DE", "00", "Europe/Berlin", "DE"),
        ("JP", "010", "Asia/Tokyo", "JP"),
        ("BY", "810", "Europe/Minsk", "BY"),
        ("GB", "00", "Europe/London", "GB"),
        ("KR", "00", "Asia/Seoul", "KR"),
        ("FR", "00", "Europe/Paris", "FR"),
    ],
)
def test_a_country_brings_its_own_prefix_time_zone_and_holidays(
    region: str, prefix: str, zone: str, holidays: str
) -> None:
    here = {"international_prefix": "011", "timezone": "America/Chicago", "holidays": ["2026-07-04"]}
    there = one({"region": region}, defaults=here)
    assert (there.international_prefix, there.timezone, there.holidays) == (prefix, zone, holidays)


def test_the_same_country_again_keeps_what_is_inherited() -> None:
    here = {"region": "US", "international_prefix": "1011", "timezone": "America/Chicago", "holidays": []}
    there = one({"region": "us"}, defaults=here)
    assert (there.international_prefix, there.timezone, there.holidays) == ("1011", "America/Chicago", ())


def test_a_country_with_several_time_zones_needs_one_named() -> None:
    assert found(pbxs=[{"id": "hq", "region": "RU", "timezone": "Europe/Moscow"}]) == []
    [(path, text)] = found(pbxs=[{"id": "hq", "region": "RU"}])
    assert path == "pbxs.0"
    assert text.startswith("timezone must be set for region RU (allowed: Europe/Kaliningrad, Europe/Moscow, ")


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_every_country_has_a_prefix_of_digits(region: str) -> None:
    prefix = one({"region": region, "timezone": "UTC"}).international_prefix
    assert prefix.isdigit()
    assert len(prefix) >= 2


@pytest.mark.parametrize(
    ("hours", "monday", "tuesday", "sunday"),
    [
        ({"mon": ["08:00-12:00", "13:00-17:30"]}, ((480, 720), (780, 1050)), OFFICE, CLOSED),
        ({"mon": "closed"}, CLOSED, OFFICE, CLOSED),
        ({"mon": "closed", "mon-sun": "09:00-10:00"}, CLOSED, ((540, 600),), ((540, 600),)),
        ({"sat-mon": "00:00-24:00"}, ((0, 1440),), OFFICE, ((0, 1440),)),
        ({"sun": "22:00-06:00", "mon": "closed"}, ((0, 360),), OFFICE, ((1320, 1440),)),
        ({"Mon": "22:00-00:00"}, ((1320, 1440),), OFFICE, CLOSED),
    ],
)
def test_business_hours_merge_day_by_day(
    hours: dict[str, object], monday: object, tuesday: object, sunday: object
) -> None:
    week = one({"business_hours": hours}).business_hours
    assert (week[0], week[1], week[6]) == (monday, tuesday, sunday)


def test_a_group_has_its_own_hours_and_holidays() -> None:
    night = {"members": ["1020"], "business_hours": {"mon-sun": "00:00-24:00"}, "holidays": ["2026-12-24"]}
    profile = one({"groups": {"night": night}})
    assert profile.extension("1020").business_hours == (((0, 1440),),) * 7
    assert profile.extension("1020").holidays == (date(2026, 12, 24),)
    assert profile.extension("1021").business_hours == profile.business_hours
    assert profile.extension("1021").holidays == "US"


def test_a_tariff_file_replaces_and_a_map_adds() -> None:
    top = {"defaults": {"tariffs": {"252": 0.9, "44": 0.1}}, "tenants": {"acme": {"tariffs": "acme.csv"}}}
    added = one({"tariffs": {"+44": 0.2}}, **top).tariffs
    assert (added.prices, added.file) == ({"252": 0.9, "44": 0.2}, None)
    replaced = one({"tenant": "acme", "tariffs": {49: 1}}, **top).tariffs
    assert (replaced.prices, str(replaced.file)) == ({"49": 1.0}, "acme.csv")


def test_equal_rules_are_one_object_over_all_pbxs_and_unlisted_extensions() -> None:
    policies = Policies(Settings.model_validate({"pbxs": [{"id": "a"}, {"id": "b", "mode": "ask"}]}), CATALOGUE)
    a, b, other = policies.of("a"), policies.of("b"), policies.of("other")
    assert a.rules is other.rules
    assert a.rule("call.frequency", "1") is a.rule("call.frequency", "2") is other.rule("call.frequency")
    assert b.rule("call.frequency") is not a.rule("call.frequency")
    assert policies.of("a") is a
    assert a.extension("1") is a.extension("2") is a.extension(None)


def test_profiles_of_pbxs_nobody_configured_are_bounded() -> None:
    policies = Policies(Settings(pbxs=(Pbx(id="hq"),)), CATALOGUE)
    hq, first = policies.of("hq"), policies.of("made up 0")
    for number in range(1, 5_000):
        policies.of(f"made up {number}")
    assert policies.of("hq") is hq
    assert policies.of("made up 0") is not first
    assert policies.of("made up 0") == first


@pytest.mark.parametrize(
    ("rules", "path", "text"),
    [
        ({"call.frequenzy": {}}, "call.frequenzy", "did you mean call.frequency?"),
        ({"call.frequency": {"limits": 3}}, "call.frequency.limits", "did you mean limit?"),
        ({"call.frequency": {"limit": 0}}, "call.frequency.limit", "greater than 0"),
        ({"call.frequency": {"mode": "automatic"}}, "call.frequency.mode", "did you mean auto?"),
        ({"call.frequency": {"mode": ["auto"]}}, "call.frequency.mode", "allowed: shadow, notify, ask, auto"),
        ({"registration.bruteforce": {"window": "soon"}}, "registration.bruteforce.window", "such as 30s"),
    ],
)
@pytest.mark.parametrize("layer", ["defaults", "tenants.acme", "pbxs.0.groups.g", "pbxs.0.extensions.1001"])
def test_rules_are_checked_in_every_layer(rules: dict[str, object], path: str, text: str, layer: str) -> None:
    own = {"rules": rules}
    pbx = {"id": "hq"}
    if layer == "defaults":
        errors = found(defaults=own)
    elif layer == "tenants.acme":
        errors = found(tenants={"acme": own})
    elif layer == "pbxs.0.groups.g":
        errors = found(pbxs=[{**pbx, "groups": {"g": own}}])
    else:
        errors = found(pbxs=[{**pbx, "extensions": {"1001": own}}])
    [(where, said)] = errors
    assert where == f"{layer}.rules.{path}"
    assert text in said


def test_limits_sound_alone_but_not_together_are_found() -> None:
    pbx = {"id": "hq", "rules": {"call.frequency": {"warn": 5}}, "extensions": {"1": {"rules": LOW}}}
    assert found(pbxs=[pbx]) == [("pbxs.0", "rules do not fit together: warn is above limit")]


LOW = {"call.frequency": {"limit": 4}}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"pbxs": [{"id": "a"}, {"id": "a"}]}, ("pbxs.1.id", "a is used twice")),
        (
            {"tenants": {"acme": {}}, "pbxs": [{"id": "a", "tenant": "acmee"}]},
            ("pbxs.0.tenant", "unknown tenant (allowed: acme; did you mean acme?)"),
        ),
        (
            {"pbxs": [{"id": "a", "groups": {"x": {"members": ["1"]}, "y": {"members": ["1"]}}}]},
            ("pbxs.0.groups.y.members.0", "extension 1 is also in group x (allowed: one group)"),
        ),
        (
            {"pbxs": [{"id": "a", "extensions": {"1": {"group": "sale"}}, "groups": {"sales": {}}}]},
            ("pbxs.0.extensions.1.group", "unknown group (allowed: sales; did you mean sales?)"),
        ),
        (
            {"defaults": {"allowed_source_countries": ["US"]}, "pbxs": [{"id": "a", "region": "DE"}]},
            (
                "pbxs.0.allowed_source_countries",
                "the PBX's own country could not reach it (allowed: a list with DE)",
            ),
        ),
    ],
)
def test_names_have_to_fit(settings: dict[str, object], expected: tuple[str, str]) -> None:
    assert found(**settings) == [expected]


def test_a_tenant_needs_no_entry_where_no_tenant_has_one() -> None:
    assert found(pbxs=[{"id": "a", "tenant": "acme"}]) == []


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("198.51.100.10", "198.51.100.10"),
        ("::ffff:198.51.100.10", "198.51.100.10"),
        ("2001:DB8:0::/48", "2001:db8::/48"),
        ("SIP.Carrier.example.", "sip.carrier.example"),
        ("pbx", "pbx"),
    ],
)
def test_addresses_are_kept_in_one_spelling(text: str, stored: str) -> None:
    assert host_or_network(text) == stored


@pytest.mark.parametrize(
    "text", ["", ".", "300.1.1.1", "10.0.0.0/40", "a b", "-x.example", "fe80::1%eth0/64", "10.1", "1001", "x" * 254]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        host_or_network(text)


@pytest.mark.parametrize(
    "defaults",
    [
        {"region": "ZZ"}, {"timezone": "../../etc/passwd"}, {"timezone": "Europe/Berlinn"}, {"holidays": "XX"},
        {"holidays": "US-ZZ"}, {"holidays": ["2026-02-30"]}, {"holidays": [20260101]}, {"holidays": {}},
        {"business_hours": {"monday": "08:00-18:00"}}, {"business_hours": {"mon": "8-18"}},
        {"business_hours": {"mon": "08:00-24:01"}}, {"business_hours": {"mon": [8]}}, {"mode": "loud"},
        {"currency": "usd"}, {"access_digit": "nine"}, {"tariffs": {"x": 1}}, {"tariffs": {"1": -1}},
        {"tariffs": {"1": float("nan")}}, {"tariffs": [1]}, {"privacy": {"retention": {"raw": "0s"}}},
        {"emergency_numbers": "911"}, {"allowed_source_countries": [False]}, {"extensions": {}}, {"rules": []},
    ],
)  # fmt: skip
def test_unsound_values_are_refused(defaults: dict[str, object]) -> None:
    assert "1 validation error" in refused(defaults=defaults)
