"""Telephones and thieves of tests: real SIP by sipp, a process a step, counted by what they were answered."""

import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from msgspec import Struct

from tests.asterisk import PATIENCE, Addresses, needed

REGISTER = """
REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{account}@[remote_ip]>;tag=[pid][call_number]
To: <sip:{account}@[remote_ip]>
Call-ID: [call_id]
CSeq: {sequence} REGISTER
Contact: <sip:{account}@[local_ip]:{port}>
Max-Forwards: 70
Expires: 120
User-Agent: {agent}
{more}Content-Length: 0

"""
INVITE = """
INVITE sip:{number}@[remote_ip] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{account}@[remote_ip]>;tag=[pid][call_number]
To: <sip:{number}@[remote_ip]>
Call-ID: [call_id]
CSeq: {sequence} INVITE
Contact: <sip:{account}@[local_ip]:[local_port]>
Max-Forwards: 70
User-Agent: {agent}
{more}Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
ACK = """
ACK sip:{number}@[remote_ip] SIP/2.0
{via}
From: <sip:{account}@[remote_ip]>;tag=[pid][call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {sequence} ACK
Max-Forwards: 70
Content-Length: 0

"""
BYE = """
BYE sip:{number}@[remote_ip] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{account}@[remote_ip]>;tag=[pid][call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 3 BYE
Max-Forwards: 70
Content-Length: 0

"""
OK = """
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

"""
SAY = '<action><log message="{}"/></action>'
KEPT_OUT = f'<recv response="403" optional="true" next="4">{SAY.format("kept_out")}</recv>'
"""The answer to whom an access list keeps out: nobody asks who he is."""
REFUSALS = ("401", "403", "404", "480", "486", "503")


class Phone(Struct, frozen=True, kw_only=True):
    """Somebody with an account at an address; with a wrong password it is a thief who guesses."""

    where: Addresses
    address: str
    account: str
    password: str
    agent: str = "Desk Phone 4.2"

    def register(self, times: int = 1, port: int | None = None) -> Counter[str]:
        """How often it was answered `accepted`, and how often with which refusal; it is to be called at this `port`."""
        at = {"port": "[local_port]" if port is None else port}
        text = [send(self._fill(REGISTER, sequence=1, **at)), KEPT_OUT, '<recv response="401" auth="true"/>']
        text.append(send(self._fill(REGISTER, sequence=2, more=self._proof(), **at)))
        refused = "".join(
            f'<recv response="{code}" optional="true" next="1">{SAY.format(code)}</recv>' for code in REFUSALS
        )
        text.append(f'{refused}<recv response="200">{SAY.format("accepted")}</recv><label id="1"/><label id="4"/>')
        return self.begin("".join(text), times=times, rate=20).ended()

    def call(self, number: str, *, times: int = 1, rate: float = 5, hold: float = 1.0) -> "Calls":
        """Calls that begin now, each up for `hold` seconds unless the PBX ends it before."""
        ack = {"number": number, "via": "[last_Via:]"}
        text = [send(self._fill(INVITE, number=number, sequence=1)), KEPT_OUT, '<recv response="401" auth="true"/>']
        text.append(send(self._fill(ACK, sequence=1, **ack), again=False))
        text.append(send(self._fill(INVITE, number=number, sequence=2, more=self._proof())))
        text += [f'<recv response="{code}" optional="true"/>' for code in ("100", "180", "181", "183")]
        text += [f'<recv response="{code}" optional="true" next="1">{SAY.format(code)}</recv>' for code in REFUSALS]
        text.append(f'<recv response="200">{SAY.format("answered")}</recv>')
        own = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]"
        text.append(send(self._fill(ACK, number=number, via=own, sequence=2), again=False))
        text.append(f'<recv request="BYE" timeout="{int(hold * 1000)}" ontimeout="2">{SAY.format("cut")}</recv>')
        text.append(send(OK, again=False, then="3") + '<label id="2"/>' + send(self._fill(BYE, number=number)))
        text.append('<recv response="200" next="3"/><label id="1"/>')
        text.append(send(self._fill(ACK, sequence=2, **ack), again=False, then="3") + '<label id="4"/>')
        text.append(send(self._fill(ACK, sequence=1, **ack), again=False) + '<label id="3"/>')
        return self.begin("".join(text), times=times, rate=rate)

    def begin(self, scenario: str, *, times: int, rate: float, port: int | None = None) -> "Calls":
        """A scenario of sipp from this address."""
        if not shutil.which("sipp"):
            needed("sipp", "the package sip-tester is not installed")
        folder = Path(tempfile.mkdtemp(prefix="ringfence-sipp-"))
        (folder / "scenario.xml").write_text(f'<?xml version="1.0"?><scenario name="test">{scenario}</scenario>')
        command = [
            *self.where.wrapped, "sipp", f"{self.where.pbx}:5060", "-i", self.address, "-sf", folder / "scenario.xml",
            "-m", times, "-r", rate, "-l", times, "-nostdin", "-trace_logs", "-log_file", folder / "log",
            "-trace_err", "-error_file", folder / "errors", "-timeout", int(PATIENCE), "-recv_timeout", 20_000,
            *(() if port is None else ("-p", port)),
        ]  # fmt: skip
        with (folder / "said").open("wb") as said:
            running = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=folder,
                start_new_session=True,
            )
        return Calls(running, folder)

    def _proof(self) -> str:
        return f"[authentication username={self.account} password={self.password}]\n"

    def _fill(self, text: str, **given: object) -> str:
        return text.format(**{"account": self.account, "agent": self.agent, "more": "", **given})


class Calls:
    """Requests of one telephone that are on their way."""

    def __init__(self, running: "subprocess.Popen[bytes]", folder: Path) -> None:
        self._running = running
        self._folder = folder

    def so_far(self) -> Counter[str]:
        """How often each answer came: `answered`, `cut` by the PBX, `accepted`, `kept_out`, or a refusal's code."""
        log = self._folder / "log"
        return Counter(log.read_text().split()) if log.exists() else Counter()

    def ended(self) -> Counter[str]:
        """The same once all are over."""
        try:
            assert self._running.wait(PATIENCE) == 0, self._errors()
            return self.so_far()
        finally:
            self.stop()

    def stop(self) -> None:
        """End it in the middle, if it is not over."""
        if self._running.poll() is None:
            self._running.kill()
            self._running.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _errors(self) -> str:
        errors = self._folder / "errors"
        return (errors if errors.exists() else self._folder / "said").read_text()[-2_000:]


def send(text: str, *, again: bool = True, then: str = "") -> str:
    """A step that sends; `again` until it is answered, `then` goes to a label."""
    more = (' retrans="500"' if again else "") + (f' next="{then}"' if then else "")
    return f"<send{more}><![CDATA[\n{text.strip()}\n\n]]></send>"
