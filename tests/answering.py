"""Telephones of tests that are called: they answer, send callers on, or transfer them; and callers from the world."""

from tests.sipp import ACK, BYE, INVITE, OK, Calls, Phone, send

PORT = 5070
RINGING = """
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

"""
ANSWER = """
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
MOVED = """
SIP/2.0 302 Moved Temporarily
[last_Via:]
[last_From:]
[last_To:];tag=[pid]a[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:{number}@[remote_ip]>
Content-Length: 0

"""
REFER = """
REFER sip:[remote_ip]:5060 SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[local_ip]>;tag=[pid]a[call_number]
To:[$1]
Call-ID: [call_id]
CSeq: 1 REFER
Contact: <sip:[local_ip]:[local_port]>
Refer-To: <sip:{number}@[remote_ip]>
Max-Forwards: 70
Content-Length: 0

"""
WHO = '<action><ereg regexp=".*" search_in="hdr" header="From:" check_it="true" assign_to="1"/></action>'
CALLED = f'<recv request="INVITE">{WHO}</recv><Reference variables="1"/>'
TAKEN = CALLED + send(RINGING, again=False) + send(ANSWER) + '<recv request="ACK"/>'
GONE = '<recv request="BYE"/>' + send(OK, again=False)


def answers(phone: Phone, times: int) -> Calls:
    """A telephone that takes so many calls, each until the caller hangs up."""
    return phone.begin(TAKEN + GONE, times=times, rate=1, port=PORT)


def sends_on(phone: Phone, number: str, times: int) -> Calls:
    """A telephone that is forwarded to another number."""
    return phone.begin(
        CALLED + send(MOVED.format(number=number), again=False) + '<recv request="ACK"/>',
        times=times, rate=1, port=PORT,
    )  # fmt: skip


def transfers(phone: Phone, number: str, times: int) -> Calls:
    """A telephone that takes calls, hands each on to another number a moment later, and is out of it."""
    handed = '<pause milliseconds="300"/>' + send(REFER.format(number=number)) + '<recv response="202"/>'
    return phone.begin(TAKEN + handed, times=times, rate=1, port=PORT)


def comes_in(carrier: Phone, number: str, hold: float) -> Calls:
    """A call from the world: nobody asks a carrier who it is."""
    given = {"number": number, "account": carrier.account, "agent": carrier.agent, "more": ""}
    own = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]"
    text = [send(INVITE.format(sequence=1, **given))]
    text += [f'<recv response="{code}" optional="true"/>' for code in ("100", "180", "183")]
    text.append('<recv response="200"><action><log message="answered"/></action></recv>')
    text.append(send(ACK.format(via=own, sequence=1, **given), again=False))
    text.append(f'<recv request="BYE" timeout="{int(hold * 1000)}" ontimeout="2"/>')
    text.append(send(OK, again=False, then="3") + '<label id="2"/>' + send(BYE.format(**given)))
    text.append('<recv response="200"/><label id="3"/>')
    return carrier.begin("".join(text), times=1, rate=1)
