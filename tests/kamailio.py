"""A real Kamailio, of Debian, in a folder and on an address of its own: a registrar that sends copies of its SIP."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.asterisk import PATIENCE, needed

SCRIPT = Path(__file__).parents[1] / "scripts" / "kamailio"
CAPTURE_ID = 17
CONFIGURATION = """#!KAMAILIO
debug=1
log_stderror=yes
children=1
auto_aliases=no
disable_tcp=yes
listen=udp:{address}:5060
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "siptrace.so"
modparam("siptrace", "duplicate_uri", "sip:127.0.0.1:{port}")
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", 3)
modparam("siptrace", "hep_capture_id", {capture_id})
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
request_route {{
    if (!is_method("REGISTER")) {{
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (!pv_www_authenticate("$fd", "right-$fU", "0")) {{
        www_challenge("$fd", "0");
        exit;
    }}
    save("location");
}}
"""


@contextmanager
def kamailio(address: str, port: int) -> Iterator[None]:
    """At this address, with copies to a port of this machine; the password of 1007 is `right-1007`."""
    found = subprocess.run([SCRIPT], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if found.returncode:
        needed("Kamailio", found.stderr)
    root = Path(found.stdout.strip())
    modules = next(root.glob("usr/lib/*/kamailio/modules"))
    with tempfile.TemporaryDirectory(prefix="ringfence-kamailio-") as name:
        folder, said = Path(name), Path(name, "said")
        (folder / "kamailio.cfg").write_text(
            CONFIGURATION.format(address=address, port=port, modules=modules, capture_id=CAPTURE_ID)
        )
        libraries = f"{modules.parents[1]}:{modules.parent}"
        with said.open("wb") as to:
            process = subprocess.Popen(
                [root / "usr/sbin/kamailio", "-DD", "-E", "-m", "32", "-M", "4", "-f", folder / "kamailio.cfg", "-Y",
                 folder, "-w", folder],
                stdin=subprocess.DEVNULL, stdout=to, stderr=to, env=os.environ | {"LD_LIBRARY_PATH": libraries},
            )  # fmt: skip
        try:
            until = time.monotonic() + PATIENCE
            while not listens(address):
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < until, said.read_text()
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def listens(address: str) -> bool:
    """Whether somebody has the port for SIP there."""
    packed = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    return f"{packed}:13C4" in Path("/proc/net/udp").read_text()
