"""What may rest on what: nothing is done to a subject without a person but on what was seen of that subject itself."""

from detector.contract.findings import Subject
from detector.contract.vocabulary import Mode, Severity, Stage, SubjectKind
from detector.correlate.evidence import Dossiers

SHARED = frozenset({SubjectKind.DESTINATION, SubjectKind.ROUTE, SubjectKind.TRUNK})
"""What others use as well: it is closed for somebody who is contained and goes on all the same."""
BY_WARNING = frozenset({SubjectKind.SOURCE_IP, SubjectKind.CALL})


def is_sure(subject: Subject, at: int, dossiers: Dossiers) -> bool:
    """Whether recent solid evidence of rules in mode auto names a subject.

    A warning is enough of an address and of a single call, and that somebody was let in who should not have been.
    """
    return any(
        one.solid and one.mode is Mode.AUTO
        and (one.severity is Severity.CRITICAL or one.breaks_in or subject.kind in BY_WARNING)
        for one in dossiers.recent(subject, at)
    )  # fmt: skip


def is_vouched(subject: Subject, at: int, dossiers: Dossiers) -> bool:
    """Whether it is sure what a subject does, or that it came in from an address that is sure to have broken in.

    So it is, too, of one of the many addresses that guessed at this very account.
    """
    if is_sure(subject, at, dossiers):
        return True
    guessed = {
        one.came_from for one in dossiers.recent(Subject(SubjectKind.ACCOUNT, subject.id), at)
        if one.solid and one.mode is Mode.AUTO and one.stage is Stage.CREDENTIAL
    }  # fmt: skip
    return any(
        is_sure(origin, at, dossiers) or origin.id in guessed for origin in dossiers.origins(subject, at)
    )  # fmt: skip


def may_act(target: Subject, about: Subject, at: int, dossiers: Dossiers, *, usual: bool) -> bool:
    """Whether something may be done to a target without a person; `about` is whom the sign is about that asks for it.

    An address falls with whom it misuses, and so do a number and, at last, a route with whoever is contained and goes
    on calling there; a number that is `usual` here does not, for honest people call it, too.
    """
    if is_vouched(target, at, dossiers):
        return True
    if target.kind is SubjectKind.SOURCE_IP:
        return target in dossiers.origins(about, at) and is_vouched(about, at, dossiers)
    if target.kind not in SHARED or (usual and target.kind is SubjectKind.DESTINATION):
        return False
    return dossiers.rung(about) > 1 and is_vouched(about, at, dossiers)
