"""The guard's protections: what each vetoes, and the look-alike it must let through."""

import pytest
from msgspec.structs import replace

from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, SubjectKind
from detector.decide.acts import ACTS, Protection
from detector.decide.guard import CHECKS, GuardFacts, block_range, doubt, veto
from detector.enrich.dialling.emergency import Emergency

FACTS = GuardFacts(
    protected=("198.51.100.32/28", "10.0.0.1/8", "1099"),
    allow_list=("203.0.113.9", "+4930123456", "1050"),
    trunk_addresses=("192.0.2.10", "sip.carrier.example"),
    own_addresses=("192.0.2.99", "2001:db8:1:2::10"),
    emergency_path=True,
    emergency=Emergency("US", configured=("110",)),
)
EXAMPLE = {
    SubjectKind.EXTENSION: "1005",
    SubjectKind.SOURCE_IP: "198.51.100.7",
    SubjectKind.TRUNK: "carrier-a",
    SubjectKind.ROUTE: "International",
    SubjectKind.DESTINATION: "+25261",
    SubjectKind.CALL: "1650012665.266",
    SubjectKind.PBX: "hq",
}
PAIRS = [(act, kind) for act, traits in ACTS.items() for kind in sorted(traits.targets)]


def ip(address: str) -> Subject:
    return Subject(SubjectKind.SOURCE_IP, address)


def number(digits: str) -> Subject:
    return Subject(SubjectKind.DESTINATION, digits)


@pytest.mark.parametrize(("act", "kind"), PAIRS)
def test_an_ordinary_target_may_go(act: Act, kind: SubjectKind) -> None:
    assert veto(act, Subject(kind, EXAMPLE[kind]), FACTS) is None


@pytest.mark.parametrize("act", Act)
def test_every_action_refuses_foreign_kinds_and_unreadable_targets(act: Act) -> None:
    for kind in SubjectKind:
        if kind not in ACTS[act].targets:
            assert veto(act, Subject(kind, "1005"), FACTS) is not None
        else:
            assert veto(act, Subject(kind, ""), FACTS) is not None
            assert veto(act, Subject(kind, "a\nb"), FACTS) is not None


@pytest.mark.parametrize(
    "address",
    [
        "198.51.100.33", "198.51.100.0/24", "10.200.1.1", "203.0.113.9", "203.0.113.0/24", "192.0.2.10",
        "192.0.2.99", "::ffff:192.0.2.99", "127.0.0.1", "::1", "0.0.0.1", "::", "192.168.1.1", "172.31.0.1",
        "100.64.0.1", "fe80::1", "fe80::1%eth0", "fd00::1", "169.254.1.1", "239.1.1.1", "ff02::1",
        "255.255.255.255", "2001:db8:1:2:ffff::1", "64:ff9b::c633:6407", "198.51.0.0/23", "0.0.0.0/0", "::/0",
        "2001:db8:4000::/47", "::ffff:0:0/96", "198.51.100.7/24", "1.2.3", "sip.carrier.example", "8.8.8.8 ",
        "0x7f.1", "08.8.8.8",
    ],
)  # fmt: skip
def test_addresses_that_are_never_blocked(address: str) -> None:
    assert veto(Act.BLOCK_IP, ip(address), FACTS) is not None


@pytest.mark.parametrize(
    "address",
    ["198.51.100.31", "198.51.100.48", "203.0.113.8", "8.8.8.0/24", "2001:db8:1:3::10", "2001:db8:4000::/48",
     "100.128.0.1", "172.32.0.1", "::ffff:8.8.8.8"],
)  # fmt: skip
def test_addresses_beside_a_protected_one_may_be_blocked(address: str) -> None:
    assert veto(Act.BLOCK_IP, ip(address), FACTS) is None


def test_a_list_holding_the_same_text_protects_every_kind() -> None:
    assert veto(Act.RESTRICT_EXTENSION, Subject(SubjectKind.EXTENSION, "1099"), FACTS) is not None
    assert veto(Act.HANG_UP, Subject(SubjectKind.EXTENSION, "1050"), FACTS) is not None


def test_known_good_counts_unless_the_incident_is_about_it() -> None:
    good = GuardFacts(known_good=True)
    assert veto(Act.BLOCK_IP, ip("8.8.8.8"), good) is not None
    assert veto(Act.BLOCK_IP, ip("8.8.8.8"), GuardFacts(known_good=True, subject_of_incident=True)) is None
    assert veto(Act.RESTRICT_EXTENSION, Subject(SubjectKind.EXTENSION, "1005"), good) is None


@pytest.mark.parametrize(
    "digits",
    [
        "911",
        "9",
        "91",
        "+1911",
        "+191",
        "+19110"[:5],
        "9911",
        "0112",
        "112",
        "1110",
        "+1110",
        "+252",
        "252",
        "110",
    ],
)
@pytest.mark.parametrize("act", [Act.BLOCK_NUMBER, Act.HANG_UP])
def test_nothing_that_begins_like_an_emergency_number(act: Act, digits: str) -> None:
    assert veto(act, number(digits), FACTS) is not None


@pytest.mark.parametrize("digits", ["+2521", "+19115551234", "91125", "01125261", "+44112", "+4411"])
def test_numbers_that_only_resemble_an_emergency_number(digits: str) -> None:
    assert veto(Act.BLOCK_NUMBER, number(digits), FACTS) is None


@pytest.mark.parametrize("digits", ["+44112", "+4411", "+37111", "+1911"])
def test_without_the_country_code_every_split_counts(digits: str) -> None:
    assert veto(Act.BLOCK_NUMBER, number(digits), GuardFacts()) is not None
    assert veto(Act.BLOCK_NUMBER, number("+2526112"), GuardFacts()) is None


@pytest.mark.parametrize("digits", ["+4930123456", "+4930", "+49301234567"])
def test_allowed_numbers_stay_reachable(digits: str) -> None:
    assert veto(Act.BLOCK_NUMBER, number(digits), FACTS) is not None
    assert veto(Act.BLOCK_NUMBER, number("+4930123457"), FACTS) is None


@pytest.mark.parametrize("digits", ["+252-61", "252x", "", "+", "٢٥٢٦", "+" + "2" * 21, "252*"])
def test_what_is_no_number_is_not_blocked(digits: str) -> None:
    assert veto(Act.BLOCK_NUMBER, number(digits), FACTS) is not None


@pytest.mark.parametrize(
    ("act", "kind"),
    [(Act.LOCK_ROUTE, SubjectKind.ROUTE), (Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION),
     (Act.RESET_REGISTRATION, SubjectKind.EXTENSION), (Act.DISABLE_TRUNK, SubjectKind.TRUNK),
     (Act.HANG_UP, SubjectKind.EXTENSION)],
)  # fmt: skip
def test_an_emergency_device_keeps_its_line(act: Act, kind: SubjectKind) -> None:
    facts = GuardFacts(emergency_device=True, emergency_path=True)
    assert veto(act, Subject(kind, EXAMPLE[kind]), facts) is not None


@pytest.mark.parametrize(("act", "kind"), [(Act.LOCK_ROUTE, SubjectKind.ROUTE), (Act.DISABLE_TRUNK, SubjectKind.TRUNK)])
def test_no_lock_without_an_emergency_path(act: Act, kind: SubjectKind) -> None:
    assert veto(act, Subject(kind, EXAMPLE[kind]), GuardFacts()) is not None


def test_an_emergency_call_is_never_cut() -> None:
    call = Subject(SubjectKind.CALL, "1.2")
    assert veto(Act.HANG_UP, call, GuardFacts(emergency_call=True)) is not None
    assert veto(Act.HANG_UP, call, GuardFacts()) is None


@pytest.mark.parametrize(("act", "kind"), PAIRS)
def test_a_spent_budget_stops_only_what_has_one(act: Act, kind: SubjectKind) -> None:
    facts = GuardFacts(spent_budget=True, emergency_path=True, emergency=Emergency("US"))
    assert (veto(act, Subject(kind, EXAMPLE[kind]), facts) is None) == (act in {Act.HANG_UP, Act.RESTRICT_EXTENSION})


def test_every_protection_is_a_check_and_spared_by_some_act() -> None:
    assert set(CHECKS) == set(Protection) == {one for traits in ACTS.values() for one in traits.protections}


ONLY = [
    ("protected", ("1005",), Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1005"),
    ("allow_list", ("1005",), Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1005"),
    ("allow_list", ("International",), Act.LOCK_ROUTE, SubjectKind.ROUTE, "International"),
    ("allow_list", ("carrier-a",), Act.DISABLE_TRUNK, SubjectKind.TRUNK, "carrier-a"),
    ("allow_list", ("198.51.100.0/24",), Act.BLOCK_IP, SubjectKind.SOURCE_IP, "198.51.100.7"),
    ("allow_list", ("+25261234",), Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+25261"),
    ("allow_list", ("+25261234",), Act.HANG_UP, SubjectKind.DESTINATION, "+25261234"),
    ("trunk_addresses", ("198.51.100.7",), Act.BLOCK_IP, SubjectKind.SOURCE_IP, "198.51.100.0/24"),
    ("own_addresses", ("198.51.100.7",), Act.BLOCK_IP, SubjectKind.SOURCE_IP, "198.51.100.7"),
    ("known_good", True, Act.BLOCK_IP, SubjectKind.SOURCE_IP, "198.51.100.7"),
    ("emergency_device", True, Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1005"),
    ("emergency_call", True, Act.HANG_UP, SubjectKind.CALL, "1650012665.266"),
    ("emergency_call", True, Act.HANG_UP, SubjectKind.EXTENSION, "1005"),
    ("emergency_call", True, Act.HANG_UP, SubjectKind.DESTINATION, "+25261"),
    ("emergency_path", False, Act.LOCK_ROUTE, SubjectKind.ROUTE, "International"),
    ("emergency_call", True, Act.DISABLE_TRUNK, SubjectKind.TRUNK, "carrier-a"),
    ("emergency_call", True, Act.RESET_REGISTRATION, SubjectKind.EXTENSION, "1005"),
    ("emergency", Emergency("US", configured=("25261",)), Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "25261"),
    ("emergency", Emergency(), Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+4411"),
    ("emergency", Emergency("DE"), Act.HANG_UP, SubjectKind.DESTINATION, "+49110"),
    ("in_use", ("198.51.100.7",), Act.BLOCK_IP, SubjectKind.SOURCE_IP, "198.51.100.7"),
    ("own_numbers", ("+252612345678",), Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+25261"),
    ("allow_list", ("+25261234",), Act.HANG_UP, SubjectKind.DESTINATION, "+25261"),
    ("spent_budget", True, Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+25261"),
]


@pytest.mark.parametrize(("fact", "value", "act", "kind", "target"), ONLY)
def test_a_single_fact_is_enough(fact: str, value: object, act: Act, kind: SubjectKind, target: str) -> None:
    bare = GuardFacts(emergency_path=True, emergency=Emergency("US"))
    assert veto(act, Subject(kind, target), bare) is None
    assert veto(act, Subject(kind, target), replace(bare, **{fact: value})) is not None


def test_every_fact_counts() -> None:
    asked = {"subject_of_incident", "unknown_names"}
    assert {one[0] for one in ONLY} | asked == set(GuardFacts.__struct_fields__)


@pytest.mark.parametrize(
    ("act", "names", "sends_calls", "asks"),
    [
        pytest.param(Act.BLOCK_IP, ("sip.example",), True, True, id="it may be the carrier nobody can look up"),
        pytest.param(Act.BLOCK_IP, ("sip.example",), False, False, id="no call ever came from there"),
        pytest.param(Act.BLOCK_IP, (), True, False, id="every carrier is known"),
        pytest.param(Act.HANG_UP, ("sip.example",), True, False, id="what is done is no block"),
    ],
)
def test_in_doubt_whose_address_it_is_a_person_is_asked(
    act: Act, names: tuple[str, ...], sends_calls: bool, asks: bool
) -> None:
    assert (doubt(act, GuardFacts(unknown_names=names), sends_calls=sends_calls) is not None) is asks


@pytest.mark.parametrize(
    ("target", "blocked"),
    [("198.51.100.7", "198.51.100.7/32"),
     ("198.51.100.0/25", "198.51.100.0/25"),
     ("2001:db8::1", "2001:db8::/64"), ("2001:db8::8/125", "2001:db8::/64"),
     ("2001:db8::/56", "2001:db8::/56"),
     ("::ffff:198.51.100.7", "198.51.100.7/32")],
)  # fmt: skip
def test_what_a_block_covers(target: str, blocked: str) -> None:
    assert str(block_range(target)) == blocked
