"""What an incident says in one sentence."""

from detector.contract.findings import Subject
from detector.contract.kinds import KINDS, KNOWN_ATTACKER, AttackKind
from detector.contract.vocabulary import Kind, Severity, Stage, Status, SubjectKind
from detector.correlate.case import Case, DoneBy
from detector.detect.catalogue import detectors
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.tariff import amount

PARTIES = (
    (SubjectKind.EXTENSION, "Extension"), (SubjectKind.TRUNK, "A trunk"), (SubjectKind.ACCOUNT, "Account"),
    (SubjectKind.SOURCE_IP, "Address"), (SubjectKind.PBX, "PBX"),
)  # fmt: skip
PLURAL = {"is": "are", "was": "were"}
LONGEST_NAME = 64
MANY = 2


def compose_title(case: Case) -> str:
    """One sentence: what happened to whom, and what it costs a minute."""
    if case.severity is Severity.INFO:
        who = name_extensions(case.names(SubjectKind.EXTENSION)) or name_party(case)
        return f"{who} came in{name_sources(case)}, a new place"
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
    own = KINDS.get(case.kind())
    if own is not None and own.doing and not has_left(case, own):
        return tell_own(case, own)
    extensions, calling = case.names(SubjectKind.EXTENSION), tell_calls(case)
    if extensions and (case.broken_in() or case.entered):
        return tell_entry(case, extensions, calling)
    if extensions and calling:
        return name_extensions(extensions) + agree(calling, many=len(extensions) > 1)
    return case.said or f"{name_party(case)} breaks a rule"


def tell_entry(case: Case, extensions: list[str], calling: str) -> str:
    """Who was entered, and what is called; where others call, too, who was entered is told by itself."""
    who = [each for each in extensions if Subject(SubjectKind.EXTENSION, each) in case.entered] or extensions
    apart = bool(calling) and len(who) < len(extensions)
    came = f" came in{name_origin(case, who)}, a new place{',' if calling and not apart else ''}"
    if case.broken_in():
        came = f" was taken over{name_origin(case, who)}"
    came = agree(came, many=len(who) > 1)
    if apart:
        return name_extensions(extensions) + agree(calling, many=True) + f"; {list_some(who)}{came}"
    return name_extensions(who) + came + (" and" + agree(calling, many=len(who) > 1) if calling else "")


def has_left(case: Case, kind: AttackKind) -> bool:
    """Whether all of whom a kind of attack was seen are of another incident by now."""
    deed = case.deeds.get(kind.name, DoneBy())
    return bool(deed.extensions) and not set(deed.extensions).intersection(case.names(SubjectKind.EXTENSION))


def tell_own(case: Case, kind: AttackKind) -> str:
    """What is told of a kind of attack: of those of whom it was seen, and of no others that are in it."""
    extensions = case.names(SubjectKind.EXTENSION)
    deed = case.deeds.get(kind.name, DoneBy(extensions=extensions, countries=case.countries))
    who = [each for each in extensions if each in deed.extensions]
    countries = deed.countries or (case.countries if len(extensions) < MANY else [])
    whereto = f" to{name_countries(countries)}" if kind.abroad and countries else ""
    doing = f" {kind.doing if case.status is Status.OPEN else kind.did}{name_origin(case, who)}{whereto}"
    return (name_extensions(who) or name_stranger(case)) + agree(doing, many=len(who) > 1)


def tell_calls(case: Case) -> str:
    """What is told of its calls, as far as they are of an attack."""
    now, countries = case.status is Status.OPEN, name_countries(case.countries)
    if Stage.PUMPING in case.stages:
        return f" {'is pumping' if now else 'pumped'} calls{' to' + countries if countries else ''}"
    if Stage.PROBE in case.stages:
        return f" {'is calling' if now else 'called'}{countries or ' out'}"
    return ""


def name_countries(countries: list[str]) -> str:
    """The countries that were called."""
    return f" {list_some([country_name(country) for country in countries])}" if countries else ""


def name_extensions(extensions: list[str]) -> str:
    """These extensions."""
    return f"Extension{'s' * (len(extensions) > 1)} {list_some(extensions)}" if extensions else ""


def name_origin(case: Case, who: list[str]) -> str:
    """Where these extensions were entered from, as far as that is known; of others that are in it nothing is known."""
    entered = [one.id for one in case.entered]
    alone = len(case.names(SubjectKind.EXTENSION)) < MANY
    if case.inside and (alone or (who and all(each in entered for each in who))):
        return f" from {list_some([one.id for one in case.inside])}"
    return name_sources(case) if alone else ""


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
    return f" at account{'s' * (len(accounts) > 1)} {list_some(accounts)}" if accounts else ""


def name_stranger(case: Case) -> str:
    """Who did what no extension is known to have done: whoever comes in over a trunk, or else what it is about."""
    trunks = case.names(SubjectKind.TRUNK)
    return f"Somebody over trunk {list_some(trunks)}" if trunks else name_party(case, PARTIES[1:])


def name_party(case: Case, parties: tuple[tuple[SubjectKind, str], ...] = PARTIES) -> str:
    """Who or what an incident is about where nothing more is known of them."""
    for kind, word in parties:
        if names := case.names(kind):
            return word if kind is SubjectKind.TRUNK else f"{word} {list_some(names)}"
    return "Somebody"


def list_some(items: list[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    shown = [item[:LONGEST_NAME] for item in items[:most]]
    rest = len(items) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
