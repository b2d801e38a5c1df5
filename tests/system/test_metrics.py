"""What `ringfence run` tells Prometheus while it contains an attack."""

from pathlib import Path

from tests.prometheus import documented, exposed, figures, health
from tests.system.programs import SECRET, THIEF, Installation, eventually, free_port, settled, simulated

CUT_OFF = {"confirmed", "undone", "expired"}


def test_figures_and_health_come_from_the_work(tmp_path: Path) -> None:
    port = free_port()
    installation = Installation(tmp_path)
    with simulated(tmp_path, "--feed", installation.feed_url, speed=25.0) as sim:
        installation.reach(sim.url)
        with installation.running(env={"RINGFENCE_METRICS_PORT": str(port)}) as program:
            program.hear('"connected"')
            sim.attack()
            eventually("something was done", lambda: {state for *_, state in installation.actions()} & CUT_OFF)
            eventually("nothing is under way", lambda: settled(installation))
            eventually("the attack is over", lambda: not sim.state()["attacks"]["stolen_extension"]["calls_up"])
            assert health(port) == (200, {"status": "ok"})
            before = len(installation.actions())
            found = figures(port)
            assert exposed(port) == documented("run")
            assert program.end() == 0
    assert found["events_total"] > 10
    assert found['findings_total{type="detection"}'] >= installation.detections() > 0
    assert found['source_connected{pbx="hq",source="yeastar-websocket"}'] == 1
    assert found['source_events_total{pbx="hq",source="yeastar-websocket"}'] > 0
    assert found['source_unread_total{pbx="hq",source="yeastar-websocket"}'] == 0
    assert found["journal_up"] == 1
    assert found["dead_letters_total"] == 0
    assert found["checkpoint_bytes_total"] > found["checkpoint_pages_total"] > 0
    assert 0 <= found["checkpoint_age_seconds"] < 60
    actions = sum(value for name, value in found.items() if name.startswith("actions{"))
    assert 0 < before <= actions <= len(installation.actions())
    for stage in ("received", "log", "decide", "checkpoint", "act", "confirm"):
        assert found[f'delay_seconds_count{{stage="{stage}"}}'] > 0, stage
    assert not any(word in str(found) for word in (THIEF, SECRET, "1007"))
