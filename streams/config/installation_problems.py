"""What does not fit together in an installation whose single values are sound."""

from collections.abc import Iterator

from detector.settings import Catalogue, Problem, problems
from detector.settings.problems import twice
from streams.config.installation import Installation, core_settings
from streams.config.listener_settings import HepSettings


def installation_problems(installation: Installation, catalogue: Catalogue) -> Iterator[Problem]:
    """Everything that is wrong in the core's part and outside; what is in files is not looked at."""
    yield from problems(core_settings(installation), catalogue)
    yield from twice((("notify", index, "name"), one.name) for index, one in enumerate(installation.notify))
    yield from twice((("block_lists", index, "name"), one.name) for index, one in enumerate(installation.block_lists))
    if "feed" in installation.enforcers.named() and not installation.feed.enabled:
        yield Problem(
            ("enforcers", "feed"), "the feed is not enabled (allowed: feed: {enabled: true, token: env:NAME})"
        )
    yield from hep_problems(installation)
    if installation.country_database is not None and not installation.country_database.is_file():
        yield Problem(("country_database",), "there is no such file")


def hep_problems(installation: Installation) -> Iterator[Problem]:
    """Where packets would go to the wrong PBX, or to nobody."""
    found = [(index, pbx.hep) for index, pbx in enumerate(installation.pbxs) if pbx.hep is not None]
    places: dict[tuple[str, int], list[tuple[int, HepSettings]]] = {}
    for index, hep in found:
        if installation.kafka is not None:
            yield Problem(("pbxs", index, "hep"), "HEP is received by `ringfence run` only, which has no `kafka`")
        places.setdefault((hep.host, hep.port), []).append((index, hep))
    for alike in places.values():
        first = alike[0][1]
        for index, hep in alike if len(alike) > 1 else ():
            if not hep.senders and not hep.capture_ids:
                yield Problem(
                    ("pbxs", index, "hep"), "whose packets these are cannot be told: another PBX has the same host and "
                    "port (allowed: senders, capture_ids, or another port)",
                )  # fmt: skip
            if (hep.transport, hep.certificate) != (first.transport, first.certificate):
                yield Problem(
                    ("pbxs", index, "hep", "transport"), "another PBX has the same host and port and another transport"
                )
