"""Reads the configuration that a command was given."""

from pathlib import Path

from streams.cli.support.failures import WRONG_USAGE, fail
from streams.config.installation import Installation
from streams.config.loading import load
from streams.config.yaml_model import ConfigError


def loaded(path: Path | None, *, secrets: tuple[str, ...] | None = ()) -> Installation:
    """The settings, or an end with every problem named.

    `secrets` None fetches all of them: only who acts needs that, and therefore knows the enforcers, too.
    """
    enforcers = None
    if secrets is None:
        from streams.containment.enforcers.enforcer import enforcer_settings

        enforcers = enforcer_settings()
    try:
        return load(path, secrets=secrets, enforcers=enforcers)
    except ConfigError as error:
        fail(str(error), WRONG_USAGE)
