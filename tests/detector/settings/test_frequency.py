"""The guide's syntax for call frequency (C27)."""

import pytest

from detector.settings.frequency import MAX_RULES, parse


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("5/1/second", [(5, 1)]),
        ("5/1/seconds", [(5, 1)]),
        ("200/10/second&3000/1/minute", [(200, 10), (3000, 60)]),
        (" 200 / 10 / second & 3000/1/minute ", [(200, 10), (3000, 60)]),
        ("1/2/minutes", [(1, 120)]),
        ("99999/99999/minute", [(99_999, 5_999_940)]),
        ("&".join(["1/1/second"] * MAX_RULES), [(1, 1)] * MAX_RULES),
    ],
)
def test_rules(text, rules) -> None:
    assert [(rule.calls, rule.seconds) for rule in parse(text)] == rules


def test_each_rule_keeps_its_text() -> None:
    assert [rule.text for rule in parse("200/10/second & 3000/1/minute")] == ["200/10/second", "3000/1/minute"]


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "5/1", "5/1/hour", "0/1/second", "5/0/second", "-5/1/second", "5/1/second&", "&5/1/second",
        "5/1/second|3/1/second", "5.5/1/second", "\u0665/1/second", "5/1/SECOND", "100000/1/second", "5/1/second\n",
        "&".join(["1/1/second"] * (MAX_RULES + 1)),
    ],
)  # fmt: skip
def test_what_is_no_rule(text) -> None:
    with pytest.raises(ValueError, match=r"number/time/second|allowed are"):
        parse(text)
