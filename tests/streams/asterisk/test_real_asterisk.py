"""The far end itself: telephones register and call through the carrier, and who guesses is refused."""

from tests.asterisk import STOLEN, Asterisk
from tests.sipp import Phone
from tests.streams.asterisk.conftest import phone


def test_telephones_call_through_the_carrier_and_guesses_are_refused(pbx: Asterisk) -> None:
    ours = phone(pbx, "1001")
    thief = Phone(where=pbx.addresses, address=pbx.addresses.thief, account=STOLEN, password="guess")
    assert ours.register() == {"accepted": 1}
    assert thief.register(3) == {"401": 3}
    assert ours.call("9011252612345678", times=2, hold=0.1).ended() == {"answered": 2}
    assert ours.call("4711").ended() == {"404": 1}
    cut = ours.call("911", hold=30)
    while pbx.channels() < 2:
        pass
    pbx.cli("channel request hangup all")
    assert cut.ended() == {"answered": 1, "cut": 1}
