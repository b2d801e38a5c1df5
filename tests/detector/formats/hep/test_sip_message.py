"""Messages of SIP: read as a PBX reads them, refused where it might read them otherwise."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.formats.hep.sip_message import MAX_HEADERS, SipError, read_message

FIRST = "REGISTER sip:pbx.example SIP/2.0"
HEADERS = {
    "Via": "SIP/2.0/UDP 203.0.113.66;branch=z9hG4bK-1", "From": "<sip:1007@pbx.example>;tag=1",
    "To": "<sip:1007@pbx.example>", "Call-ID": "a@b", "CSeq": "2 REGISTER",
}  # fmt: skip


def message(first: str = FIRST, end: str = "\r\n", more: str = "", **changed: str | None) -> bytes:
    """One with headers as most have them, but for those that are `changed`; None leaves one out."""
    named = HEADERS | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [first, *(f"{name}: {value}" for name, value in named.items() if value is not None)]
    return (end.join([*lines, *([more] if more else [])]) + end + end).encode()


USERS = {
    "as usual": ("<sip:1007@pbx.example>", "1007"),
    "without brackets": ("sip:1007@pbx.example;tag=1", "1007"),
    "a name that looks like an address": ('"x <sip:1001@pbx.example>" <sip:1007@pbx.example>', "1007"),
    "a quote within the name": (r'"x\" <sip:1001@pbx.example>" <sip:1007@pbx.example>', "1007"),
    "a quote that has no end": ('"x <sip:1001@pbx.example>', ""),
    "escaped": ("<sip:%31007@pbx.example>", "1007"),
    "with a password": ("<sip:1007:secret@pbx.example>", "1007"),
    "nobody": ("<sip:pbx.example>", ""),
    "a number": ("<tel:+252612345678>", "+252612345678"),
    "longer than anybody's": (f"<sip:{'9' * 257}@pbx.example>", ""),
}


@pytest.mark.parametrize(("header", "user"), USERS.values(), ids=USERS)
def test_whom_a_header_names(header: str, user: str) -> None:
    assert read_message(message(To=header)).to == user


def test_what_a_request_says() -> None:
    found = read_message(message(
        User_Agent="scanner", Contact="<sip:1007@203.0.113.66>;expires=60", Expires="3600",
        Authorization='Digest username="1007",response="00ff"',
    ))  # fmt: skip
    assert (found.status, found.method, found.number, found.call_id) == (0, "REGISTER", 2, "a@b")
    assert (found.branch, found.user, found.answer, found.user_agent) == ("z9hG4bK-1", "1007", "00ff", "scanner")
    assert (found.contact, found.expires, found.within) == (True, 60, False)


def test_an_answer_is_of_the_request_that_cseq_names() -> None:
    found = read_message(message("SIP/2.0 401 Unauthorized", WWW_Authenticate='Digest nonce="n", stale=TRUE'))
    assert (found.status, found.method, found.stale) == (401, "REGISTER", True)


def test_a_name_in_an_answers_realm_is_no_stale_nonce() -> None:
    assert not read_message(message("SIP/2.0 401 No", WWW_Authenticate='Digest realm="x;stale=true"')).stale


def test_a_name_within_quotes_is_not_who_gave_the_credentials() -> None:
    found = read_message(message(Authorization='Digest opaque="a, username=1001", username="1007"'))
    assert found.user == "1007"


@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["as it should be", "line feeds alone"])
def test_lines_end_as_pbxs_let_them_end(end: str) -> None:
    hidden = message(end=end) + b"To: <sip:1001@pbx.example>\r\n\r\n"
    assert read_message(hidden).to == "1007"


def test_short_names_and_headers_that_go_on() -> None:
    found = read_message(message(From=None, To=None, more="f: <sip:1@x>\r\nt:\r\n <sip:1007@x>\r\nSubject: x\r\n y"))
    assert (found.from_, found.to) == ("1", "1007")


FLAWS = {
    "headers without an end": (b"REGISTER sip:x SIP/2.0\r\nTo: x", "have no end"),
    "no request line": (message("REGISTER sip:x"), "neither a SIP request nor an answer"),
    "a method with blanks": (message("RE GISTER sip:x SIP/2.0"), "neither a SIP request nor an answer"),
    "an answer without a number": (message("SIP/2.0 9999 x"), "without a number"),
    "no Call-ID": (message(Call_ID=None), "without Call-ID"),
    "an empty To": (message(To=" "), "without Call-ID"),
    "two of To": (message(more="t: <sip:1001@x>"), "twice"),
    "CSeq of another method": (message(CSeq="2 INVITE"), "of another method"),
    "CSeq that is none": (message(CSeq="x"), "CSeq"),
    "a line that is no header": (message(more="hello"), "without a name"),
    "credentials of two": (message(Authorization='Digest username="1007", username="1001"'), "two things"),
    "more headers than anybody sends": (message(more="\r\n".join(["X: y"] * MAX_HEADERS)), "too many"),
}


@pytest.mark.parametrize(("data", "reason"), FLAWS.values(), ids=FLAWS)
def test_what_is_no_message_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(SipError, match=reason):
        read_message(data)


LINE = st.text(st.characters(codec="utf-8"), max_size=40)
NAME = st.sampled_from(["To", "f", "Via", "CSeq", "Call-ID", "Authorization", "Contact", "Expires", "WWW-Authenticate"])


@given(LINE, st.lists(st.tuples(NAME, LINE), max_size=12), st.sampled_from(["\r\n", "\n"]))
def test_any_text_is_a_message_or_refused(first: str, headers: list[tuple[str, str]], end: str) -> None:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    for begin in (lines, [FIRST, *(f"{name}: {value}" for name, value in HEADERS.items()), *lines[1:]]):
        with suppress(SipError):
            read_message((end.join(begin) + end + end).encode())


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    with suppress(SipError):
        read_message(data + b"\r\n\r\n")
