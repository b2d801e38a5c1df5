"""What is left of a dialled string once everything but its digits is gone."""

import pytest

from detector.enrich.dialled import Dialled, boil_down


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("1003", Dialled("1003")),
        ("+1 (212) 555-1234", Dialled("12125551234", plus=True)),
        ("00+252612345678", Dialled("252612345678", plus=True)),
        ("252+", Dialled("252")),
        ("0000+252+#+", Dialled("252", plus=True)),
        ("+44 (0)20 7946 0123", Dialled("442079460123", plus=True)),
        ("(0)20 7946 0123", Dialled("02079460123")),
        ('"Ann <1>" <1003>', Dialled("1003")),
        ("Ann<1003", Dialled("1003")),
        ("sip:1003:secret@pbx.example;transport=udp", Dialled("1003")),
        ("SIPS:+4930123@pbx.example", Dialled("4930123", plus=True)),
        ("sip:911", Dialled("911")),
        ("sip:192.0.2.1", Dialled("")),
        ("sip:%31%30%30%33@pbx.example", Dialled("1003")),
        ("tel:+1.212.555.1234", Dialled("12125551234", plus=True)),
        ("1003@pbx.example", Dialled("1003")),
        ("9w011p252,612345678", Dialled("9011252612345678")),
        ("\uff11\uff10\uff10\u0663", Dialled("1003")),
        ("10\x0003\x7f", Dialled("1003")),
        ("*97", Dialled("97", feature=True)),
        ("*67911", Dialled("911")),
        ("#31#02079460123", Dialled("02079460123")),
        ("**21*0025261234567#", Dialled("0025261234567")),
        ("1003#", Dialled("1003")),
        ("alice", Dialled("", words=True)),
        ("100x3", Dialled("1003", words=True)),
        ("\u4e2d100", Dialled("100", words=True)),
    ],
)
def test_boils_down(text: str, dialled: Dialled) -> None:
    assert boil_down(text) == dialled


def test_keeps_no_more_digits_than_any_number_has() -> None:
    assert boil_down("1" * 5000) == Dialled("1" * 64)
    assert len(boil_down("+" + "\ufdfa1" * 1000).digits) <= 64
