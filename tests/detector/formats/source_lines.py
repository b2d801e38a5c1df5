"""Samples of what each source writes: the files and the tables of the tests of its format, and what these lack."""

from tests.detector.formats.asterisk import test_asterisk_messages
from tests.detector.formats.test_nothing_unread_is_uncounted import SOURCES, data

MESSAGES = test_asterisk_messages.REGISTRATIONS | test_asterisk_messages.CALLS | test_asterisk_messages.NOTICES


def of(source: str) -> list[list[bytes]]:
    """Lines of files, each file for itself."""
    return {
        "p-series": [SOURCES["yeastar-events"]()],
        "p-series-cdr": [[line] if line[:1] in b"[{" else [] for line in SOURCES["yeastar-cdr"]()],
        "asterisk-ami": [SOURCES["asterisk-ami"]()],
        "asterisk-log": [SOURCES["asterisk-log"]()],
        "asterisk-messages": [data("asterisk-messages.log"), *([line.encode()] for line, _ in MESSAGES.values())],
        "asterisk-cdr": [data("asterisk-master.csv")],
        "freeswitch-log": [SOURCES["freeswitch-log"]()],
    }[source]
