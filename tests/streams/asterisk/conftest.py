"""A real Asterisk with a carrier, on addresses of this machine: that of each version, and one alone."""

from collections.abc import Iterator

import pytest

from tests.asterisk import VERSIONS, Asterisk, asterisk, at_home
from tests.sipp import Phone


@pytest.fixture(scope="module", params=VERSIONS)
def pbx(request: pytest.FixtureRequest) -> Iterator[Asterisk]:
    with asterisk(at_home(), request.param) as found:
        yield found


def phone(pbx: Asterisk, number: str) -> Phone:
    """The telephone of an extension, where it belongs."""
    where = pbx.addresses
    return Phone(where=where, address=where.phone(number), account=number, password=f"right-{number}")
