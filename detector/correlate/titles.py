"""What an incident says in one sentence."""

from detector.contract.kinds import KINDS, KNOWN_ATTACKER
from detector.contract.vocabulary import Kind, Severity, Stage, Status, SubjectKind
from detector.correlate.case import Case
from detector.detect.catalogue import detectors
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.tariff import amount

PARTIES = (
    (SubjectKind.EXTENSION, "Extension"), (SubjectKind.TRUNK, "A trunk"), (SubjectKind.ACCOUNT, "Account"),
    (SubjectKind.SOURCE_IP, "Address"), (SubjectKind.PBX, "PBX"),
)  # fmt: skip
PLURAL = {"is": "are", "was": "were"}
LONGEST_NAME = 64


def compose_title(case: Case) -> str:
    """One sentence: what happened to whom, and what it costs a minute."""
    if case.severity is Severity.INFO:
        return f"{name_extensions(case) or name_party(case)} came in{name_sources(case)}, a new place"
    attackers = tell_attackers(case)
    if attackers is not None:
        return attackers
    text = tell_deeds(case)
    if case.per_minute:
        text += f": {amount(case.per_minute, case.currency)} a minute"
    return text


def tell_attackers(case: Case) -> str | None:
    """What is told of kinds that are about whoever comes, not about what an extension does; None for any other."""
    kind, origin = case.kind(), name_sources(case)
    if kind is Kind.PASSWORD_GUESSING:
        return f"Password guessing{name_accounts(case)}{origin}"
    if kind is Kind.ENUMERATION:
        return f"Accounts are tried one after the other{origin}"
    if kind is Kind.ADMIN_TAKEOVER:
        return f"Administrator rights in new hands: {list_some(case.names(SubjectKind.ACCOUNT))}{origin}"
    if kind is Kind.KNOWN_ATTACKER:
        return f"An attacker {'known from other PBXs' if is_heard_of(case) else 'named by a block list'} came{origin}"
    return None


def is_heard_of(case: Case) -> bool:
    """Whether other PBXs saw its addresses attack."""
    fired = (detectors().get(rule) for rule in case.rules)
    return any(rule is not None and rule.from_fleet and rule.kind is KNOWN_ATTACKER for rule in fired)


def tell_deeds(case: Case) -> str:
    """Who did what, or what the last of the worst detections says."""
    many = len(case.names(SubjectKind.EXTENSION)) > 1
    extensions, origin, calling = name_extensions(case), name_sources(case), tell_calls(case)
    own = KINDS.get(case.kind())
    if own is not None and own.doing:
        whereto = f" to{name_countries(case)}" if own.abroad and case.countries else ""
        doing = f" {own.doing if case.status is Status.OPEN else own.did}{origin}{whereto}"
        return (extensions or name_stranger(case)) + agree(doing, many=many)
    if extensions and (case.broken_in() or case.entered):
        came = f" came in{origin}, a new place{',' if calling else ''}"
        if case.broken_in():
            came = f" was taken over{origin}"
        return extensions + agree(came, many=many) + (" and" + agree(calling, many=many) if calling else "")
    if extensions and calling:
        return extensions + agree(calling, many=many)
    return case.said or f"{name_party(case)} breaks a rule"


def tell_calls(case: Case) -> str:
    """What is told of its calls, as far as they are of an attack."""
    now = case.status is Status.OPEN
    if Stage.PUMPING in case.stages:
        return f" {'is pumping' if now else 'pumped'} calls{' to' + name_countries(case) if case.countries else ''}"
    if Stage.PROBE in case.stages:
        return f" {'is calling' if now else 'called'}{name_countries(case) or ' out'}"
    return ""


def name_countries(case: Case) -> str:
    """The countries that were called."""
    return f" {list_some([country_name(country) for country in case.countries])}" if case.countries else ""


def name_extensions(case: Case) -> str:
    """Its extensions."""
    extensions = case.names(SubjectKind.EXTENSION)
    return f"Extension{'s' * (len(extensions) > 1)} {list_some(extensions)}" if extensions else ""


def name_sources(case: Case) -> str:
    """Its addresses, and the networks that link them only where there is no address."""
    sources = case.names(SubjectKind.SOURCE_IP)
    found = [source for source in sources if not source.endswith(("/24", "/48"))] or sources
    return f" from {list_some(found)}" if found else ""


def agree(clause: str, *, many: bool) -> str:
    """A clause that begins with its verb, of one or of many."""
    verb, _, rest = clause.lstrip().partition(" ")
    return f" {PLURAL.get(verb, verb) if many else verb} {rest}"


def name_accounts(case: Case) -> str:
    """The accounts that are guessed at, where it is about those."""
    accounts = case.names(SubjectKind.ACCOUNT)
    return f" at account {list_some(accounts)}" if accounts else ""


def name_stranger(case: Case) -> str:
    """Who an incident without extensions is about that comes in over a trunk; else as any other."""
    trunks = case.names(SubjectKind.TRUNK)
    return f"Somebody over trunk {list_some(trunks)}" if trunks else name_party(case)


def name_party(case: Case) -> str:
    """Who or what an incident without extensions is about."""
    for kind, word in PARTIES:
        if names := case.names(kind):
            return word if kind is SubjectKind.TRUNK else f"{word} {list_some(names)}"
    return "Somebody"


def list_some(items: list[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    shown = [item[:LONGEST_NAME] for item in items[:most]]
    rest = len(items) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
