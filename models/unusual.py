"""All models that say how unusual something is."""

from models.arrivals import Arrivals
from models.calls import Calls


class Unusual:
    """Of calls that go out, and of those who are let in."""

    def __init__(self) -> None:
        self.calls = Calls()
        self.arrivals = Arrivals()
