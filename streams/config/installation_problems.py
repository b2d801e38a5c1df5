"""What does not fit together in an installation whose single values are sound."""

from collections.abc import Iterator

from detector.settings import Catalogue, Problem, problems
from detector.settings.problems import twice
from streams.config.installation import Installation, core_settings


def installation_problems(installation: Installation, catalogue: Catalogue) -> Iterator[Problem]:
    """Everything that is wrong in the core's part and outside; what is in files is not looked at."""
    yield from problems(core_settings(installation), catalogue)
    yield from twice((("notify", index, "name"), one.name) for index, one in enumerate(installation.notify))
    yield from twice((("block_lists", index, "name"), one.name) for index, one in enumerate(installation.block_lists))
    if "feed" in installation.enforcers.named() and not installation.feed.enabled:
        yield Problem(
            ("enforcers", "feed"), "the feed is not enabled (allowed: feed: {enabled: true, token: env:NAME})"
        )
    if installation.country_database is not None and not installation.country_database.is_file():
        yield Problem(("country_database",), "there is no such file")
