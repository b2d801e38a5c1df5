"""What the parts of the journal have in common."""

from sqlalchemy import Engine


class JournalPart:
    """One side of the journal, over the engine of a migrated database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
