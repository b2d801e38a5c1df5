"""What changed on a PBX between two audits, as `config` events."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import asdict

from detector.audit.posture import ExtensionPosture, Posture
from detector.contract.events import Config

SOURCE = "ringfence audit"
LONGEST_LIST = 200
LONGEST_TEXT = 64

Value = str | int | float | bool | None | list[str]
Fields = dict[str, Value]
Objects = dict[str, dict[str, Fields]]
"""By kind (`extension`, `role`, ...) and id. A kind that could not be read is not there."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """The settings of one PBX at one time, without secrets and without judgements of secrets."""

    at: datetime
    objects: Objects


def snapshot(posture: Posture, at: datetime) -> Snapshot:
    """What of a posture can change, as plain values."""
    objects: Objects = {}
    if posture.firmware.value is not None:
        objects["system"] = {"firmware": {"version": posture.firmware.value}}
    if posture.extensions.value is not None:
        objects["extension"] = {one.number: settings_of(one) for one in posture.extensions.value}
        objects["role"] = {one.number: {"role": one.role} for one in posture.extensions.value if one.role is not None}
    for kind, fact in (
        ("outbound_route", posture.routes), ("trunk", posture.trunks), ("blocked_numbers", posture.blocked),
    ):  # fmt: skip
        if fact.value is not None:
            objects[kind] = {one.name: plain(asdict(one)) for one in fact.value}
    declared = posture.declared.model_dump(mode="json", exclude_none=True)
    objects["security"] = {key: plain({key: value}) for key, value in declared.items()}
    return Snapshot(at=at, objects=objects)


def changes(pbx: str, old: Snapshot, new: Snapshot) -> Iterator[Config]:
    """One event for each object that differs; the same two snapshots always give the same events.

    What either audit could not read is no change.
    """
    for kind in sorted(old.objects.keys() & new.objects.keys()):
        before, after = old.objects[kind], new.objects[kind]
        for name in sorted(before.keys() | after.keys()):
            found = differing(before.get(name, {}), after.get(name, {}))
            if found:
                yield Config(
                    pbx=pbx, id=event_id(old.at, kind, name, found), at=new.at, source=SOURCE, object_=kind,
                    object_id=name[:1_024] or None, changes=found,
                )  # fmt: skip


def differing(before: Fields, after: Fields) -> dict[str, tuple[object, object]]:
    """The fields that are not the same; None where there is none."""
    return {
        field: (before.get(field), after.get(field))
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    }


def event_id(since: datetime, kind: str, name: str, found: Mapping[str, object]) -> str:
    """The same for the same change since the same audit."""
    text = json.dumps([since.isoformat(), kind, name, found], sort_keys=True)
    return f"audit:{blake2b(text.encode('utf-8', 'backslashreplace'), digest_size=12).hexdigest()}"


def settings_of(extension: ExtensionPosture) -> Fields:
    """An extension's switches: not its role, which is an object of its own, nor what its password is like."""
    fields = plain(asdict(extension))
    for name in ("number", "role", "password_flaws"):
        del fields[name]
    return fields


def plain(fields: Mapping[str, object]) -> Fields:
    """Bounded values: lists of texts, numbers, texts."""
    return {name: bounded(value) for name, value in fields.items()}


def bounded(value: object) -> Value:
    """A value as it fits into an event."""
    if isinstance(value, dict):
        value = [f"{key}: {item}" for key, item in sorted(value.items())]
    if isinstance(value, list | tuple):
        items = [str(item)[:LONGEST_TEXT] for item in value]
        rest = [f"and {len(items) - LONGEST_LIST} more"] if len(items) > LONGEST_LIST else []
        return items[:LONGEST_LIST] + rest
    return value if isinstance(value, int | float | bool | None) else str(value)[:1_024]
