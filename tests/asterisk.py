"""A real Asterisk, of Debian, in a folder and on addresses of its own, with another one as its carrier."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from msgspec import Struct

SCRIPT = Path(__file__).parents[1] / "scripts" / "asterisk"
PATIENCE = 60.0
MANDATORY = "16"
VERSIONS = (MANDATORY, "22")
USER, SECRET = "ringfence", "manager-secret-of-the-test"
AMI_PORT = 5038
PHONES = tuple(str(number) for number in range(1001, 1013))
STOLEN = "1007"
ENVIRONMENT = {"LC_ALL": "C", "OPENSSL_CONF": "/dev/null"}  # the machine's file is for another OpenSSL
HOOK = "GosubIf(${{DIALPLAN_EXISTS(ringfence,out,1)}}?ringfence,out,1(${{EXTEN}},carrier,{route}))"
FILES = {
    "asterisk.conf": """
[directories]
astetcdir => {folder}/etc
astmoddir => {root}/modules
astdatadir => {root}
astvarlibdir => {folder}/var
astdbdir => {folder}/var
astkeydir => {folder}/var
astagidir => {folder}/var
astspooldir => {folder}/var
astrundir => {folder}/run
astlogdir => {folder}/log
""",
    "logger.conf": """
[general]
dateformat=%F %T.%3q
[logfiles]
messages => notice,warning,error
security => security
""",
    "cdr.conf": "[general]\nenable=yes\n[csv]\nusegmtime=yes\nloguniqueid=yes\nloguserfield=yes\n",
    "cdr_manager.conf": "[general]\nenabled=yes\n",
    "rtp.conf": "[general]\nrtpstart=10000\nrtpend=20000\n",
    "manager.conf": """
[general]
enabled=yes
port=5038
bindaddr={manager}
timestampevents=yes
[ringfence]
secret={secret}
deny=0.0.0.0/0.0.0.0
permit=127.0.0.0/255.0.0.0
read=security,call,cdr,system,user
write=system,call,reporting
[watcher]
secret={secret}
read=security,call,cdr,system,user
write=reporting
""",
    "sorcery.conf": """
[res_pjsip]
auth=astdb,ringfence_auths
auth=config,pjsip.conf,criteria=type=auth
[acl]
acl=astdb,ringfence_acl
acl=config,pjsip.conf,criteria=type=acl
""",
}
PJSIP = """
[global]
type=global
user_agent=pbx
[transport-udp]
type=transport
protocol=udp
bind={address}:5060
"""
PHONE = """
[{number}]
type=endpoint
context=phones
disallow=all
allow=ulaw
direct_media=no
auth={number}
aors={number}
[{number}]
type=auth
auth_type=userpass
username={number}
password=right-{number}
[{number}]
type=aor
max_contacts=2
"""
PEER = """
[{name}]
type=endpoint
context={context}
disallow=all
allow=ulaw
direct_media=no
aors={name}
[{name}]
type=aor
contact=sip:{address}:5060
[{name}]
type=identify
endpoint={name}
match={address}
"""
DIALPLAN = """
[phones]
exten => 1000,1,Answer()
 same => n,Wait(60)
 same => n,Hangup()
exten => _10XX,1,Dial(PJSIP/${{EXTEN}},20)
 same => n,Hangup()
exten => 911,1,Goto(outbound-emergency,${{EXTEN}},1)
exten => 9911,1,Goto(outbound-emergency,911,1)
exten => _9X.,1,Goto(outbound-world,${{EXTEN}},1)
[outbound-emergency]
exten => 911,1,{emergency}
 same => n,Dial(PJSIP/911@carrier,30)
 same => n,Hangup()
[outbound-world]
exten => _9X.,1,{world}
 same => n,Dial(PJSIP/${{EXTEN:1}}@carrier,30)
 same => n,Hangup()
[from-trunk]
exten => _X.,1,Dial(PJSIP/1001,20)
 same => n,Hangup()
#tryinclude extensions_ringfence.conf
"""
HEP_KEY, CAPTURE_ID = "key-of-the-test", 16
NO_HEP = "[general]\nenabled=no\n"
HEP = """
[general]
enabled=yes
capture_address={host}:{port}
capture_password={key}
capture_id={capture_id}
"""
CARRIER_DIALPLAN = "[from-trunk]\nexten => _[+0-9].,1,Answer()\n same => n,Wait(600)\n same => n,Hangup()\n"


class Addresses(Struct, frozen=True, kw_only=True):
    """Who is where: `wrapped` stands before each command that is to see these addresses."""

    pbx: str
    carrier: str
    thief: str
    office: str
    """The first three bytes of the telephones' addresses; the last one is theirs."""
    wrapped: tuple[str, ...] = ()

    def phone(self, number: str) -> str:
        """Where an extension's telephone is."""
        return f"{self.office}.{100 + int(number[-2:])}"


class Asterisk:
    """One Asterisk that a test may stop and start again; `manager` is where its manager interface listens."""

    def __init__(self, root: Path, folder: Path, addresses: Addresses, files: Mapping[str, str], manager: str) -> None:
        self._root = root
        self.folder = folder
        self.addresses = addresses
        self.manager = manager
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("etc", "var", "run", "log/cdr-csv"):
            (folder / name).mkdir(parents=True)
        for name, text in (FILES | files).items():
            known = {"folder": folder, "root": root, "secret": SECRET, "manager": manager}
            self.write(name, text.format(**known) if name in FILES else text)
        loads = sorted(path.name for path in (root / "modules").iterdir() if path.name != "chan_sip.so")
        self.write("modules.conf", "[modules]\nautoload=no\n" + "".join(f"load => {one}\n" for one in loads))

    def write(self, name: str, text: str) -> None:
        """A file of its configuration."""
        (self.folder / "etc" / name).write_text(text)

    def start(self) -> None:
        """Returns when it is fully booted."""
        with (self.folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [*self.addresses.wrapped, *self._command(), "-f", "-q"], stdin=subprocess.DEVNULL, stdout=said,
                stderr=said, env=os.environ | ENVIRONMENT, start_new_session=True,  # a Ctrl-C is for who started it
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while not (self.folder / "run" / "asterisk.ctl").exists() or "fully booted" not in self.cli(
            "core waitfullybooted"
        ):
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.02)

    def cli(self, command: str) -> str:
        """What people do at its console."""
        done = subprocess.run(
            [*self._command(), "-rx", command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env=os.environ | ENVIRONMENT, timeout=PATIENCE,
        )  # fmt: skip
        return done.stdout

    def stop(self) -> None:
        """In good order."""
        if self._process is not None:
            self.cli("core stop now")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self.kill()

    def kill(self) -> None:
        """As by kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            (self.folder / "run" / "asterisk.ctl").unlink(missing_ok=True)

    def said(self) -> str:
        """What it has written so far."""
        return "".join(path.read_text() for path in (self.folder / "said", self.folder / "log" / "messages") if
                       path.exists())  # fmt: skip

    def channels(self) -> int:
        """How many are up."""
        return int(self.cli("core show channels count").split()[0])

    def _command(self) -> list[str]:
        root = self._root
        return [
            str(root / "ld.so"), "--library-path", str(root / "lib"), str(root / "asterisk"), "-C",
            str(self.folder / "etc" / "asterisk.conf"),
        ]  # fmt: skip


def needed(what: str, reason: str) -> None:
    """A test that cannot run is skipped on a developer's machine and fails where CI is set."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is needed: {reason}")
    pytest.skip(f"NOT TESTED: {what} cannot be had: {reason}")


def fetched(version: str = MANDATORY) -> Path:
    """The folder of an Asterisk that can be run."""
    found = subprocess.run([SCRIPT, version], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if found.returncode and version != MANDATORY:
        pytest.skip(f"NOT TESTED: Asterisk {version}, which may change any day, cannot be had: {found.stderr}")
    if found.returncode:
        needed(f"Asterisk {version}", found.stderr)
    return Path(found.stdout.strip())


def at_home() -> Addresses:
    """Addresses of this machine that nobody else uses."""
    home = f"127.{1 + secrets.randbelow(250)}.{1 + secrets.randbelow(250)}"
    return Addresses(pbx=f"{home}.10", carrier=f"{home}.20", thief=f"{home}.66", office=home)


@contextmanager
def apart() -> Iterator[Addresses]:
    """A network of its own, where attackers come from the internet."""
    if not shutil.which("ip") or os.geteuid() != 0:
        needed("a network namespace", "it takes root and ip")
    name = f"ringfence-{secrets.token_hex(4)}"
    inside = ("ip", "netns", "exec", name)
    found = Addresses(pbx="192.0.2.10", carrier="198.51.100.20", thief="203.0.113.66", office="192.0.2", wrapped=inside)
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode:
        needed("a network namespace", made.stderr)
    try:
        subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
        for address in (found.pbx, found.carrier, found.thief, *map(found.phone, PHONES)):
            subprocess.run([*inside, "ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
        yield found
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


@contextmanager
def asterisk(
    addresses: Addresses, version: str = MANDATORY, hook: str = "", hep: tuple[str, int] | None = None
) -> Iterator[Asterisk]:
    """A PBX with telephones, and a carrier that answers every call; both gone at the end.

    `hook` is its dialplan's, `hep` where copies of its SIP go.
    """
    root = fetched(version)
    lines = {route: HOOK.format(route=f"outbound-{route}") for route in ("emergency", "world")}
    phones = "".join(PHONE.format(number=number) for number in PHONES)
    ours = {
        "pjsip.conf": PJSIP.format(address=addresses.pbx) + phones
        + PEER.format(name="carrier", context="from-trunk", address=addresses.carrier),
        "extensions.conf": DIALPLAN.format(**lines),
        "extensions_ringfence.conf": hook,
        "hep.conf": NO_HEP if hep is None else HEP.format(host=hep[0], port=hep[1], key=HEP_KEY, capture_id=CAPTURE_ID),
    }  # fmt: skip
    theirs = {
        "pjsip.conf": PJSIP.format(address=addresses.carrier)
        + PEER.format(name="pbx", context="from-trunk", address=addresses.pbx),
        "extensions.conf": CARRIER_DIALPLAN,
        "manager.conf": "[general]\nenabled=no\n",
        "hep.conf": NO_HEP,
    }  # fmt: skip
    manager = addresses.pbx if not addresses.wrapped else "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="ringfence-asterisk-") as name:
        both = [
            Asterisk(root, Path(name) / "carrier", addresses, theirs, addresses.carrier),
            Asterisk(root, Path(name) / "pbx", addresses, ours, manager),
        ]
        try:
            for one in both:
                one.start()
            yield both[1]
        finally:
            for one in reversed(both):
                one.stop()
