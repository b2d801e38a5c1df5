"""What is left of a dialled string once everything but its digits is gone."""

import pytest

from detector.enrich.dialling.dialled import Dialled, boil_down


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("1003", Dialled("1003")),
        ("+1 (212) 555-1234", Dialled("12125551234", plus=True)),
        ("00+252612345678", Dialled("252612345678", plus=True)),
        ("252+", Dialled("252")),
        ("0000+252+#+", Dialled("252", plus=True)),
        ("+44 (0)20 7946 0123", Dialled("4402079460123", plus=True)),
        ("+0044 20 7946 0123", Dialled("00442079460123")),
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
        ("*67911", Dialled("911", otherwise=("67911",))),
        ("#31#02079460123", Dialled("02079460123", otherwise=("3102079460123",))),
        ("**21*0025261234567#", Dialled("0025261234567", otherwise=("210025261234567",))),
        ("18005550199,,1234", Dialled("180055501991234", otherwise=("18005550199",))),
        ("8 w 911", Dialled("8911")),
        ("+1 212 555 0123 ext. 12", Dialled("12125550123", plus=True)),
        ("2125550123x7", Dialled("2125550123")),
        ("urn:service:sos.police", Dialled("112")),
        ("tel:5550123;ext=7;phone-context=+1-415", Dialled("5550123", context="1415")),
        ("sip:5550123;phone-context=%2B1415@pbx.example", Dialled("5550123", context="1415")),
        ("1-800-Flowers", Dialled("1800", words=True, keypad="18003569377")),
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
