"""Which limits are tried, and which one is suggested."""

import pytest

from detector.detect.catalogue import catalogue
from streams.backtest.honest import Alarm, Honest
from streams.backtest.limits import main_limit, scaled, suggested

FIELDS = [
    ("a count", "registration.bruteforce", "failures"),
    ("an amount", "call.cost", "amount"),
    ("a frequency", "call.frequency", "limit"),
    ("a frequency of several", "source.rate", "sip"),
    ("a model's count", "call.unusual", "calls"),
    ("a pause is none", "source.country", None),
    ("a list is none", "source.denied", None),
    ("nothing to set", "login.link_reuse", None),
]
SCALED = [
    ("more calls within the same time", "call.frequency", {"limit": "5/1/second"}, 2, "10/1/second"),
    ("each of the rules", "call.frequency", {"limit": "4/1/second&100/3/minute"}, 0.5, "2/1/second&50/3/minute"),
    ("none is no limit", "call.frequency", {"limit": "1/1/second"}, 0.25, None),
    ("more than the PBX has", "source.rate", {"sip": "200/2/second"}, 2, None),
    ("the same", "call.frequency", {"limit": "1/1/second"}, 1.4, None),
    ("a count", "registration.bruteforce", {"failures": 5}, 3, 15),
]
LOUD = [
    ("never loud: as it is", {0.5: 0, 1.0: 0, 2.0: 0}, "10/1/second"),
    ("loud below: as it is", {0.5: 9, 1.0: 1, 2.0: 0}, "10/1/second"),
    ("loud now", {0.5: 9, 1.0: 9, 2.0: 1}, "20/1/second"),
    ("always loud", {0.5: 9, 1.0: 9, 2.0: 9}, None),
]


@pytest.mark.parametrize(("case", "rule", "field"), FIELDS)
def test_the_limit_that_says_how_much_is_too_much(case, rule, field) -> None:
    assert main_limit(rule) == field, case


@pytest.mark.parametrize(("case", "rule", "limits", "factor", "value"), SCALED)
def test_times_a_factor(case, rule, limits, factor, value) -> None:
    field = next(iter(limits))
    assert scaled(catalogue()[rule].model_validate(limits), field, factor) == value, case


@pytest.mark.parametrize(("case", "counts", "value"), LOUD)
def test_the_strictest_that_stays_quiet(case, counts, value) -> None:
    def lived(count: int) -> Honest:
        alarm = Alarm(day=1, kind="irsf", severity="critical", title="", rules=("call.frequency",))
        return Honest(alarms=(alarm,) * count, containments=0, broken={})

    rules = {"call.frequency": catalogue()["call.frequency"].model_validate({"limit": "10/1/second"})}
    tries = [(factor, lived(count)) for factor, count in counts.items() if factor != 1.0]
    (one,) = suggested(rules, lived(counts[1.0]), tries, allowed=1)
    assert (one.now, one.suggested) == ("10/1/second", value), case
    assert list(one.alarms) == ["5/1/second", "10/1/second", "20/1/second"]
