"""The files in deploy/ name commands, settings and metrics that exist, and keep to what they promise."""

import asyncio
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_group

from streams.cli.main import commands
from streams.cli.support.failures import FAILED, WRONG_USAGE
from streams.config.loading import check_report
from streams.config.metrics_settings import Metrics
from streams.observe.observer import Observer
from streams.processes.http_listener import free_port
from tests.prometheus import documented
from tests.streams.observe.test_observer import Told

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
HARDENING = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes", "CapabilityBoundingSet": "",
    "User": "ringfence", "UMask": "0077", "MemoryDenyWriteExecute": "yes", "Restart": "always",
    "RestartForceExitStatus": "75", "RestartPreventExitStatus": "2",
}  # fmt: skip


def unit(path: Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(path)
    return read


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def check_command(words: list[str]) -> None:
    """There is such a command, and it takes these options."""
    command: Any = get_group(commands)
    while words and hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known, words


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_without_privileges_and_again_after_it_was_fenced(path: Path) -> None:
    service = unit(path)["Service"]
    program, *words = service["ExecStart"].split()
    assert Path(program).name == "ringfence"
    check_command(words)
    assert {name: service[name] for name in HARDENING} == HARDENING


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_unit(path: Path, tmp_path: Path) -> None:
    own = tmp_path / path.name.replace("@.", "@1.")
    own.write_text(path.read_text().replace("/opt/ringfence/.venv/bin/ringfence", "/bin/true"))
    for target in (DEPLOY / "systemd").glob("*.target"):
        shutil.copy(target, tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", own], capture_output=True, text=True, check=False
    )
    assert path.name.split(".")[0].rstrip("@") not in done.stderr, done.stderr


def test_the_target_wants_units_that_are_there() -> None:
    wanted = unit(DEPLOY / "systemd" / "ringfence.target")["Unit"]["Wants"].split()
    assert {re.sub(r"@\w+\.", "@.", name) for name in wanted} <= {path.name for path in UNITS}


def test_every_process_in_a_container_is_a_command_without_privileges() -> None:
    ours = {name: service for name, service in compose()["services"].items() if service["image"] == "ringfence"}
    assert {service["command"][0] for service in ours.values()} == {
        "topics", "worker", "gateway", "serve", "archive",
    }  # fmt: skip
    for service in ours.values():
        check_command(service["command"])
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["user"] == "10001:10001"
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_the_gateway_is_given_what_opens_a_pbx() -> None:
    services = compose()["services"]
    given = {name: {secret for secret in service.get("secrets", ()) if "client" in secret}
             for name, service in services.items()}  # fmt: skip
    assert {name for name, secrets in given.items() if secrets} == {"gateway"}


@pytest.mark.parametrize("name", ["topics", "worker", "gateway", "serve"])
def test_each_process_gets_the_secrets_that_it_needs_and_no_others(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / "ringfence-cluster.yaml").read_text()
    for here, there in (
        ("/run/secrets/", ""),
        ("data: /data", f"data: {tmp_path}/data"),
        ("kafka:9092", "127.0.0.1:1"),
    ):
        assert here in text
        text = text.replace(here, there)
    (tmp_path / "c.yaml").write_text(text)
    service = compose()["services"][name]
    words = [str(tmp_path / "c.yaml") if word.endswith(".yaml") else word for word in service["command"]]
    command = [sys.executable, "-c", "from streams.cli.main import app; app()", *words]
    environment = os.environ | {"RINGFENCE_METRICS_PORT": "0"}
    given = service.get("secrets", ())
    if given:
        without = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert without.returncode == WRONG_USAGE
        assert without.stderr.count("the file of the secret: there is no such file") == len(given), without.stderr
    for secret in given:
        (tmp_path / secret).write_text("postgresql://ringfence@127.0.0.1:1/ringfence\n")
    nobody = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert nobody.returncode == FAILED, nobody.stderr
    assert "secret" not in nobody.stderr


def test_the_configuration_of_the_containers_is_sound_and_each_secret_is_given(tmp_path: Path) -> None:
    text = (DEPLOY / "ringfence-cluster.yaml").read_text()
    for name in re.findall(r"file:/run/secrets/(\w+)", text):
        assert name in compose()["secrets"]
        (tmp_path / name).write_text("postgresql://ringfence:x@postgres/ringfence" if name == "journal" else "x" * 20)
    (tmp_path / "ringfence.yaml").write_text(text.replace("/run/secrets", str(tmp_path)))
    assert check_report(tmp_path / "ringfence.yaml") == []


def test_alerts_rest_on_metrics_that_are_documented() -> None:
    rules = (DEPLOY / "prometheus" / "ringfence.rules.yml").read_text()
    used = {name.removesuffix("_bucket") for name in re.findall(r"ringfence_(\w+)", rules)}
    assert used <= documented()


def test_the_image_holds_what_it_needs_and_no_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    let_in = {line[1:] for line in (DEPLOY.parent / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set(re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE))
    assert {name for names in copied for name in names.split()} == let_in
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "10001:10001"


@pytest.mark.parametrize(("ailments", "code"), [((), 0), (("the log is away",), 1), (None, 1)])
async def test_the_image_knows_whether_its_process_is_healthy(ailments: tuple[str, ...] | None, code: int) -> None:
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    (check,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", text, re.MULTILINE)
    program, *arguments = json.loads(check)
    assert program == "python"
    port = free_port()
    with Observer(Metrics(run=port if ailments is not None else 0), "run", Told(*ailments or ())):
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env=os.environ | {"RINGFENCE_METRICS_PORT": str(port)},
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await process.wait() == code
