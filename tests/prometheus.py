"""What a process answers to Prometheus and to whoever asks for its health."""

import re
from pathlib import Path

import httpx

PREFIX = "ringfence_"
OPERATING = Path(__file__).parent.parent / "docs/operating.md"


def samples(text: str) -> dict[str, float]:
    """Our own figures, by name and labels as they stand there."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith(PREFIX))
    return {name.removeprefix(PREFIX): float(value) for name, _, value in lines}


def figures(port: int) -> dict[str, float]:
    """Of the process that answers on this port."""
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=20)
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def health(port: int) -> tuple[int, object]:
    """Status and body."""
    answer = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=20)
    return answer.status_code, answer.json()


def exposed(port: int) -> set[str]:
    """The names of our own metrics there."""
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=20)
    return set(re.findall(rf"^# HELP {PREFIX}(\w+)", answer.text, re.MULTILINE))


def documented(process: str | None = None) -> set[str]:
    """The names in the table of `docs/operating.md`, of one kind of process or of all."""
    rows = re.findall(rf"^\| `{PREFIX}(\w+)` \| ([^|]*) \|", OPERATING.read_text(), re.MULTILINE)
    return {name for name, processes in rows if process is None or process in processes or processes == "all"}
