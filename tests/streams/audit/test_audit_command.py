"""`ringfence audit` from end to end: a process of its own against a simulated PBX over real HTTP."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from detector.audit.posture_check import checks
from streams.sim import SimOptions, SimulatedPbx
from streams.sim.weaknesses import OLD_FIRMWARE

PROGRAM = (sys.executable, "-c", "from streams.cli.main import app; app()", "audit")
CHROMIUM = Path("/usr/bin/chromium")
BROWSER = CHROMIUM.exists()
HOSTILE = "<script>document.title='owned'</script>\u202e<img src=x onerror=alert(1)>"


class Desk:
    """A folder with a configuration of one PBX, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def connect(self, sim: SimulatedPbx, *more: str) -> None:
        connection = {"url": sim.url, "client_id": "env:SIM_ID", "client_secret": "env:SIM_SECRET"}
        pbxs: list[dict[str, Any]] = [
            {"id": "hq", "region": "US", "timezone": "America/New_York", "access_digit": "9", "connection": connection}
        ]
        pbxs += [{"id": name, "connection": connection | {"url": "http://127.0.0.1:9"}} for name in more]
        (self.folder / "ringfence.yaml").write_text(yaml.safe_dump({"data": str(self.folder / "data"), "pbxs": pbxs}))
        (self.folder / "portal.yaml").write_text(yaml.safe_dump({"defaults": sim.portal()}))
        self.env = os.environ | {"SIM_ID": sim.client_id, "SIM_SECRET": sim.client_secret, "COLUMNS": "400"}

    async def audit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, "-c", "ringfence.yaml", "--settings", "portal.yaml", *arguments]
        return await asyncio.to_thread(
            subprocess.run, command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


CODES = [
    ("sound", [], [], 0),
    ("only what is marked info", ["C16"], [], 0),
    ("a warning", ["C24"], [], 3),
    ("something critical", ["C24", "C23"], [], 4),
    ("nothing weak, something unknown", [], ["backup"], 5),
    ("a warning, something unknown", ["C24"], ["backup"], 3),
]


@pytest.mark.parametrize(("weak", "denied", "code"), [pytest.param(*c[1:], id=c[0]) for c in CODES])
async def test_exit_code(desk: Desk, weak: list[Any], denied: list[str], code: int) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset(weak), denied_permissions=frozenset(denied))) as sim:
        desk.connect(sim)
        result = await desk.audit()
    assert (result.returncode, result.stderr) == (code, "")
    assert "hq: score" in result.stdout


async def test_a_pbx_that_is_not_there_does_not_hide_the_others(desk: Desk) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset())) as sim:
        desk.connect(sim, "branch")
        result = await desk.audit()
        only = await desk.audit("--pbx", "hq")
    assert result.returncode == 1
    assert f"hq: score 100 of 100; {len(checks())} good, 0 weak, 0 unknown" in result.stdout
    assert "branch: not audited: " in result.stdout
    assert only.returncode == 0
    assert "branch" not in only.stdout


async def test_json_says_what_was_found_and_from_where(desk: Desk) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset({"C01", "C23"}))) as sim:
        desk.connect(sim)
        result = await desk.audit("--json")
        secrets = [e.reg_password for e in sim.core.settings.extensions] + [sim.client_secret, "48151"]
    [one] = json.loads(result.stdout)["pbxs"]
    weak = {judged["control"]: judged for judged in one["judgements"] if judged["verdict"] == "weak"}
    assert weak.keys() == {"C01", "C23"}
    assert weak["C23"]["evidence"] == ["International", "Softphones E.164"]
    assert weak["C01"]["evidence"][0] == f"installed {OLD_FIRMWARE}"
    assert weak["C01"]["sources"] == ["API: system/information", "settings file: latest_firmware"]
    assert one["score"]["percent"] < 100
    assert [secret for secret in secrets if secret in result.stdout] == []


async def test_the_page_is_whole_private_and_escapes_what_a_pbx_is_called(desk: Desk) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset({"C23"}))) as sim:
        route = sim.route("International")
        sim.core.settings.routes.put(route.model_copy(update={"name": HOSTILE}))
        desk.connect(sim)
        await desk.audit("--html", "audit.html")
    page = desk.folder / "audit.html"
    text = page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert not any(word in text for word in ("http://", "https://", "<img", "@import", "url("))
    if not BROWSER:
        pytest.skip("chromium is not installed")
    shown = await asyncio.to_thread(
        subprocess.run,
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={desk.folder / 'profile'}",
         "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "<title>Ringfence audit</title>" in shown.stdout
    assert "Calls abroad need a PIN" in shown.stdout
    assert "Call Control &gt; Outbound Route" in shown.stdout


async def test_it_says_what_can_be_told_of_a_pbx_and_done_to_it(desk: Desk) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset(), denied_permissions=frozenset({"call", "cdr"}))) as sim:
        desk.connect(sim)
        told = await desk.audit("--html", "audit.html")
        found = await desk.audit("--json")
    [one] = json.loads(found.stdout)["pbxs"]
    done = {doing["act"]: doing["lacking"] for doing in one["capabilities"]["does"]}
    assert done["hang_up"] == "the API application may not read call/query"
    assert done["lock_route"] is None
    for line in (
        "Note: hang_up cannot be done to it: the API application may not read call/query",
        "Note: its call records cannot be read: the API application may not read cdr/search",
        "Note: no route for emergency calls is known",
    ):
        assert line in told.stdout
    page = (desk.folder / "audit.html").read_text()
    assert "<tr><td>hang_up</td><td></td><td>the API application may not read call/query</td></tr>" in page
    assert "<tr><td>lock_route</td><td></td><td>nothing known</td></tr>" in page


async def test_what_changed_since_the_last_audit_becomes_events(desk: Desk) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset())) as sim:
        desk.connect(sim)
        await desk.audit("--events", "first.jsonl")
        sim.change_extension("1005", role_id=2)
        await desk.audit("--events", "second.jsonl")
        third = await desk.audit("--json", "--events", "-")
    assert (desk.folder / "first.jsonl").read_text() == ""
    [event] = [json.loads(line) for line in (desk.folder / "second.jsonl").read_text().splitlines()]
    assert event["kind"] == "config"
    assert (event["pbx"], event["object"], event["object_id"]) == ("hq", "role", "1005")
    assert event["changes"] == {"role": ["Employee", "Administrator"]}
    assert third.stdout.startswith("{")
    kept = desk.folder / "data" / "audit" / "hq.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not any(e.reg_password in kept.read_text() for e in sim.core.settings.extensions)


async def test_the_template_is_a_settings_file_that_says_nothing_and_its_examples_are_valid(desk: Desk) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset())) as sim:
        desk.connect(sim)
        made = await desk.audit("--template")
        (desk.folder / "portal.yaml").write_text(made.stdout)
        empty = await desk.audit()
        lines = [line.replace("  # ", "  ", 1) if ": " in line and "# C" not in line else line
                 for line in made.stdout.splitlines() if not line.startswith("# ")]  # fmt: skip
        (desk.folder / "portal.yaml").write_text("\n".join(lines))
        filled = await desk.audit()
    assert "write `ssh` into the settings file" in empty.stdout
    assert "write `" not in filled.stdout
    assert filled.stderr == ""


WRONG = [
    ("an unknown key", "defaults: {sssh: true}", "portal.yaml:1: defaults.sssh: unknown key"),
    ("an unknown PBX", "pbxs: {hw: {}}", "portal.yaml:1: pbxs.hw: no PBX of this name"),
    ("a wrong value", "pbxs:\n  hq: {call_frequency: often}", "portal.yaml:2: pbxs.hq.call_frequency: 'often' is not"),
    ("no YAML", "{", "portal.yaml:2: not YAML"),
]


@pytest.mark.parametrize(("text", "said"), [pytest.param(*case[1:], id=case[0]) for case in WRONG])
async def test_a_wrong_settings_file_is_wrong_usage(desk: Desk, text: str, said: str) -> None:
    async with SimulatedPbx(SimOptions()) as sim:
        desk.connect(sim)
        (desk.folder / "portal.yaml").write_text(text)
        result = await desk.audit()
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


async def test_a_pbx_of_ones_own_outweighs_the_defaults(desk: Desk) -> None:
    async with SimulatedPbx(SimOptions(weak=frozenset())) as sim:
        desk.connect(sim)
        settings = {"defaults": sim.portal(), "pbxs": {"hq": {"ssh": True}}}
        (desk.folder / "portal.yaml").write_text(yaml.safe_dump(settings))
        result = await desk.audit()
    assert result.returncode == 4
    assert "SSH is on" in result.stdout
    assert "1 weak" in result.stdout
