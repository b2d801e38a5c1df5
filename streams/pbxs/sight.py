"""What is seen of one PBX: each control of the guide, the rules that nothing feeds, and what would feed them."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from detector.audit.posture_check import checks
from detector.contract.controls import CONTROLS
from detector.contract.visibility import Source, Telling, missing, visible
from detector.detect.catalogue import detectors
from detector.detect.needs import needs_of
from detector.formats.hep.hep_tellings import ALONE, BESIDE
from detector.formats.sources import sources
from detector.settings import PbxProfile
from streams.config.installation import InstalledPbx
from streams.pbxs.makes import make_of
from streams.pbxs.pbx_status import PbxStatus


class SightKind(StrEnum):
    """How a control is watched at a PBX."""

    LIVE = "seen live"
    RECORDS = "seen from records"
    AUDITED = "only audited"
    UNSEEN = "not seen"


class ControlSight(Struct, frozen=True, kw_only=True):
    """One control: how it is seen and by which rules, which of its rules nothing feeds, what must be set for it.

    `show` is what would have to be connected to see it, or to see all of it.
    """

    control: str
    title: str
    seen: SightKind
    rules: tuple[str, ...] = ()
    starved: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    show: tuple[str, ...] = ()


class StarvedRule(Struct, frozen=True, kw_only=True):
    """A rule that nothing feeds: what of its needs is not told, and what would tell it."""

    rule: str
    control: str
    missing: tuple[str, ...]
    show: tuple[str, ...]


class Sight(Struct, frozen=True, kw_only=True):
    """All of what these sources show."""

    sources: tuple[Source, ...]
    controls: tuple[ControlSight, ...]
    starved: tuple[StarvedRule, ...]

    @property
    def untold(self) -> dict[str, str]:
        """The kinds of event that these sources will not tell of, and why."""
        return {one.kind: one.lacking for source in self.sources for one in source.gives if one.lacking is not None}

    def of(self, seen: SightKind) -> list[ControlSight]:
        """The controls that are seen so."""
        return [one for one in self.controls if one.seen is seen]


class PbxSight(Struct, frozen=True, kw_only=True):
    """What is seen of a PBX; `configured` are rules that nothing feeds although the settings give them limits.

    `differences` say where the settings are not as the PBX is. Model and firmware are known once it was asked.
    """

    pbx: str
    sight: Sight
    connected: bool
    configured: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    model: str | None = None
    firmware: str | None = None


def sight_of(pbx: InstalledPbx, profile: PbxProfile, known: PbxStatus | None = None) -> PbxSight:
    """What is seen of this PBX as it is installed and, where it was asked, with the rights we have there."""
    found = see(sources_of_pbx(pbx, known), audited=pbx.connection is not None)
    starved = [one.rule for one in found.starved if profile.rules[one.rule].limits != detectors()[one.rule].Limits()]
    return PbxSight(
        pbx=pbx.id, sight=found, connected=pbx.watched, configured=tuple(starved),
        differences=known.differences if known is not None else (),
        model=known.model if known is not None else None, firmware=known.firmware if known is not None else None,
    )  # fmt: skip


def sources_of_pbx(pbx: InstalledPbx, known: PbxStatus | None = None) -> tuple[Source, ...]:
    """What tells of it: its connection, files that are followed, its log and its SIP; else nothing we know of."""
    written = [files.format.value for files in pbx.files] + (
        [pbx.syslog.format.value] if pbx.syslog is not None else []
    )
    followed = tuple(sources()[name] for name in dict.fromkeys(written))
    if pbx.connection is None:
        return (ALONE, *followed) if pbx.hep is not None else followed
    found = make_of(pbx.connection.make).sources()
    why = known.no_records if known is not None else None
    told = (*(one if one.live or why is None else without(one, why) for one in found), *followed)
    return (*told, BESIDE) if pbx.hep is not None else told


def without(source: Source, why: str) -> Source:
    """A source of which nothing comes, and the reason."""
    return replace(source, gives=tuple(replace(one, lacking=why) for one in source.gives))


@lru_cache(maxsize=32)
def see(connected: tuple[Source, ...], *, audited: bool) -> Sight:
    """What these sources show; `audited`: settings can be read, too."""
    every = [telling for source in connected for telling in source.gives]
    starved = {
        rule: StarvedRule(
            rule=rule, control=cls.control, missing=missing(needs_of(cls), every), show=tuple(showing(rule, connected))
        )
        for rule, cls in detectors().items()
        if not visible(needs_of(cls), every)
    }
    controls = tuple(control_sight(name, connected, starved, audited) for name in CONTROLS)
    return Sight(sources=connected, controls=controls, starved=tuple(starved.values()))


def control_sight(
    control: str, connected: tuple[Source, ...], starved: Mapping[str, StarvedRule], audited: bool
) -> ControlSight:
    """How one control is seen."""
    ours = [rule for rule, cls in detectors().items() if control in (cls.control, *cls.also)]
    fed, hungry = [rule for rule in ours if rule not in starved], [rule for rule in ours if rule in starved]
    live = [telling for source in connected if source.live for telling in source.gives]
    if any(visible(needs_of(detectors()[rule]), live) for rule in fed):
        seen = SightKind.LIVE
    elif fed:
        seen = SightKind.RECORDS
    elif audited and any(check.control == control for check in checks().values()):
        seen = SightKind.AUDITED
    else:
        seen = SightKind.UNSEEN
    every = [telling for source in connected for telling in source.gives]
    show = dict.fromkeys(name for rule in hungry for name in starved[rule].show)
    return ControlSight(
        control=control, title=CONTROLS[control].title, seen=seen, rules=tuple(fed), starved=tuple(hungry),
        provided=tuple(conditions(fed, every)), show=tuple(show),
    )  # fmt: skip


def conditions(rules: Iterable[str], gives: Iterable[Telling]) -> Iterable[str]:
    """What must be set on the PBX for all of these rules to be fed, each once."""
    sure = [telling for telling in gives if telling.provided is None]
    needs = [needs_of(detectors()[rule]) for rule in rules]
    if all(visible(one, sure) for one in needs):
        return ()
    return dict.fromkeys(telling.provided for telling in gives if telling.provided is not None)


def showing(rule: str, connected: tuple[Source, ...]) -> Iterable[str]:
    """What would feed a rule: a right that we lack, else another source beside these."""
    needs = needs_of(detectors()[rule])
    for source in connected:
        reason = next((one.lacking for one in source.gives), None)
        if reason and not source.live and visible(needs, [replace(one, lacking=None) for one in source.gives]):
            yield f"{source.title} ({reason})"
    told = [telling for source in connected for telling in source.gives]
    names = {source.name for source in connected}
    for source in sources().values():
        if source.name not in names and visible(needs, [*told, *source.gives]):
            yield source.title
