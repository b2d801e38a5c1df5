"""Where `messages` says more of a request than the security log does, that is told; it is one event all the same."""

import pytest

from detector.contract.events import Call, Notice, Registration
from tests.detector.formats.asterisk.test_asterisk_log import asked, pjsip, read, refused, security

CALLID, PLACE = "063-1@127.0.0.8", "127.0.0.6:5062"
BEFORE = asked("1099", second=0)
"""From the first security event on, lines of `messages` wait for theirs."""
TO = "00252612345678"
NOWHERE = security("FailedACL", TO, tail=',ACLName="no_extension_match"')
WITHOUT_SECRET = security("SuccessfulAuth", TO, tail=',UsingPassword="0"')


def probed(method: str = "OPTIONS", words: str = "No matching endpoint found") -> str:
    return pjsip(words, start=f"Request '{method}'")


def unknown(name: str = "InvalidAccountID") -> str:
    return security(name, service="PJSIP", session=CALLID)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([BEFORE, probed(), unknown()], ["sip_probe"]),
        ([probed(), unknown()], ["sip_probe"]),
        ([BEFORE, probed(), unknown(), probed(), unknown()], ["sip_probe", "sip_probe"]),
        ([BEFORE, probed(words="Failed to authenticate"), unknown("ChallengeResponseFailed")], ["sip_probe"]),
        ([BEFORE, probed("REGISTER"), unknown()], ["unknown_account"]),
        ([BEFORE, probed("INVITE"), unknown()], ["unknown_account"]),
    ],
    ids=["once", "the first line of all", "twice", "with credentials", "a registration", "a call"],
)
def test_a_probe_is_no_registration_that_was_refused(lines: list[str], told: list[str]) -> None:
    records = [each for each in read(*lines) if isinstance(each, Notice | Registration)]
    shown = [each.name if isinstance(each, Notice) else each.reason for each in records]
    assert [each for each in shown if each is not None] == told


def test_the_trunk_that_called_a_number_we_do_not_have_is_named_by_messages() -> None:
    (_, call) = read(BEFORE, refused("carrier-a", PLACE, TO, "from-trunk"), NOWHERE)
    assert isinstance(call, Call)
    assert (call.direction, call.trunk_in, call.extension) == ("inbound", "carrier-a", None)


@pytest.mark.parametrize(
    ("lines", "direction", "trunk"),
    [
        ([WITHOUT_SECRET, NOWHERE], "inbound", "127.0.0.6"),
        ([NOWHERE], None, None),
        ([WITHOUT_SECRET.replace("127.0.0.6", "127.0.0.7"), NOWHERE], None, None),
        ([security("SuccessfulAuth", TO, second=2, tail=',UsingPassword="0"'),
          security("FailedACL", TO, second=30, tail=',ACLName="no_extension_match"')], None, None),
        ([asked("sip:1003@127.0.0.1"), NOWHERE], "outbound", None),
    ],
    ids=["a peer without a secret", "a guest", "a peer at another address", "long ago", "an extension"],
)  # fmt: skip
def test_a_peer_that_needs_no_secret_is_a_trunk_and_no_stranger(
    lines: list[str], direction: str | None, trunk: str | None
) -> None:
    (call,) = [each for each in read(*lines) if isinstance(each, Call)]
    assert (call.direction, call.trunk_in) == (direction, trunk)


def test_a_trunk_is_one_call_whichever_log_tells_of_it_first() -> None:
    records = read(BEFORE, NOWHERE, refused("carrier-a", PLACE, TO, "from-trunk"))
    assert len([each for each in records if isinstance(each, Call)]) == 1
