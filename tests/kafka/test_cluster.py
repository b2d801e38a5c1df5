"""`make cluster`: everything on one machine, until the attack is contained through Kafka, and nothing left behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_whole_cluster_contains_an_attack_and_goes_without_a_trace(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "cluster", "--until-contained", "--speed", "10"],
        capture_output=True, text=True, timeout=300, env=os.environ | {"TMPDIR": "/tmp"}, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"console +http://127\.0\.0\.1:\d+/\nlog in +admin / \S+", done.stdout)
    assert "The attack is contained" in done.stdout
    (folder,) = re.findall(r"logs +(\S+)", done.stdout)
    assert not Path(folder).exists()
    left = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert folder not in left
