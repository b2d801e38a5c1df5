"""What is followed and received of PBXs by the settings: each format of files by a source of its own, and syslog."""

from pathlib import Path
from zoneinfo import ZoneInfo

from detector.formats import FormatOptions
from detector.settings import PbxProfile, Policies
from streams.config.installation import Installation, InstalledPbx
from streams.pbxs.pbx import KeyedHash
from streams.runtime.ingest import Ingest, PlacedIngest
from streams.sources.file_source import FileSource, matching
from streams.sources.known_parties import known_parties
from streams.sources.syslog_inbox import SyslogInbox
from streams.sources.syslog_source import SyslogSource


def follow(pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash, ingest: PlacedIngest) -> list[FileSource]:
    """What follows its files, not yet at work."""
    return [
        FileSource(files, options_of(pbx, profile, keyed_hash, files.timezone), ingest) for files in pbx.files
    ]  # fmt: skip


def receive(
    installation: Installation, policies: Policies, keyed_hash: KeyedHash, ingest: Ingest
) -> tuple[SyslogSource, list[SyslogInbox]]:
    """What receives syslog, and what reads it for each PBX, none at work yet."""
    found = [
        (pbx.syslog, SyslogInbox(
            pbx.syslog, options_of(pbx, policies.of(pbx.id), keyed_hash, pbx.syslog.timezone), ingest
        ))
        for pbx in installation.pbxs if pbx.syslog is not None
    ]  # fmt: skip
    return SyslogSource(installation.syslog, found), [inbox for _, inbox in found]


def options_of(pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash, timezone: str | None) -> FormatOptions:
    """What its lines lack; the year is for the reader to find."""
    return FormatOptions(
        pbx=pbx.id, zone=ZoneInfo(timezone or profile.timezone), year=None, keyed_hash=keyed_hash,
        parties=known_parties(pbx), region=profile.region,
    )  # fmt: skip


def unreadable(pbx: InstalledPbx) -> list[str]:
    """A line for each path of its files under which nothing can be read now; looked at, not followed."""
    return [problem for files in pbx.files for pattern in files.paths if (problem := trouble_with(pattern))]


def trouble_with(pattern: str) -> str | None:
    """Why nothing can be read there."""
    found = matching(pattern)
    if not found:
        return f"{pattern} matches no file"
    try:
        with Path(found[0]).open("rb"):
            return None
    except OSError as error:
        return f"{found[0]}: {error.strerror}"
