"""Small things that every process which acts has to do."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import Engine

from detector.contract.codec import from_micros, to_micros
from detector.contract.events import EVERY_PBX, Control
from detector.decide.blast import Bounds
from detector.settings import Policies, settings_as_json
from streams.config.installation import Installation, core_settings
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from streams.store.sequence import next_moment
from streams.store.store_errors import UnavailableError

RETENTION_EVERY = 3_600.0

log = structlog.get_logger(__name__)


def settings_event(settings: Installation, tables: Mapping[str, str], stream: Engine) -> Control:
    """The settings in force, for the log: everything the core reads is there. Later than all before, by any clock."""
    at = from_micros(next_moment(stream, "settings", to_micros(utc_now())))
    return Control(
        pbx=EVERY_PBX,
        id=f"settings:{at.isoformat()}",
        at=at,
        name="settings",
        source="ringfence",
        settings=dict(settings_as_json(core_settings(settings))),
        tables=dict(tables),
    )


async def retention(journal: Journal, settings: Installation, policies: Policies) -> None:
    """Closed incidents are forgotten when the longest retention of any PBX has passed. Until cancelled."""
    profiles = [policies.of(pbx.id) for pbx in settings.pbxs] or [policies.of("")]
    keep = timedelta(seconds=max(profile.findings_retention for profile in profiles))
    while True:
        try:
            await asyncio.to_thread(journal.retention.forget, to_micros(utc_now() - keep))
        except UnavailableError as error:
            log.warning("journal unavailable", error=str(error))
        await asyncio.sleep(RETENTION_EVERY)


def repeat_of(settings: Installation) -> timedelta:
    """After how long a critical incident that nobody was told of is repeated."""
    return timedelta(seconds=min((target.repeat for target in settings.notify), default=1_800.0))


def bounds_of(settings: Installation) -> Bounds:
    """Up to which an action may hit others without a person."""
    bounds = settings.bounds
    return Bounds(cut_off=bounds.cut_off, calls=bounds.calls, limited=bounds.limited)
