"""The published schemas hold for what is read and written, and the generated files are those of the code."""

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from detector.contract.codec import Codec, encode_finding
from detector.contract.events import Event
from detector.contract.findings import Action, Stats, Subject
from detector.contract.vocabulary import Act, SubjectKind
from tests.detector.engine.builders import decisions, moment, run, settings, text, verdict
from tests.detector.engine.streams import Day, attack

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "docs" / "schema"
FINDINGS = json.loads((SCHEMA / "findings.json").read_text())
EVENTS = json.loads((SCHEMA / "events.json").read_text())
EXAMPLE = (ROOT / "tests" / "data" / "stolen-extension.jsonl").read_text().splitlines()
SAYS_NOTHING = {"title", "description", "default", "examples", "discriminator", "$defs", "$schema"}
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None), "array": list,
         "object": dict, "any": object}  # fmt: skip


def is_a(value, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and not (isinstance(value, bool) and kind in {"integer", "number"})


def is_moment(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


ASSERTIONS = {
    "type": is_a,
    "enum": lambda value, allowed: value in allowed,
    "format": lambda value, name: name == "date-time" and is_moment(value),
    "minLength": lambda value, least: len(value) >= least,
    "maxLength": lambda value, most: len(value) <= most,
    "minItems": lambda value, least: len(value) >= least,
    "maxItems": lambda value, most: len(value) <= most,
    "minimum": lambda value, least: value >= least,
    "maximum": lambda value, most: value <= most,
    "required": lambda value, names: set(names) <= set(value),
}


def wrong(value, schema, whole, path="$") -> list[str]:
    """What of a value breaks a schema; a keyword this does not know is wrong as well."""
    if not is_a(value, schema.get("type", "any")):
        return [f"{path}: {value!r} is no {schema['type']}"]
    found = []
    for word, wanted in schema.items():
        if word in SAYS_NOTHING:
            continue
        if word == "$ref":
            found += wrong(value, whole["$defs"][wanted.removeprefix("#/$defs/")], whole, path)
        elif word == "anyOf":
            tried = [wrong(value, option, whole, path) for option in wanted]
            found += [] if [] in tried else min(tried, key=len)
        elif word == "properties":
            found += [e for name, part in wanted.items() if name in value
                      for e in wrong(value[name], part, whole, f"{path}.{name}")]  # fmt: skip
        elif word == "additionalProperties":
            found += [e for name, part in value.items() if name not in schema.get("properties", {})
                      for e in wrong(part, wanted, whole, f"{path}.{name}")]  # fmt: skip
        elif word in {"items", "propertyNames"}:  # iterating over an object gives its names
            found += [e for part in value for e in wrong(part, wanted, whole, path)] if wanted else []
        elif word == "prefixItems":
            found += [e for part, own in zip(value, wanted, strict=True) for e in wrong(part, own, whole, path)]
        elif word not in ASSERTIONS:
            found.append(f"{path}: unknown keyword {word}")
        elif not ASSERTIONS[word](value, wanted):
            found.append(f"{path}: {value!r} against {word} {wanted}")
    return found


def written() -> list[dict]:
    """Findings of all kinds, as they go out."""
    strict = settings(allowed_destination_countries=["US"], rules={"registration.new_place": {"novelty": 0.3}})
    found = run(attack(), strict)
    undone = run([*attack()[:60], verdict(700, decision=decisions(run(attack()[:60], strict))[0].id)], strict)
    done = Action(id="a", pbx="hq", at=moment(0), decision="d", action=Act.BLOCK_IP, state="applied", by="executor",
                  target=Subject(SubjectKind.SOURCE_IP, "203.0.113.77"))  # fmt: skip
    stats = Stats(read=1, late=0, duplicate=0, rejected=0, wall_seconds=0.1, events_per_second=10.0)
    return [json.loads(each) for each in [*text(found), *text(undone), encode_finding(done), encode_finding(stats)]]


WRITTEN = written()


def test_every_finding_validates() -> None:
    assert {each["type"] for each in WRITTEN} == {"detection", "incident", "decision", "action", "stats"}
    assert [error for each in WRITTEN for error in wrong(each, FINDINGS, FINDINGS)] == []


def test_what_every_finding_says() -> None:
    for each in WRITTEN:
        if each["type"] == "stats":
            continue
        assert {"type", "id", "pbx", "tenant", "at"} <= set(each)
        assert None not in each.values()
        if each["type"] == "decision":
            until, at = (datetime.fromisoformat(each[name]) for name in ("until", "at"))
            assert until > at or (each["status"], until) == ("lifted", at)


@pytest.mark.parametrize(
    ("change", "of"),
    [({"severity": "dreadful"}, "detection"), ({"values": {"a": []}}, "detection"), ({"revision": "1"}, "incident"),
     ({"until": 5}, "decision"), ({"target": "1007"}, "decision"), ({"loss": {}}, "incident"),
     ({"type": "x"}, "action")],
)  # fmt: skip
def test_what_is_wrong_does_not_validate(change, of) -> None:
    good = next(each for each in WRITTEN if each["type"] == of)
    assert wrong(good | change, FINDINGS, FINDINGS)
    short = {name: value for name, value in good.items() if name != "id"}
    assert wrong(short, FINDINGS, FINDINGS)


def test_a_field_of_a_newer_version_validates() -> None:
    assert wrong(WRITTEN[0] | {"colour": "red"}, FINDINGS, FINDINGS) == []
    assert wrong(json.loads(EXAMPLE[0]) | {"colour": "red"}, EVENTS, EVENTS) == []


def test_the_contract_s_example_and_every_event_of_ours_validate() -> None:
    codec = Codec()
    ours = [
        codec.encode(replace(event, received_at=event.at)) for event in [*attack(), *Day(1, calls=2).events()[:500]]
    ]
    records = [json.loads(line) for line in [*EXAMPLE, *ours]]
    assert [error for record in records for error in wrong(record, EVENTS, EVENTS)] == []


@pytest.mark.parametrize(
    "change",
    [{"id": ""}, {"id": 5}, {"at": "2026-03-07"}, {"count": 0}, {"count": 1_000_001}, {"account": "x" * 1_025},
     {"kind": "weather"}, {"accounts": ["x"] * 33}],
)  # fmt: skip
def test_what_the_dead_letter_is_for_does_not_validate(change) -> None:
    assert wrong(json.loads(EXAMPLE[0]) | change, EVENTS, EVENTS)


def test_the_codec_and_the_schema_know_the_same_fields() -> None:
    for cls in Event.__subclasses__():
        kind = cls.__struct_config__.tag
        published = next(d for d in EVENTS["$defs"].values() if d["properties"]["kind"] == {"enum": [kind]})
        assert set(published["properties"]) == {*cls.__struct_encode_fields__, "kind"}


def generate(*arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, root / "scripts" / "generate", *arguments], capture_output=True, text=True, check=False
    )


def test_the_generated_files_are_those_of_the_code() -> None:
    ended = generate("--check")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_stale_file_is_named_and_written_again(tmp_path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "generate").write_bytes((ROOT / "scripts" / "generate").read_bytes())
    assert len(generate(root=tmp_path).stdout.splitlines()) == 4
    assert generate("--check", root=tmp_path).returncode == 0
    (tmp_path / "docs" / "detectors.md").write_text("old")
    stale = generate("--check", root=tmp_path)
    assert (stale.returncode, stale.stderr) == (1, "docs/detectors.md is stale: run make generate\n")
    assert generate(root=tmp_path).stdout == "docs/detectors.md\n"
    assert (tmp_path / "docs" / "detectors.md").read_bytes() == (ROOT / "docs" / "detectors.md").read_bytes()
    assert generate("--what").returncode == 2


def test_the_documentation_names_every_limit_with_its_default() -> None:
    chapters = (ROOT / "docs" / "detectors.md").read_text().split("\n## ")
    frequency = next(chapter for chapter in chapters if chapter.startswith("call.frequency\n"))
    assert "| `limit` | `5/1/second` |" in frequency
    assert re.search(r"\*\*Quiet when\*\*: several legs", frequency)
    assert "**Runbook**: ask the user" in frequency
