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
    yield from followed_twice(installation)
    yield from unheard(installation)
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


def followed_twice(installation: Installation) -> Iterator[Problem]:
    """Formats that a PBX has more than once, whose files are not read as one, and files that tell of two PBXs."""
    for index, pbx in enumerate(installation.pbxs):
        named = enumerate(pbx.files)
        yield from twice((("pbxs", index, "files", at, "format"), one.format) for at, one in named)
    yield from twice(
        (("pbxs", index, "files", at, "paths", which), path)
        for index, pbx in enumerate(installation.pbxs)
        for at, one in enumerate(pbx.files)
        for which, path in enumerate(one.paths)
    )


def unheard(installation: Installation) -> Iterator[Problem]:
    """Files and syslog that no process would follow, senders where nothing listens, PBXs that nothing tells apart."""
    if installation.kafka is not None:
        for index, pbx in enumerate(installation.pbxs):
            for name, asked in (("files", bool(pbx.files)), ("syslog", pbx.syslog is not None)):
                if asked:
                    yield Problem(
                        ("pbxs", index, name),
                        "only `ringfence run` without Kafka reads this (allowed: a program of yours that writes what "
                        "`ringfence convert` makes of it to the topic)",
                    )
    told = dict[tuple[str, str], str]()
    for index, pbx in enumerate(installation.pbxs):
        if pbx.syslog is None:
            continue
        path = ("pbxs", index, "syslog")
        if not installation.syslog.listening:
            yield Problem(path, "syslog is received nowhere (allowed: syslog: {udp: {host: 0.0.0.0, port: 514}})")
        for whose in ((sender, host.lower()) for sender in pbx.syslog.senders for host in pbx.syslog.hosts or ("",)):
            if told.setdefault(whose, pbx.id) != pbx.id:
                yield Problem(
                    (*path, "senders"),
                    f"{' '.join(whose).strip()} tells of {told[whose]} already (allowed: other hosts)",
                )
