"""What rules about changed settings have in common: who changed them."""

from detector.contract.events import Config
from detector.contract.findings import Subject
from detector.contract.vocabulary import SubjectKind


def by(event: Config) -> str:
    """Who did it, if that is known, to end a sentence with."""
    return f" by {event.actor[:64]}" if event.actor else ""


def actor(event: Config) -> tuple[Subject, ...]:
    """Whoever did it: changes of one account are of one incident."""
    return (Subject(SubjectKind.ACCOUNT, event.actor),) if event.actor else ()
